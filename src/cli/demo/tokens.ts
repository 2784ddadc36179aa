import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'

/** A key pair that lives as long as the demo, and tokens by it. */
export interface DemoIssuer {
  /** The public half as a JWK set. */
  readonly jwks: { readonly keys: readonly object[] }
  token(claims: Readonly<Record<string, unknown>>): string
  /** A token in the issuer's name by somebody else's key. */
  forgedToken(claims: Readonly<Record<string, unknown>>): string
}

const KID = 'demo-key'

export function createDemoIssuer(): DemoIssuer {
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = own.publicKey.export({ format: 'jwk' })
  return {
    jwks: { keys: [{ ...jwk, kid: KID, alg: 'RS256', use: 'sig' }] },
    token: (claims) => signed(claims, own.privateKey),
    forgedToken: (claims) => signed(claims, stranger.privateKey),
  }
}

function signed(claims: Readonly<Record<string, unknown>>, key: KeyObject): string {
  const input = `${part({ alg: 'RS256', typ: 'JWT', kid: KID })}.${part(claims)}`
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
