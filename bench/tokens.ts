import { createHmac, generateKeyPairSync, randomBytes, sign, type KeyObject, constants } from 'node:crypto'
import { promisify } from 'node:util'

/** The algorithms that are measured. */
export type Measured = 'RS256' | 'PS256' | 'ES256' | 'ES384' | 'EdDSA'

/** A key made for one run. */
export interface SigningKey {
  readonly alg: Measured
  readonly kid: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

export const ISSUER = 'https://issuer.example'

/** Longer than any run. */
const LIFETIME_SECONDS = 86_400
/** Signatures under way at once: enough to keep the four threads of libuv busy, few enough to stay in the cache. */
const BATCH = 64

const signLater = promisify(sign)

export function makeKey(alg: Measured): SigningKey {
  return { alg, kid: `${alg.toLowerCase()}-1`, ...makePair(alg) }
}

/** The JWK set of one key. */
export function jwks(key: SigningKey): string {
  const jwk = { ...key.publicKey.export({ format: 'jwk' }), kid: key.kid, alg: key.alg, use: 'sig' }
  return JSON.stringify({ keys: [jwk] })
}

/** Tokens that are all different (their `sub` is), valid for a day. */
export async function makeTokens(key: SigningKey, count: number, nowSeconds: number): Promise<string[]> {
  const tokens: string[] = []
  while (tokens.length < count) {
    const first = tokens.length
    const length = Math.min(BATCH, count - first)
    const batch = Array.from({ length }, (_, index) =>
      makeToken(key, claims(`user-${first + index}`, nowSeconds)),
    )
    tokens.push(...(await Promise.all(batch)))
  }
  return tokens
}

export async function makeToken(key: SigningKey, payload: object): Promise<string> {
  const input = signingInput(key.alg, key.kid, payload)
  const signature = await signLater(hashOf(key.alg), Buffer.from(input), signingOptions(key))
  return `${input}.${signature.toString('base64url')}`
}

/** The claims of every token here. They have no `aud`, since HAProxy could only look for it in text. */
export function claims(subject: string, nowSeconds: number): Record<string, unknown> {
  const exp = nowSeconds + LIFETIME_SECONDS
  return { iss: ISSUER, sub: subject, iat: nowSeconds, exp, name: 'John Snow', scope: 'read write' }
}

/** Tokens of the right shape whose signatures are noise, each another: what a flood of strangers sends. */
export function forgeTokens(key: SigningKey, count: number, nowSeconds: number): string[] {
  const bytes = key.alg === 'ES384' ? 96 : key.alg === 'ES256' || key.alg === 'EdDSA' ? 64 : 256
  return Array.from({ length: count }, (_, index) => {
    const signature = randomBytes(bytes)
    // Under every modulus, so that RSA does its whole work: a number beyond it would be refused before any arithmetic.
    signature[0] = 0
    const input = signingInput(key.alg, key.kid, claims(`user-${index}`, nowSeconds))
    return `${input}.${signature.toString('base64url')}`
  })
}

/** The old trick (CVE-2015-9235): an HS256 token whose secret is the public key's PEM text. */
export function forgeHmacToken(key: SigningKey, payload: object): string {
  const input = signingInput('HS256', key.kid, payload)
  const secret = key.publicKey.export({ type: 'spki', format: 'pem' })
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

function makePair(alg: Measured): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (alg) {
    case 'RS256':
    case 'PS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 })
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    case 'ES384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' })
    case 'EdDSA':
      return generateKeyPairSync('ed25519')
  }
}

function signingInput(alg: string, kid: string, payload: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg, typ: 'JWT', kid })}.${part(payload)}`
}

function hashOf(alg: Measured): string | null {
  switch (alg) {
    case 'RS256':
    case 'PS256':
    case 'ES256':
      return 'sha256'
    case 'ES384':
      return 'sha384'
    case 'EdDSA':
      return null
  }
}

function signingOptions({ alg, privateKey }: SigningKey): Parameters<typeof sign>[2] {
  switch (alg) {
    case 'RS256':
    case 'EdDSA':
      return privateKey
    case 'PS256':
      return { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
    case 'ES256':
    case 'ES384':
      return { key: privateKey, dsaEncoding: 'ieee-p1363' }
  }
}
