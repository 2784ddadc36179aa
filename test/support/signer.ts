import {
  createHmac,
  constants,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
  type KeyPairKeyObjectResult,
} from 'node:crypto'
import type { JsonObject, JsonValue } from '../../src/kernel/json.ts'
import {
  createKeySet,
  readKeySet,
  type Algorithm,
  type ClaimRules,
  type KeySet,
} from '../../src/jwt/index.ts'

/** Somebody who can sign anything, well-formed or not: what an issuer or an attacker has, and no verifier is given. */
export interface Signer {
  readonly alg: Algorithm
  readonly kid: string | undefined
  /** The key as a verifier may have it: public, or with `k` where the algorithm is symmetric. */
  readonly jwk: JsonObject
  readonly privateKey: KeyObject | Buffer
  sign(input: Buffer): Buffer
}

export const ALGORITHMS: readonly Algorithm[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'HS256',
  'HS384',
  'HS512',
  'EdDSA',
]

export interface SignerOptions {
  readonly kid?: string
  readonly okpCurve?: 'ed25519' | 'ed448'
}

/** A new signer. `jwk` has `alg` and, where given, `kid`. All RSA signers of one process have the same key pair. */
export function createSigner(alg: Algorithm, options: SignerOptions = {}): Signer {
  const hash = `sha${alg.slice(2)}`
  const named = { alg, ...(options.kid === undefined ? {} : { kid: options.kid }) }
  if (alg.startsWith('HS')) {
    const secret = randomBytes(Number(alg.slice(2)) / 8)
    return {
      alg,
      kid: options.kid,
      jwk: { kty: 'oct', k: secret.toString('base64url'), ...named },
      privateKey: secret,
      sign: (input) => createHmac(hash, secret).update(input).digest(),
    }
  }
  const { publicKey, privateKey } = keyPair(alg, options)
  return {
    alg,
    kid: options.kid,
    jwk: { ...(publicKey.export({ format: 'jwk' }) as JsonObject), ...named },
    privateKey,
    sign: (input) => signWith(alg, hash, privateKey, input),
  }
}

function keyPair(alg: Algorithm, options: SignerOptions): KeyPairKeyObjectResult {
  const namedCurve = EC_CURVES[alg]
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve })
  if (alg === 'EdDSA')
    return options.okpCurve === 'ed448' ? generateKeyPairSync('ed448') : generateKeyPairSync('ed25519')
  // Making an RSA pair takes long, and one serves every test.
  return (sharedRsa ??= generateKeyPairSync('rsa', { modulusLength: 2048 }))
}

const EC_CURVES: Readonly<Partial<Record<Algorithm, string>>> = {
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
}
let sharedRsa: KeyPairKeyObjectResult | undefined

function signWith(alg: Algorithm, hash: string, key: KeyObject, input: Buffer): Buffer {
  if (alg === 'EdDSA') return sign(null, input, key)
  if (alg.startsWith('ES')) return sign(hash, input, { key, dsaEncoding: 'ieee-p1363' })
  if (alg.startsWith('RS')) return sign(hash, input, key)
  const saltLength = Number(alg.slice(2)) / 8
  return sign(hash, input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })
}

/** A part of a token: text and bytes as they are, everything else as JSON. */
export function encodePart(part: unknown): string {
  const bytes = Buffer.isBuffer(part)
    ? part
    : Buffer.from(typeof part === 'string' ? part : JSON.stringify(part))
  return bytes.toString('base64url')
}

/** A signed token. `header` is added to `alg` and `kid`, and may replace them. */
export function mint(
  signer: Signer,
  claims: unknown,
  header: Readonly<Record<string, unknown>> = {},
): string {
  return mintRaw(signer, { alg: signer.alg, kid: signer.kid, ...header }, claims)
}

/** A token with exactly this header, correctly signed over exactly these bytes. */
export function mintRaw(signer: Signer, header: unknown, payload: unknown): string {
  const input = `${encodePart(header)}.${encodePart(payload)}`
  return `${input}.${signer.sign(Buffer.from(input)).toString('base64url')}`
}

/** The key set of a JWKS; throws where any of the keys cannot be used. */
export function keySetOf(...jwks: readonly JsonValue[]): KeySet {
  const { keys, problems } = readKeySet({ keys: jwks })
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('; '))
  return createKeySet(keys)
}

/** Rules that ask for nothing but what a test adds. */
export function claimRules(rules: Partial<ClaimRules> = {}): ClaimRules {
  return {
    issuer: undefined,
    subject: undefined,
    audiences: [],
    clockSkewSeconds: 0,
    expRequired: false,
    ...rules,
  }
}
