import type { ErrorCode } from '../errors/catalog.ts'
import type { JwtReason } from '../jwt/index.ts'
import type { Stage } from '../policy/index.ts'
import type { TurnReason } from './turnstile.ts'

/** Everything that authentication refuses for: the token's own faults, and those of where it stands. */
export type AuthenticationReason =
  | JwtReason
  | TurnReason
  | 'token-missing'
  | 'prefix-mismatch'
  | 'several-tokens'
  | 'issuer-unknown'
  | 'keys-unavailable'
  | 'keys-asked-too-often'
  | 'claim-not-forwardable'

/** Why a token is not good: the reason, the member of it that is concerned, and the key by its label. */
export interface TokenRejection {
  readonly reason: AuthenticationReason
  readonly member?: string
  readonly key?: string
  /** In how long the same token may do better, where that is known. */
  readonly retryAfterSeconds?: number
}

interface ReasonEntry {
  readonly stage: Stage & ('token' | 'key' | 'signature' | 'claims' | 'rewrite')
  readonly code: ErrorCode
  /** For the operator's log: what is wrong and what usually causes it. Holds nothing of the request. */
  readonly detail: string
}

const INVALID = 'GW_TOKEN_INVALID'

/**
 * What each private reason means, and the public code a client learns: one code for everything but age and absence,
 * so that answers do not help to forge. A new reason does not compile until somebody has decided both.
 */
