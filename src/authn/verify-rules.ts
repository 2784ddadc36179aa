import { refuse } from '../errors/refusal.ts'
import {
  checkRuleClaims,
  checkRuleTypes,
  reject,
  type JwtRejection,
  type ParsedToken,
  type VerificationKey,
} from '../jwt/index.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import { Wait } from '../kernel/wait.ts'
import type { TokenRule } from '../plan/token-rules.ts'
import type { TokenLocation } from '../plan/spec.ts'
import type { Trace } from '../policy/index.ts'
import type { AuthenticationRefusal } from './authenticate.ts'
import { bearerOf, type Bearer } from './bearer.ts'
import type { TokenPlaces } from './find-token.ts'
import { findTokens, type PlacedToken } from './find-tokens.ts'
import { newerKeys } from './newer-keys.ts'
import { isTurnedAway, reasonDetail, REASONS, type TokenRejection } from './reasons.ts'
import { readToken, type ReadingInput } from './read-token.ts'
import type { SignatureChecks } from './signature-checks.ts'
import type { KnownToken } from './token-cache.ts'
import { TokenWait } from './token-wait.ts'
import { traceRule, traceRuleFailure } from './trace-rules.ts'

export interface RuleInput extends ReadingInput {
  readonly rules: readonly TokenRule[]
  readonly places: TokenPlaces
  readonly nowMs: number
  readonly signatures: SignatureChecks
}

/** What the rules of a workload made of the tokens of a request. */
export interface RuleVerdict {
  /** Undefined where no rule found a token: the request goes on as nobody's. */
  readonly bearer: Bearer | undefined
  /** Where tokens stand that must not go on. */
  readonly withheld: readonly TokenLocation[]
}

const NOBODY: Result<RuleVerdict, never> = ok({ bearer: undefined, withheld: [] })

/**
 * Steps 5 and 6 by the rules of a workload. Every rule is met by its own tokens, all of them; the first that is met
 * says who the request is from. Without any token the request passes; with tokens that meet no rule it is refused.
 */
export function verifyByRules(
  input: RuleInput,
  trace: Trace | undefined,
): Result<RuleVerdict, AuthenticationRefusal | TokenWait> {
  const verification = new Verification(input)
  let failures: Failure[] | undefined
  let waiting: TokenWait | undefined
  for (const rule of input.rules) {
    const outcome = verification.verify(rule)
    if (outcome === undefined) continue
    if (outcome instanceof TokenWait) {
      if (outcome.awaited.keys === undefined) return err(outcome)
      // Nobody waits for keys of one rule where another is met; where none is, for those of all at once.
      waiting = waiting?.and(outcome) ?? outcome
      continue
    }
    if (outcome.ok) {
      if (trace !== undefined) traceRule(trace, outcome.value)
      return withOthers(outcome.value, verification, input)
    }
    if (isTurnedAway(outcome.error.reason)) return err(refusalOf([{ rule, rejection: outcome.error }], input))
    if (trace !== undefined) traceRuleFailure(trace, rule, outcome.error)
    failures ??= []
    failures.push({ rule, rejection: outcome.error })
  }
  if (waiting !== undefined) return err(waiting)
  if (failures === undefined) {
    trace?.push({
      stage: 'token',
      outcome: 'noted',
      message: 'no token stands where the rules look: the request goes on without a principal',
    })
    return NOBODY
  }
  return err(refusalOf(failures, input))
}

interface Failure {
  readonly rule: TokenRule
  readonly rejection: TokenRejection
}

/** Tokens that another rule looks for: they go on only where it was met by them, and lets them. */
function withOthers(
  bearer: Bearer,
  verification: Verification,
  input: RuleInput,
): Result<RuleVerdict, AuthenticationRefusal | TokenWait> {
  const { rule } = bearer
  const whole = rule.spec.keepToken ? NOWHERE : verification.wholeFields
  if (rule.others.length === 0) {
    return ok({ bearer, withheld: whole.length === 0 ? rule.withheld : [...rule.withheld, ...whole] })
  }
  const letOn = new Set<TokenLocation>()
  for (const other of rule.others) {
    const outcome = verification.verify(other)
    if (outcome instanceof TokenWait) return err(outcome)
    if (outcome?.ok === false && isTurnedAway(outcome.error.reason))
      return err(refusalOf([{ rule: other, rejection: outcome.error }], input))
    if (outcome?.ok === true) for (const location of other.locations) letOn.add(location)
  }
  return ok({ bearer, withheld: [...rule.withheld.filter((location) => !letOn.has(location)), ...whole] })
}

const NOWHERE: readonly TokenLocation[] = []

type Outcome = Result<Bearer, TokenRejection> | TokenWait | undefined

/** Each may cost a signature: no honest client sends more. */
const MAX_TOKENS = 8
/** No honest token has to try more: one without a `kid` is tried with every key of its algorithm. */
const MAX_KEYS_TRIED = 16

/** The tokens of one request as its rules meet them. */
class Verification {
  readonly #input: RuleInput
  #locations: readonly TokenLocation[] | undefined
  #found: readonly PlacedToken[] = []
  #tries = 0

  constructor(input: RuleInput) {
    this.#input = input
  }

