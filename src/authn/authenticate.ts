import { refuse, type Refusal } from '../errors/refusal.ts'
import {
  parseToken,
  selectKey,
  verifyClaims,
  type JwtRejection,
  type KeySet,
  type ParsedToken,
  type TokenLimits,
  type VerificationKey,
  type VerifiedToken,
} from '../jwt/index.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import { Wait } from '../kernel/wait.ts'
import type { Cover, Search } from '../plan/cover.ts'
import type { Guard } from '../plan/plan.ts'
import type { RefusalStyle, TokenLocation } from '../plan/spec.ts'
import type { Trace } from '../policy/index.ts'
import { describeLocation, findToken, type TokenPlaces, type TokenSearch } from './find-token.ts'
import type { Principal } from './principal.ts'
import { reasonDetail, REASONS, type AuthenticationReason } from './reasons.ts'
import type { SignatureChecks } from './signature-checks.ts'
import { KnownToken, type TokenCache } from './token-cache.ts'
import { traceIssuer, traceMissing, traceRejection, traceUnreadable, traceVerified } from './trace-token.ts'

export interface AuthenticationInput {
  readonly cover: Cover
  readonly places: TokenPlaces
  readonly nowMs: number
  readonly limits: TokenLimits
  readonly tokens: TokenCache
  readonly signatures: SignatureChecks
  /** The token that this request has waited for, which the cache may have let go of meanwhile. */
  readonly awaited: AwaitedToken | undefined
}

export interface AuthenticationRefusal {
  readonly refusal: Refusal
  readonly style: RefusalStyle
}

/** What is known of a token that a request waits for, with its whole text. */
export interface AwaitedToken {
  readonly text: string
  readonly known: KnownToken
  /** What the same request has waited for before that. */
  readonly before?: AwaitedToken | undefined
}

/** Whether the token is good is not known yet: the same is asked again after the wait, with `awaited`. */
export class TokenWait {
  readonly wait: Wait
  readonly awaited: AwaitedToken

  constructor(wait: Wait, awaited: AwaitedToken) {
    this.wait = wait
    this.awaited = awaited
  }
}

/**
 * Steps 5 and 6 of a request: finds the token and verifies it by a guard that covers the request; the token's `iss`
 * picks among several. Answers nobody (undefined) where no token is needed: whatever is wrong with one there is no
 * matter.
 */
export function authenticate(
  input: AuthenticationInput,
  trace: Trace | undefined,
): Result<Principal | undefined, AuthenticationRefusal | TokenWait> {
  let failure: Failure | undefined
  for (const search of input.cover.searches) {
    const outcome = trySearch(search, input, trace)
    if (outcome.ok) return outcome
    if (outcome.error instanceof TokenWait) return err(outcome.error)
    failure = further(failure, outcome.error)
  }
  if (input.cover.required) return err(refusalOf(failure, input.cover))
  return ok(undefined)
}

/** Why one search let nobody in. */
interface Failure {
  readonly reason: AuthenticationReason
  readonly guard: Guard | undefined
  readonly rejection: JwtRejection | undefined
}

const MISSING: Failure = { reason: 'token-missing', guard: undefined, rejection: undefined }

function trySearch(
  search: Search,
  input: AuthenticationInput,
  trace: Trace | undefined,
): Result<Principal, Failure | TokenWait> {
  const found = findToken(search.locations, input.places)
  switch (found.kind) {
    case 'missing':
      if (trace !== undefined) traceMissing(trace, search.locations)
      return err(MISSING)
    case 'unreadable':
      if (trace !== undefined) traceUnreadable(trace, found.reason, found.location)
      return err({ reason: found.reason, guard: undefined, rejection: undefined })
    case 'found':
      trace?.push({
        stage: 'token',
        outcome: 'passed',
        message: `a token stands in ${describeLocation(found.location)}`,
      })
      return verifyFound(found, search, input, trace)
  }
}

