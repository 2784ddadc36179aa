import { refuse, type Refusal } from '../errors/refusal.ts'
import {
  selectKey,
  verifyClaims,
  type JwtRejection,
  type KeySet,
  type ParsedToken,
  type VerificationKey,
  type VerifiedToken,
} from '../jwt/index.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import { Wait } from '../kernel/wait.ts'
import type { Cover, Search } from '../plan/cover.ts'
import type { Authentication } from '../plan/plan.ts'
import type { RefusalStyle, TokenLocation } from '../plan/spec.ts'
import type { Trace } from '../policy/index.ts'
import { describeLocation, findToken, type TokenPlaces, type TokenSearch } from './find-token.ts'
import type { Principal } from './principal.ts'
import { newerKeys } from './newer-keys.ts'
import {
  isTurnedAway,
  reasonDetail,
  REASONS,
  type AuthenticationReason,
  type TokenRejection,
} from './reasons.ts'
import { readToken, type ReadingInput } from './read-token.ts'
import type { SignatureChecks } from './signature-checks.ts'
import type { KnownToken } from './token-cache.ts'
import { TokenWait } from './token-wait.ts'
import { traceIssuer, traceMissing, traceRejection, traceUnreadable, traceVerified } from './trace-token.ts'

export interface AuthenticationInput extends ReadingInput {
  readonly cover: Cover
  readonly places: TokenPlaces
  readonly nowMs: number
  readonly signatures: SignatureChecks
}

export interface AuthenticationRefusal {
  readonly refusal: Refusal
  readonly style: RefusalStyle
  /** So much of what its source sends is bad that the answer should wait: others come first. */
  readonly late: boolean
}

/**
 * Steps 5 and 6 of a request: finds the token and verifies it by an authentication that covers the request; the token's
 * `iss` picks among several. Answers nobody (undefined) where no token is needed: whatever is wrong with one there is
 * no matter.
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
    // Whether the token is good stays open, also where it would only have told more of who asks.
    if (isTurnedAway(failure.reason)) return err(refusalOf(failure, input))
  }
  if (input.cover.required) return err(refusalOf(failure, input))
  return ok(undefined)
}

/** Why one search let nobody in. */
interface Failure {
  readonly reason: AuthenticationReason
  readonly authentication: Authentication | undefined
  readonly rejection: TokenRejection | undefined
}

const MISSING: Failure = { reason: 'token-missing', authentication: undefined, rejection: undefined }

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
      return err({ reason: found.reason, authentication: undefined, rejection: undefined })
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
  const known = readToken(found, input)
  if (known instanceof TokenWait) return err(known)
  if (typeof known === 'string')
    return err({ reason: known, authentication: undefined, rejection: undefined })
  const { parsed } = known
  if (!parsed.ok) {
    if (trace !== undefined) traceRejection(trace, parsed.error, undefined)
    return err({ reason: parsed.error.reason, authentication: undefined, rejection: parsed.error })
  }
  const issuer = parsed.value.claims['iss']
  const candidates = search.candidates(typeof issuer === 'string' ? issuer : undefined)
  if (candidates.length === 0) {
    if (trace !== undefined) traceIssuer(trace, issuer, search)
    return err({ reason: 'issuer-unknown', authentication: undefined, rejection: undefined })
  }
  return verifyByOne(candidates, { found, known, token: parsed.value }, input, trace)
}

/** The first that lets the token in. Nobody waits for keys of one where another does; otherwise for those of all. */
function verifyByOne(
  candidates: readonly Authentication[],
  read: ReadToken,
  input: AuthenticationInput,
  trace: Trace | undefined,
): Result<Principal, Failure | TokenWait> {
  let failure: Failure | undefined
  let waiting: TokenWait | undefined
  for (const authentication of candidates) {
    const outcome = verifyBy(authentication, read, input, trace)
    if (outcome.ok) return outcome
    const { error } = outcome
    if (!(error instanceof TokenWait)) failure = further(failure, error)
    else if (error.awaited.keys === undefined) return outcome
    else waiting = waiting?.and(error) ?? error
  }
  if (waiting !== undefined) return err(waiting)
  return err(failure ?? MISSING)
}