  /**
   * Fields in which lines without a token stand beside those with one, for the rule that was asked last: they go whole. A
   * backend might take `bearer …` for the token that was verified.
   */
  get wholeFields(): readonly TokenLocation[] {
    if (!this.#found.some(({ isBesideOthers }) => isBesideOthers)) return NOWHERE
    return this.#found.flatMap(({ location, isBesideOthers }) =>
      isBesideOthers && location.in === 'header' ? [{ ...location, prefix: '' }] : [],
    )
  }

  /** What a rule makes of its tokens: undefined where there is none. */
  verify(rule: TokenRule): Outcome {
    // Rules that look at the same places share the list, and what was found there.
    if (rule.locations !== this.#locations) {
      this.#found = findTokens(rule.locations, this.#input.places)
      this.#locations = rule.locations
    }
    if (this.#found.length > MAX_TOKENS) return SEVERAL
    let outcome: Outcome
    // The last that was found is verified first; the first says who it is.
    for (let i = this.#found.length - 1; i >= 0; i--) {
      const placed = this.#found[i]
      if (placed === undefined) continue
      outcome = this.#verifyOne(rule, placed)
      if (outcome === undefined || outcome instanceof TokenWait || !outcome.ok) return outcome
    }
    return outcome
  }

  /** Parts, types, issuer, times, audience, key, signature: in that order, which decides what a bad token is told. */
  #verifyOne(rule: TokenRule, placed: PlacedToken): Outcome {
    const known = readToken(placed, this.#input)
    if (known instanceof TokenWait) return known
    if (typeof known === 'string') return err({ reason: known })
    if (!known.parsed.ok) return err(known.parsed.error)
    const token = known.parsed.value
    const { claims } = token
    const misfit = checkRuleTypes(claims)
    if (misfit !== undefined) return err(misfit)
    const { issuer } = rule.spec
    if (issuer !== undefined && claims['iss'] !== issuer) return UNKNOWN_ISSUER
    const rejection = checkRuleClaims(claims, rule.claims, this.#input.nowMs)
    if (rejection !== undefined) return err(rejection)
    const { text } = placed
    const { nowMs, awaited: before } = this.#input
    const key = this.#signer(rule, known, token)
    if (key instanceof Wait) return new TokenWait(key, { text, known, before })
    if (key.ok) {
      rule.keys.used(key.value, nowMs)
      return ok(bearerOf(token, rule, key.value))
    }
    const newer = newerKeys(rule.keys, key.error.reason, this.#input)
    if (newer === undefined) return key
    if ('rejection' in newer) return err(newer.rejection)
    return new TokenWait(newer.wait, { text, known, keys: newer.keys, before })
  }

  /** The key that has signed the token: a kid that either side lacks fits every kid. */
  #signer(
    { keys: { current } }: TokenRule,
    known: KnownToken,
    token: ParsedToken,
  ): Result<VerificationKey, JwtRejection> | Wait {
    const { kid, alg } = token.header
    if (current.keys.length === 0) return NO_KEYS
    let last: JwtRejection | undefined
    for (const key of current.keys) {
      if (kid !== undefined && key.kid !== undefined && key.kid !== kid) continue
      if (!key.algorithms.includes(alg)) continue
      if (++this.#tries > MAX_KEYS_TRIED) return TOO_MANY
      const rejection = this.#input.signatures.check(known, token, key, this.#input)
      if (rejection === undefined) return ok(key)
      if (rejection instanceof Wait) return rejection
      last = rejection
    }
    return last === undefined ? NO_KEY : err(last)
  }
}

const UNKNOWN_ISSUER = err<TokenRejection>({ reason: 'issuer-unknown', member: 'iss' })
const SEVERAL = err<TokenRejection>({ reason: 'several-tokens' })
const NO_KEYS = err(reject('no-keys'))
const NO_KEY = err(reject('kid-unknown', { member: 'kid' }))
const TOO_MANY = err(reject('signature-mismatch'))

/**
 * Of several failures the one that Envoy tells: the first, unless that is of another issuer; then the last that is not.
 */
function toldOf(failures: readonly Failure[]): Failure | undefined {
  const [first] = failures
  if (first?.rejection.reason !== 'issuer-unknown') return first
  return failures.findLast(({ rejection }) => rejection.reason !== 'issuer-unknown') ?? first
}

function refusalOf(failures: readonly Failure[], input: RuleInput): AuthenticationRefusal {
  const failure = toldOf(failures)
  if (failure === undefined) throw new Error('a refusal without a failure')
  const { rule, rejection } = failure
  const isBlamed = rejection.reason !== 'keys-unavailable'
  return {
    ...ruleRefusal(rule, rejection),
    late: isBlamed && input.turnstile.refused(input, rejection.reason),
  }
}

/** A refusal in the words of Envoy, which are made of the reason and the claim that it is about. */
export function ruleRefusal(
  rule: TokenRule,
  { reason, member, retryAfterSeconds }: TokenRejection,
): AuthenticationRefusal {
  const refusal = refuse(REASONS[reason].code, reason, {
    by: rule.spec.name,
    detail: reasonDetail(reason, member),
    ...(member === undefined ? {} : { member }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  })
  return { refusal, style: 'envoy', late: false }
}
