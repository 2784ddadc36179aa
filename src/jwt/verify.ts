import { err, ok, type Result } from '../kernel/result.ts'
import { checkClaims } from './claims.ts'
import { selectKey } from './key-set.ts'
import type { JwtRejection } from './rejection.ts'
import { checkSignature } from './signature.ts'
import type { ClaimRules, KeySet, ParsedToken, VerificationKey, VerifiedToken } from './types.ts'

/**
 * Verifies a parsed token: key, signature, claims, in that order (RFC 7519 §7.2, RFC 7515 §5.2), so that no claim has
 * a say before its signature is known to be right. A rejection names the key that was tried.
 */
export function verifyToken(
  token: ParsedToken,
  keys: KeySet,
  rules: ClaimRules,
  nowMs: number,
): Result<VerifiedToken, JwtRejection> {
  const key = verifySignature(token, keys)
  return key.ok ? verifyClaims(token, key.value, rules, nowMs) : key
}

/** The key of the set that has signed the token. The answer holds for as long as the key set does. */
export function verifySignature(token: ParsedToken, keys: KeySet): Result<VerificationKey, JwtRejection> {
  const key = selectKey(token.header, keys)
  if (!key.ok) return key
  const rejection = checkSignature(key.value, token)
  return rejection === undefined ? key : err({ ...rejection, key: key.value.label })
}

/** The token, if its claims are what they must be now. `key` is the one that has signed it. */
export function verifyClaims(
  token: ParsedToken,
  key: VerificationKey,
  rules: ClaimRules,
  nowMs: number,
): Result<VerifiedToken, JwtRejection> {
  const rejection = checkClaims(token.claims, rules, nowMs)
  if (rejection !== undefined) return err({ ...rejection, key: key.label })
  return ok({ claims: token.claims, header: token.header, key })
}
