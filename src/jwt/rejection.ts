/**
 * Why a token was not accepted, one word per cause. Private: logs, `explain` and the audit trail use these words;
 * clients see only the public code that `authn` maps them to. They say nothing that the token says.
 */
export type JwtReason =
  // RFC 7515 §5.2, before any key is looked at
  | 'token-too-large'
  | 'not-three-parts'
  | 'header-base64'
  | 'header-json'
  | 'header-too-large'
  | 'payload-base64'
  | 'payload-json'
  | 'signature-base64'
  | 'alg-missing'
  | 'alg-none'
  | 'alg-unsupported'
  | 'crit-unsupported'
  | 'b64-unsupported'
  | 'kid-not-text'
  // the key
  | 'no-keys'
  | 'kid-unknown'
  | 'kid-missing'
  | 'alg-not-of-key'
  // the bytes
  | 'signature-length'
  | 'signature-mismatch'
  // the claims, RFC 7519 §4.1
  | 'claim-type'
  | 'claim-range'
  | 'expired'
  | 'exp-missing'
  | 'not-yet-valid'
  | 'issued-in-the-future'
  | 'issuer-mismatch'
  | 'issuer-missing'
  | 'subject-mismatch'
  | 'audience-mismatch'

export interface JwtRejection {
  readonly reason: JwtReason
  /** The claim or header parameter concerned, by its registered name: never its value. */
  readonly member?: string
  /** The label of the key that was tried, from the configuration. */
  readonly key?: string
}

export function reject(reason: JwtReason, more: Omit<JwtRejection, 'reason'> = {}): JwtRejection {
  return { reason, ...more }
}
