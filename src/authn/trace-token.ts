import type { ParsedToken, VerificationKey, VerifiedToken } from '../jwt/index.ts'
import { jsonNumber, stringifyJson, type JsonValue } from '../kernel/json.ts'
import type { Search } from '../plan/cover.ts'
import type { Authentication } from '../plan/plan.ts'
import type { TokenLocation } from '../plan/spec.ts'
import type { Step, Trace } from '../policy/index.ts'
import { describeLocation } from './find-token.ts'
import { reasonDetail, REASONS, type TokenRejection } from './reasons.ts'
import { fetchedFrom, traceKeySources } from './trace-keys.ts'

/** What a rejection was measured against. */
interface Against {
  readonly authentication: Authentication
  readonly token: ParsedToken
  readonly nowMs: number
}

export function traceMissing(trace: Trace, locations: readonly TokenLocation[]): void {
  const places = locations.map((location) => describeLocation(location)).join(', nor in ')
  trace.push({ stage: 'token', outcome: 'failed', message: `no token in ${places}` })
}

export function traceUnreadable(
  trace: Trace,
  reason: 'prefix-mismatch' | 'several-tokens',
  location: TokenLocation,
): void {
  trace.push({
    stage: 'token',
    outcome: 'failed',
    message: `${describeLocation(location)}: ${REASONS[reason].detail}`,
  })
}

/** No candidate has the issuer of the token. */
export function traceIssuer(trace: Trace, issuer: JsonValue | undefined, search: Search): void {
  const configured = search.authentications.map(({ spec }) => spec.rules.issuer ?? '')
  const values = trace.showsValues
    ? `: the token says ${shown(issuer)}, configured is ${shown(configured)}`
    : ''
  trace.push({ stage: 'key', outcome: 'failed', message: `${REASONS['issuer-unknown'].detail}${values}` })
}

export function traceVerified(
  trace: Trace,
  { key, header }: VerifiedToken,
  authentication: Authentication,
  nowMs: number,
): void {
  const { keys, spec } = authentication
  const { name, rules } = spec
  const message = `${key.label} is the key${fetchedFrom(keys, key, nowMs)}`
  trace.push({ stage: 'key', outcome: 'passed', message, ...about(authentication) })
  trace.push({
    stage: 'signature',
    outcome: 'passed',
    message: `the ${header.alg} signature is by this key`,
    subject: name,
  })
  const checked = [
    'times',
    ...(rules.issuer === undefined ? [] : ['issuer']),
    ...(rules.subject === undefined ? [] : ['subject']),
    ...(rules.audiences.length === 0 ? [] : ['audience']),
  ]
  trace.push({
    stage: 'claims',
    outcome: 'passed',
    message: `${checked.join(', ')} as configured`,
    subject: name,
  })
}

/** One step for a refused token; before it, the steps that it did pass. */
export function traceRejection(trace: Trace, rejection: TokenRejection, against: Against | undefined): void {
  const { stage } = REASONS[rejection.reason]
  const detail = reasonDetail(rejection.reason, rejection.member)
  const where = against === undefined ? {} : about(against.authentication)
  if (rejection.key !== undefined && stage !== 'key') {
    trace.push({ stage: 'key', outcome: 'passed', message: `${rejection.key} is the key`, ...where })
  }
  if (stage === 'claims') {
    trace.push({ stage: 'signature', outcome: 'passed', message: 'the signature is by this key', ...where })
  }
  const values = trace.showsValues && against !== undefined ? measured(rejection, against) : ''
  trace.push({ stage, outcome: 'failed', message: `${detail}${values}`, ...where })
  if (stage === 'key' && against !== undefined) traceKeySources(trace, against.authentication.keys)
}

function about({ spec }: Authentication): Pick<Step, 'subject' | 'origin'> {
  const { name, origin } = spec
  return { subject: name, origin: `${origin.file}:${origin.line}` }
}

/** The two sides that did not meet, with values, for the holder of the token. */
function measured(rejection: TokenRejection, { authentication, token, nowMs }: Against): string {
  const { rules } = authentication.spec
  const { claims, header } = token
  switch (rejection.reason) {
    case 'expired':
      return `: ${moment(claims['exp'], nowMs)}, and the skew allowed is ${rules.clockSkewSeconds} s`
    case 'not-yet-valid':
      return `: ${moment(claims['nbf'], nowMs)}, and the skew allowed is ${rules.clockSkewSeconds} s`
    case 'issued-in-the-future':
      return `: ${moment(claims['iat'], nowMs)}, and the skew allowed is ${rules.clockSkewSeconds} s`
    case 'issuer-mismatch':
      return `: the token says ${shown(claims['iss'])}, configured is ${shown(rules.issuer)}`
    case 'subject-mismatch':
      return `: the token says ${shown(claims['sub'])}, configured is ${shown(rules.subject)}`
    case 'audience-mismatch':
      return `: the token says ${shown(claims['aud'])}, configured is ${shown(rules.audiences)}`
    case 'claim-type':
      return rejection.member === undefined ? '' : `: the token says ${shown(claims[rejection.member])}`
    case 'kid-unknown':
    case 'keys-unavailable':
    case 'kid-missing':
      return `: the token says ${shown(header.kid)}, ${keysOf(authentication.keys.current.keys)}`
    case 'alg-not-of-key':
      return `: the token says ${header.alg}, ${keysOf(authentication.keys.current.keys)}`
    default:
      return ''
  }
}

/** Enough keys to see a typing mistake, few enough to read. */
const SHOWN_KEYS = 8

function keysOf(keys: readonly VerificationKey[]): string {
  if (keys.length === 0) return 'and there is no key'
  // Several sources may have the same key.
  const labels = [...new Set(keys.map((key) => `${key.label} (${key.algorithms.join(', ')})`))]
  const more = labels.length > SHOWN_KEYS ? `; and ${labels.length - SHOWN_KEYS} more` : ''
  return `the keys are ${labels.slice(0, SHOWN_KEYS).join('; ')}${more}`
}

/** Enough of a value to recognise it. */
const SHOWN_CHARS = 200

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing'
  const text = stringifyJson(value)
  return `\`${text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text}\``
}

function moment(value: JsonValue | undefined, nowMs: number): string {
  const seconds = jsonNumber(value)
  if (seconds === undefined || Math.abs(seconds) > 8.64e12) return shown(value)
  const apart = Math.round(Math.abs(seconds - nowMs / 1000))
  const unit =
    apart < 120
      ? `${apart} s`
      : apart < 7200
        ? `${Math.round(apart / 60)} min`
        : apart < 172_800
          ? `${Math.round(apart / 3600)} h`
          : `${Math.round(apart / 86_400)} days`
  const side = seconds * 1000 <= nowMs ? 'ago' : 'from now'
  return `${new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')} is ${unit} ${side}`
}
