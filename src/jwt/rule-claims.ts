import { jsonNumber, type JsonObject, type JsonValue } from '../kernel/json.ts'
import { reject, type JwtRejection } from './rejection.ts'

/** What the claims must be for those who ask of them before any key is looked at (Envoy's jwt_verify_lib). */
export interface RuleClaims {
  /** One of these must be in `aud`, in the form of `plain`; empty means that it is not looked at. */
  readonly audiences: ReadonlySet<string>
  /** The form in which audiences are compared. */
  readonly plain: (audience: string) => string
  readonly clockSkewSeconds: number
}

/**
 * Whether the registered claims are of their types: the first that is not, in the order of Envoy, and undefined where
 * all are. `null` is a type, and a wrong one.
 */
export function checkRuleTypes(claims: JsonObject): JwtRejection | undefined {
  return (
    checkText(claims, 'iss') ??
    checkText(claims, 'sub') ??
    checkTime(claims, 'iat') ??
    checkTime(claims, 'nbf') ??
    checkTime(claims, 'exp') ??
    checkText(claims, 'jti') ??
    checkAudience(claims['aud'])
  )
}

/** Times, then the audience. A token without `exp`, or with 0 there, never expires; `iat` is not looked at. */
export function checkRuleClaims(
  claims: JsonObject,
  { audiences, plain, clockSkewSeconds }: RuleClaims,
  nowMs: number,
): JwtRejection | undefined {
  const now = Math.floor(nowMs / 1000)
  const nbf = jsonNumber(claims['nbf'])
  if (nbf !== undefined && now + clockSkewSeconds < nbf) return NOT_YET
  const exp = jsonNumber(claims['exp']) ?? 0
  if (exp !== 0 && now > exp + clockSkewSeconds) return EXPIRED
  if (audiences.size === 0 || isMeantFor(claims['aud'], audiences, plain)) return undefined
  return ELSEWHERE
}

const NOT_YET = reject('not-yet-valid', { member: 'nbf' })
const EXPIRED = reject('expired', { member: 'exp' })
const ELSEWHERE = reject('audience-mismatch', { member: 'aud' })

function checkText(claims: JsonObject, member: string): JwtRejection | undefined {
  const value = claims[member]
  return value === undefined || typeof value === 'string' ? undefined : reject('claim-type', { member })
}

/** The first number that 64 bits do not hold. */
const TOO_LARGE = 2 ** 64

function checkTime(claims: JsonObject, member: string): JwtRejection | undefined {
  const value = claims[member]
  if (value === undefined) return undefined
  const seconds = jsonNumber(value)
  if (seconds === undefined) return reject('claim-type', { member })
  return seconds >= 0 && seconds < TOO_LARGE ? undefined : reject('claim-range', { member })
}

function checkAudience(aud: JsonValue | undefined): JwtRejection | undefined {
  if (aud === undefined || typeof aud === 'string') return undefined
  if (Array.isArray(aud) && aud.every((item) => typeof item === 'string')) return undefined
  return reject('claim-type', { member: 'aud' })
}

function isMeantFor(
  aud: JsonValue | undefined,
  audiences: ReadonlySet<string>,
  plain: (audience: string) => string,
): boolean {
  if (typeof aud === 'string') return audiences.has(plain(aud))
  return Array.isArray(aud) && aud.some((item) => typeof item === 'string' && audiences.has(plain(item)))
}