function verifyFound(
  found: FoundToken,
  search: Search,
  input: AuthenticationInput,
  trace: Trace | undefined,
): Result<Principal, Failure | TokenWait> {
  const known = knownToken(found, input)
  const { parsed } = known
  if (!parsed.ok) {
    if (trace !== undefined) traceRejection(trace, parsed.error, undefined)
    return err({ reason: parsed.error.reason, guard: undefined, rejection: parsed.error })
  }
  const issuer = parsed.value.claims['iss']
  const candidates = search.candidates(typeof issuer === 'string' ? issuer : undefined)
  if (candidates.length === 0) {
    if (trace !== undefined) traceIssuer(trace, issuer, search)
    return err({ reason: 'issuer-unknown', guard: undefined, rejection: undefined })
  }
  let failure: Failure | undefined
  for (const guard of candidates) {
    const outcome = verifyBy(guard, { found, known, token: parsed.value }, input, trace)
    if (outcome.ok || outcome.error instanceof TokenWait) return outcome
    failure = further(failure, outcome.error)
  }
  return err(failure ?? MISSING)
}

function verifyBy(
  guard: Guard,
  { found, known, token }: ReadToken,
  { nowMs, signatures }: AuthenticationInput,
  trace: Trace | undefined,
): Result<Principal, Failure | TokenWait> {
  const { spec, keys } = guard.authentication
  const key = signerOf(known, token, keys, signatures)
  if (key instanceof Wait) return err(new TokenWait(key, { text: found.text, known }))
  const verified = key.ok ? verifyClaims(token, key.value, spec.rules, nowMs) : key
  if (!verified.ok) {
    if (trace !== undefined) traceRejection(trace, verified.error, { guard, token, nowMs })
    return err({ reason: verified.error.reason, guard, rejection: verified.error })
  }
  if (trace !== undefined) traceVerified(trace, verified.value, guard)
  return ok(principalOf(known, guard, found.location, verified.value))
}

/** A token that stands somewhere, and that could be read. */
interface ReadToken {
  readonly found: FoundToken
  readonly known: KnownToken
  readonly token: ParsedToken
}

type FoundToken = TokenSearch & { readonly kind: 'found' }

function knownToken(
  { text, token }: FoundToken,
  { tokens, limits, awaited }: AuthenticationInput,
): KnownToken {
  const known = awaited?.text === text ? awaited.known : tokens.get(text)
  if (known !== undefined && known.tokenLength === token.length) return known
  const fresh = new KnownToken(token.length, parseToken(token, limits))
  tokens.offer(text, fresh)
  return fresh
}

function signerOf(
  known: KnownToken,
  token: ParsedToken,
  keys: KeySet,
  signatures: SignatureChecks,
): Result<VerificationKey, JwtRejection> | Wait {
  const key = selectKey(token.header, keys)
  if (!key.ok) return key
  const rejection = signatures.check(known, token, key.value)
  if (rejection === undefined) return key
  return rejection instanceof Wait ? rejection : err(rejection)
}

/** The same object for the same token, guard and place, so that what is made of it is made once. */
function principalOf(
  known: KnownToken,
  guard: Guard,
  location: TokenLocation,
  { claims, key }: VerifiedToken,
): Principal {
  const last = known.principal
  if (last !== undefined && last.guard === guard && last.location === location) return last
  const principal = { guard, location, claims, key }
  known.principal = principal
  return principal
}

const PROGRESS: Readonly<Record<(typeof REASONS)[AuthenticationReason]['stage'], number>> = {
  token: 1,
  key: 2,
  signature: 3,
  claims: 4,
  rewrite: 5,
}

/** Of two failures, the one whose token came further: that is the one a person wants to hear of. */
function further(a: Failure | undefined, b: Failure): Failure {
  if (a === undefined || a.reason === 'token-missing') return b
  return PROGRESS[REASONS[b.reason].stage] > PROGRESS[REASONS[a.reason].stage] && b.reason !== 'token-missing'
    ? b
    : a
}

function refusalOf(failure: Failure = MISSING, cover: Cover): AuthenticationRefusal {
  const { code } = REASONS[failure.reason]
  const guard = failure.guard ?? cover.guards[0]
  const refusal = refuse(code, failure.reason, {
    ...(guard === undefined ? {} : { by: guard.authentication.spec.name }),
    detail: reasonDetail(failure.reason, failure.rejection?.member),
  })
  return { refusal, style: guard?.authentication.spec.refusals ?? 'problem' }
}
