import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose'

/** An issuer for tests: jose makes the tokens, so that what is verified was made by somebody else. */
export interface TestIssuer {
  readonly jwk: JWK
  readonly jwks: { readonly keys: readonly JWK[] }
  token(claims?: JWTPayload, header?: Readonly<Record<string, unknown>>): Promise<string>
}

/** `kid` null leaves it out of key and tokens. */
export async function createIssuer(alg = 'RS256', kid: string | null = 'test-key'): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk: JWK = { ...(await exportJWK(publicKey)), alg, ...(kid === null ? {} : { kid }) }
  return {
    jwk,
    jwks: { keys: [jwk] },
    token(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1000)
      const payload = { sub: 'user-1', iat: now, exp: now + 600, ...claims }
      for (const [name, value] of Object.entries(payload))
        if (value === undefined) delete payload[name as keyof typeof payload]
      return new SignJWT(payload)
        .setProtectedHeader({ alg, ...(kid === null ? {} : { kid }), ...header })
        .sign(privateKey)
    },
  }
}
