import { jsonNumber, type JsonObject, type JsonValue } from '../kernel/json.ts'
import { reject, type JwtRejection } from './rejection.ts'
import type { ClaimRules } from './types.ts'

/**
 * Checks the registered claims (RFC 7519 §4.1): undefined where all hold, the first rejection otherwise. Types come
 * first and are checked even where no rule looks at a claim; times come last, so that `expired` is only ever said of a
 * token that was meant for this place. A value is never turned into another type (CVE-2026-25537).
 */
export function checkClaims(claims: JsonObject, rules: ClaimRules, nowMs: number): JwtRejection | undefined {
  return checkTypes(claims) ?? checkParties(claims, rules) ?? checkTimes(claims, rules, nowMs / 1000)
}

const TEXT_CLAIMS = ['iss', 'sub', 'jti'] as const
const TIME_CLAIMS = ['exp', 'nbf', 'iat'] as const

function checkTypes(claims: JsonObject): JwtRejection | undefined {
  for (const member of TEXT_CLAIMS) {
    const value = claims[member]
    if (value !== undefined && typeof value !== 'string') return reject('claim-type', { member })
  }
  for (const member of TIME_CLAIMS) {
    const value = claims[member]
    // `1e400` is JSON and no time: Infinity would never expire.
    if (value !== undefined && !Number.isFinite(jsonNumber(value))) return reject('claim-type', { member })
  }
  const aud = claims['aud']
  if (aud !== undefined && !isAudience(aud)) return reject('claim-type', { member: 'aud' })
  return undefined
}

/** A string or an array of strings (RFC 7519 §4.1.3). */
function isAudience(aud: JsonValue): aud is string | readonly string[] {
  return typeof aud === 'string' || (Array.isArray(aud) && aud.every((item) => typeof item === 'string'))
}

function checkParties(claims: JsonObject, rules: ClaimRules): JwtRejection | undefined {
  const { iss, sub, aud } = claims
  if (rules.issuer !== undefined && iss !== rules.issuer) {
    return reject(iss === undefined ? 'issuer-missing' : 'issuer-mismatch', { member: 'iss' })
  }
  if (rules.subject !== undefined && sub !== rules.subject)
    return reject('subject-mismatch', { member: 'sub' })
  if (rules.audiences.length > 0 && !isMeantFor(aud, rules.audiences)) {
    return reject('audience-mismatch', { member: 'aud' })
  }
  return undefined
}

function isMeantFor(aud: JsonValue | undefined, audiences: readonly string[]): boolean {
  if (typeof aud === 'string') return audiences.includes(aud)
  return Array.isArray(aud) && aud.some((item) => audiences.includes(item))
}

function checkTimes(claims: JsonObject, rules: ClaimRules, now: number): JwtRejection | undefined {
  const skew = rules.clockSkewSeconds
  const exp = jsonNumber(claims['exp'])
  if (exp === undefined && rules.expRequired) return reject('exp-missing', { member: 'exp' })
  // RFC 7519 §4.1.4: not accepted "on or after" this moment.
  if (exp !== undefined && now >= exp + skew) return reject('expired', { member: 'exp' })
  const nbf = jsonNumber(claims['nbf'])
  if (nbf !== undefined && now < nbf - skew) return reject('not-yet-valid', { member: 'nbf' })
  // RFC 7519 §4.1.6 asks nothing of `iat`; one in the future means that one of two clocks is wrong.
  const iat = jsonNumber(claims['iat'])
  if (iat !== undefined && iat > now + skew) return reject('issued-in-the-future', { member: 'iat' })
  return undefined
}
