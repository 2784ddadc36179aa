import {
  exportJWK,
  generateKeyPair,
  generateSecret,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose'

/** An issuer for tests: jose makes the tokens, so that what is verified was made by somebody else. */
export interface TestIssuer {
  readonly jwk: JWK
  readonly jwks: { readonly keys: readonly JWK[] }
  token(claims?: JWTPayload, header?: Readonly<Record<string, unknown>>): Promise<string>
}

/** `kid` null leaves it out of key and tokens. */
export async function createIssuer(alg = 'RS256', kid: string | null = 'test-key'): Promise<TestIssuer> {
  const { verifies, signs } = await keysFor(alg)
  const jwk: JWK = { ...(await exportJWK(verifies)), alg, ...(kid === null ? {} : { kid }) }
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
        .sign(signs)
    },
  }
}

async function keysFor(alg: string): Promise<{ verifies: CryptoKey; signs: CryptoKey }> {
  if (!alg.startsWith('HS')) {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
    return { verifies: publicKey, signs: privateKey }
  }
  const secret = await generateSecret(alg, { extractable: true })
  if (secret instanceof Uint8Array) throw new Error('jose makes keys of WebCrypto')
  return { verifies: secret, signs: secret }
}
