import type { KeyObject } from 'node:crypto'
import type { JsonObject } from '../kernel/json.ts'

/** The 13 algorithms (RFC 7518 §3.1, RFC 8037 §3.1). EdDSA covers Ed25519 and, where the runtime has it, Ed448. */
export type Algorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'EdDSA'

/** A key that may verify. INVARIANT: `algorithms` holds only algorithms of the key's own type, curve and size. */
export interface VerificationKey {
  /** The kid, or undefined where the JWK has none or an empty one. */
  readonly kid: string | undefined
  /** How people are told of it: `kid "abc"`, `the key without a kid`. Never key material. */
  readonly label: string
  readonly type: 'RSA' | 'EC' | 'OKP' | 'oct'
  readonly algorithms: readonly Algorithm[]
  /** RSA modulus, curve or secret size in bits. */
  readonly bits: number
  readonly keyObject: KeyObject
  /** The public members (for `oct`, without `k`), for export. */
  readonly jwk: JsonObject
}

export interface KeySet {
  readonly keys: readonly VerificationKey[]
  /** All keys of one kid: usually one, two where providers reuse a kid for two algorithms. */
  readonly byKid: ReadonlyMap<string, readonly VerificationKey[]>
  readonly withoutKid: readonly VerificationKey[]
}

/** A token as split and decoded, before anything in it is believed. */
export interface ParsedToken {
  readonly header: JwsHeader
  readonly claims: JsonObject
  /** `header.payload`, the ASCII text that was signed (RFC 7515 §5.1). */
  readonly signingInput: string
  readonly signature: Buffer
}

export interface JwsHeader {
  readonly alg: Algorithm
  /** Undefined where the token has none or an empty one. */
  readonly kid: string | undefined
}

/** What the claims of one authentication must be. Times are whole seconds. */
export interface ClaimRules {
  readonly issuer: string | undefined
  readonly subject: string | undefined
  /** One of these must be in `aud`; empty means that `aud` is not looked at. */
  readonly audiences: readonly string[]
  readonly clockSkewSeconds: number
  readonly expRequired: boolean
}

export interface VerifiedToken {
  readonly claims: JsonObject
  readonly header: JwsHeader
  readonly key: VerificationKey
}
