import type { Algorithm, VerificationKey } from './types.ts'

export type Hash = 'sha256' | 'sha384' | 'sha512'
export type Curve = 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | 'Ed448'

/** What one `alg` value stands for. The key type leads: a key only ever meets the algorithms of its own type. */
export type AlgorithmFacts =
  | {
      readonly type: 'RSA'
      readonly hash: Hash
      /** RSASSA-PSS salt, as long as the hash (RFC 7518 §3.5); undefined for RSASSA-PKCS1-v1_5 (§3.3). */
      readonly pssSaltBytes: number | undefined
      readonly minBits: number
    }
  | { readonly type: 'EC'; readonly hash: Hash; readonly curves: readonly Curve[] }
  | { readonly type: 'OKP'; readonly curves: readonly Curve[] }
  | { readonly type: 'oct'; readonly hash: Hash; readonly macBytes: number; readonly minBits: number }

/** RFC 7518 §3.3 and §3.5. PS512 alone needs 1040 bits (RFC 8017 §9.1.1), so one floor serves all six. */
export const RSA_MIN_BITS = 2048

/**
 * Every algorithm and all that is known of it (RFC 7518 §3.1, RFC 8037 §3.1). No other place lists algorithms.
 * `none` is not in it, and so does not exist here.
 */
const ALGORITHMS: Readonly<Record<Algorithm, AlgorithmFacts>> = {
  RS256: { type: 'RSA', hash: 'sha256', pssSaltBytes: undefined, minBits: RSA_MIN_BITS },
  RS384: { type: 'RSA', hash: 'sha384', pssSaltBytes: undefined, minBits: RSA_MIN_BITS },
  RS512: { type: 'RSA', hash: 'sha512', pssSaltBytes: undefined, minBits: RSA_MIN_BITS },
  PS256: { type: 'RSA', hash: 'sha256', pssSaltBytes: 32, minBits: RSA_MIN_BITS },
  PS384: { type: 'RSA', hash: 'sha384', pssSaltBytes: 48, minBits: RSA_MIN_BITS },
  PS512: { type: 'RSA', hash: 'sha512', pssSaltBytes: 64, minBits: RSA_MIN_BITS },
  // RFC 7518 §3.4 ties each hash to one curve.
  ES256: { type: 'EC', hash: 'sha256', curves: ['P-256'] },
  ES384: { type: 'EC', hash: 'sha384', curves: ['P-384'] },
  ES512: { type: 'EC', hash: 'sha512', curves: ['P-521'] },
  // RFC 7518 §3.2: a secret at least as long as the hash.
  HS256: { type: 'oct', hash: 'sha256', macBytes: 32, minBits: 256 },
  HS384: { type: 'oct', hash: 'sha384', macBytes: 48, minBits: 384 },
  HS512: { type: 'oct', hash: 'sha512', macBytes: 64, minBits: 512 },
  EdDSA: { type: 'OKP', curves: ['Ed25519', 'Ed448'] },
}

/** Curve sizes; `bytes` is one coordinate as a JWK writes it, and half a signature (RFC 7518 §6.2.1.2, RFC 8032 §3). */
export const CURVES: Readonly<Record<Curve, CurveFacts>> = {
  'P-256': { type: 'EC', bits: 256, bytes: 32 },
  'P-384': { type: 'EC', bits: 384, bytes: 48 },
  'P-521': { type: 'EC', bits: 521, bytes: 66 },
  Ed25519: { type: 'OKP', bits: 255, bytes: 32 },
  Ed448: { type: 'OKP', bits: 448, bytes: 57 },
}

export interface CurveFacts {
  readonly type: 'EC' | 'OKP'
  readonly bits: number
  readonly bytes: number
}

/** What decides which algorithms a key may be used with. */
export interface KeySize {
  readonly type: VerificationKey['type']
  readonly bits: number
  readonly curve?: Curve
}

export function isAlgorithm(name: string): name is Algorithm {
  return Object.hasOwn(ALGORITHMS, name)
}

export function isCurve(name: string): name is Curve {
  return Object.hasOwn(CURVES, name)
}

export function algorithmFacts(alg: Algorithm): AlgorithmFacts {
  return ALGORITHMS[alg]
}

/** The algorithms that a key of this type, curve and size may verify; none where the key is too small for all. */
export function algorithmsOf(key: KeySize): readonly Algorithm[] {
  return Object.keys(ALGORITHMS)
    .filter((name) => isAlgorithm(name))
    .filter((alg) => fits(ALGORITHMS[alg], key))
}

function fits(facts: AlgorithmFacts, key: KeySize): boolean {
  if (facts.type !== key.type) return false
  if ('minBits' in facts) return key.bits >= facts.minBits
  return key.curve !== undefined && facts.curves.includes(key.curve)
}

/** How long a signature of this algorithm by this key is, in bytes: every other length is a forgery. */
export function signatureBytes(facts: AlgorithmFacts, key: Pick<VerificationKey, 'bits'>): number {
  switch (facts.type) {
    case 'RSA':
      return Math.ceil(key.bits / 8)
    case 'EC':
      return 2 * Math.ceil(key.bits / 8)
    case 'OKP':
      // RFC 8032 §5: a coordinate and its sign bit, rounded up to bytes, twice.
      return 2 * Math.ceil((key.bits + 1) / 8)
    case 'oct':
      return facts.macBytes
  }
}