export const REASONS: Readonly<Record<AuthenticationReason, ReasonEntry>> = {
  'token-missing': {
    stage: 'token',
    code: 'GW_TOKEN_MISSING',
    detail: 'no token stands at any configured location',
  },
  'source-over-budget': {
    stage: 'token',
    code: 'GW_TOKEN_FLOOD',
    detail:
      'so many bad tokens came from this address of late that no more of its new tokens are looked at; is it that of a proxy that is missing in trustedProxies',
  },
  'too-many-waiting': {
    stage: 'token',
    code: 'GW_TOKEN_BUSY',
    detail: 'more new tokens wait to be verified than may',
  },
  'prefix-mismatch': {
    stage: 'token',
    code: INVALID,
    detail:
      'the header does not begin with the configured prefix and one space; prefixes are compared with their case',
  },
  'several-tokens': { stage: 'token', code: INVALID, detail: 'two different tokens stand in one location' },
  'token-too-large': {
    stage: 'token',
    code: INVALID,
    detail: 'the token is longer than limits.maxTokenBytes',
  },
  'not-three-parts': {
    stage: 'token',
    code: INVALID,
    detail: 'the token is not three parts with two dots between; was it cut off, encrypted, or opaque',
  },
  'header-base64': {
    stage: 'token',
    code: INVALID,
    detail: 'the header part is not base64url without padding',
  },
  'header-json': {
    stage: 'token',
    code: INVALID,
    detail: 'the header part is not a JSON object in UTF-8 without repeated names',
  },
  'header-too-large': {
    stage: 'token',
    code: INVALID,
    detail: 'the header part is larger than any honest issuer makes it',
  },
  'payload-base64': {
    stage: 'token',
    code: INVALID,
    detail: 'the payload part is not base64url without padding',
  },
  'payload-json': {
    stage: 'token',
    code: INVALID,
    detail: 'the payload part is not a JSON object in UTF-8 without repeated names',
  },
  'signature-base64': {
    stage: 'token',
    code: INVALID,
    detail: 'the signature part is empty or not base64url without padding',
  },
  'alg-missing': { stage: 'token', code: INVALID, detail: 'the header has no text `alg`' },
  'alg-none': { stage: 'token', code: INVALID, detail: 'the token is unsigned (`alg` is none)' },
  'alg-unsupported': {
    stage: 'token',
    code: INVALID,
    detail: 'the `alg` is none of the 13 that are supported',
  },
  'crit-unsupported': {
    stage: 'token',
    code: INVALID,
    detail: 'the header demands an extension by `crit`, and none is understood',
  },
  'b64-unsupported': {
    stage: 'token',
    code: INVALID,
    detail: 'the payload is not base64url (`b64` of RFC 7797)',
  },
  'kid-not-text': { stage: 'token', code: INVALID, detail: 'the `kid` of the header is not text' },
  'issuer-unknown': {
    stage: 'key',
    code: INVALID,
    detail: 'no authentication that covers this request has the issuer of the token',
  },
  'keys-unavailable': {
    stage: 'key',
    code: 'GW_KEYS_UNAVAILABLE',
    detail: 'the key for this token is not there, and the source of keys cannot be asked now',
  },
  'keys-asked-too-often': {
    stage: 'key',
    code: 'GW_KEYS_UNAVAILABLE',
    detail:
      'the key for this token is not there, and its source may not be asked now, or too many wait for it: it was asked of late for keys that are not there',
  },
  'no-keys': { stage: 'key', code: INVALID, detail: 'the key set has no usable key' },
  'kid-unknown': {
    stage: 'key',
    code: INVALID,
    detail: 'the `kid` of the token is the kid of no key; was a key rotated that is not configured yet',
  },
  'kid-missing': {
    stage: 'key',
    code: INVALID,
    detail: 'the token has no `kid`, and no key of the set is without one',
  },
  'alg-not-of-key': {
    stage: 'key',
    code: INVALID,
    detail: 'the key of this `kid` is not for the `alg` of the token',
  },
  'signature-length': {
    stage: 'signature',
    code: INVALID,
    detail: 'the signature does not have the length of its algorithm',
  },
  'signature-mismatch': {
    stage: 'signature',
    code: INVALID,
    detail: 'the signature is not by this key: forged, changed on the way, or signed by another key',
  },
  'claim-type': { stage: 'claims', code: INVALID, detail: 'a registered claim is not of its type' },
  'claim-range': {
    stage: 'claims',
    code: INVALID,
    detail: 'a time in the claims is negative, or no number of 64 bits',
  },
  expired: { stage: 'claims', code: 'GW_TOKEN_EXPIRED', detail: 'the time in `exp` is past' },
  'exp-missing': {
    stage: 'claims',
    code: INVALID,
    detail: 'the token has no `exp`, and the authentication demands one (requireExp)',
  },
  'not-yet-valid': {
    stage: 'claims',
    code: INVALID,
    detail: 'the time in `nbf` is to come; are the clocks right',
  },
  'issued-in-the-future': {
    stage: 'claims',
    code: INVALID,
    detail: 'the time in `iat` is to come; are the clocks right',
  },
  'issuer-mismatch': { stage: 'claims', code: INVALID, detail: 'the `iss` is not the configured issuer' },
  'issuer-missing': {
    stage: 'claims',
    code: INVALID,
    detail: 'the token has no `iss`, and the authentication has an issuer',
  },
  'subject-mismatch': { stage: 'claims', code: INVALID, detail: 'the `sub` is not the configured subject' },
  'audience-mismatch': {
    stage: 'claims',
    code: INVALID,
    detail: 'the `aud` holds none of the configured audiences',
  },
  'claim-not-forwardable': {
    stage: 'rewrite',
    code: INVALID,
    detail: 'a mapped claim cannot be carried unchanged where it is mapped to',
  },
}

/** The detail of a reason, with the claim or header parameter concerned where it does not name that itself. */
export function reasonDetail(reason: AuthenticationReason, member: string | undefined): string {
  const { detail } = REASONS[reason]
  return member === undefined || detail.includes(`\`${member}\``) ? detail : `${detail} (\`${member}\`)`
}

/** Whether a token was not even looked at, so that nobody can tell what is wrong with it, or that nothing is. */
export function isTurnedAway(reason: AuthenticationReason): boolean {
  return reason === 'source-over-budget' || reason === 'too-many-waiting'
}