function verifyBy(
  authentication: Authentication,
  { found, known, token }: ReadToken,
  input: AuthenticationInput,
  trace: Trace | undefined,
): Result<Principal, Failure | TokenWait> {
  const { nowMs, awaited: before } = input
  const { spec, keys } = authentication
  const key = signerOf(known, token, keys.current, input)
  if (key instanceof Wait) return err(new TokenWait(key, { text: found.text, known, before }))
  const verified = key.ok ? verifyClaims(token, key.value, spec.rules, nowMs) : key
  if (!verified.ok) {
    const newer = newerKeys(keys, verified.error.reason, input)
    if (newer !== undefined && 'wait' in newer)
      return err(new TokenWait(newer.wait, { text: found.text, known, keys: newer.keys, before }))
    const rejection: TokenRejection = newer?.rejection ?? verified.error
    if (trace !== undefined) traceRejection(trace, rejection, { authentication, token, nowMs })
    return err({ reason: rejection.reason, authentication, rejection })
  }
  keys.used(verified.value.key, nowMs)
  if (trace !== undefined) traceVerified(trace, verified.value, authentication, nowMs)
  return ok(principalOf(known, authentication, found.location, verified.value))
}

/** A token that stands somewhere, and that could be read. */
interface ReadToken {
  readonly found: FoundToken
  readonly known: KnownToken
  readonly token: ParsedToken
}

type FoundToken = TokenSearch & { readonly kind: 'found' }

function signerOf(
  known: KnownToken,
  token: ParsedToken,
  keys: KeySet,
  input: AuthenticationInput,
): Result<VerificationKey, JwtRejection> | Wait {
  const key = selectKey(token.header, keys)
  if (!key.ok) return key
  const rejection = input.signatures.check(known, token, key.value, input)
  if (rejection === undefined) return key
  return rejection instanceof Wait ? rejection : err(rejection)
}

/** The same object for the same token, authentication, key and place, so that what is made of it is made once. */
function principalOf(
  known: KnownToken,
  authentication: Authentication,
  location: TokenLocation,
  { claims, key }: VerifiedToken,
): Principal {
  const last = known.principal
  if (last?.authentication === authentication && last.location === location && last.key === key) {
    last.repeated = true
    return last
  }
  return (known.principal = { authentication, location, claims, key, repeated: false })
}

const PROGRESS: Readonly<Record<(typeof REASONS)[AuthenticationReason]['stage'], number>> = {
  token: 1,
  key: 2,
  signature: 3,
  claims: 4,
  rewrite: 5,
}

function progressOf(reason: AuthenticationReason): number {
  // Whether the token is good could not be found out, whatever other keys say of it.
  return reason === 'keys-unavailable' || reason === 'keys-asked-too-often'
    ? Infinity
    : PROGRESS[REASONS[reason].stage]
}

/** Of two failures, the one whose token came further: that is the one a person wants to hear of. */
function further(a: Failure | undefined, b: Failure): Failure {
  if (a === undefined || a.reason === 'token-missing') return b
  return progressOf(b.reason) > progressOf(a.reason) && b.reason !== 'token-missing' ? b : a
}

function refusalOf(failure: Failure | undefined, input: AuthenticationInput): AuthenticationRefusal {
  const { reason, rejection, authentication = input.cover.authentications[0] } = failure ?? MISSING
  const refusal = refuse(REASONS[reason].code, reason, {
    ...(authentication === undefined ? {} : { by: authentication.spec.name }),
    detail: reasonDetail(reason, rejection?.member),
    ...(rejection?.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: rejection.retryAfterSeconds }),
  })
  const isBlamed = reason !== 'token-missing' && reason !== 'keys-unavailable'
  const late = isBlamed && input.turnstile.refused(input, reason)
  return { refusal, style: authentication?.spec.refusals ?? 'problem', late }
}
