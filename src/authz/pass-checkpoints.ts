import {
  ruleRefusal,
  TokenWait,
  verifyByRules,
  type AuthenticationRefusal,
  type AwaitedToken,
  type Bearer,
  type Principal,
  type SignatureChecks,
  type TokenCache,
  type Turnstile,
} from '../authn/index.ts'
import { headerValues } from '../inbound/fields/headers.ts'
import type { InboundRequest } from '../inbound/request.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import { Wait } from '../kernel/wait.ts'
import type { Checkpoint } from '../plan/checkpoint.ts'
import type { TokenLocation } from '../plan/spec.ts'
import type { Trace } from '../policy/index.ts'
import type { Observation } from '../policy/istio/index.ts'
import type { Applicant } from './authorize.ts'
import { viewAt, type Preview } from './checkpoint-view.ts'
import type { ExternalChecks, ExternalResponse } from './external.ts'
import { RequestFacts } from './facts.ts'
import { deniedBy, externallyDenied } from './policy-refusal.ts'
import { takenOff, type RequestView } from './request-view.ts'
import { traceCustom, tracePolicies } from './trace-policies.ts'

/** What a checkpoint has to know beside the request. */
export interface CheckpointCircumstances {
  readonly nowMs: number
  readonly tokens: TokenCache
  readonly signatures: SignatureChecks
  readonly turnstile: Turnstile
  readonly awaited: AwaitedToken | undefined
  readonly external: ExternalChecks
  readonly requestId: string
}

type CheckpointInput = Applicant & CheckpointCircumstances

/** What a request brings along from its checkpoints. */
export interface Passed {
  /** Whose request it is, at the gateway or else at the backend; undefined for nobody's. */
  readonly bearer: Bearer | undefined
  /** Where tokens stand that must not go on. */
  readonly withheld: readonly TokenLocation[]
  /** What goes on in place of the client's: lists of names and values in turn. */
  readonly fields: readonly (readonly string[])[]
  /** Lower-case names of what somebody who was asked has written anew. */
  readonly replaced: ReadonlySet<string>
  /** What policies without a say would have said. */
  readonly observations: readonly Observation[]
}

const NO_NAMES: ReadonlySet<string> = new Set()

export const NOTHING_PASSED: Passed = {
  bearer: undefined,
  withheld: [],
  fields: [],
  replaced: NO_NAMES,
  observations: [],
}

export interface CheckpointRefusal extends AuthenticationRefusal {
  /** What the client gets instead of the usual words. */
  readonly response: ExternalResponse | undefined
  /** What policies without a say would have said, up to and with those of the checkpoint that refuses. */
  readonly observations: readonly Observation[]
}

/** Why a request does not go on, or not yet. */
export type Stopped = CheckpointRefusal | TokenWait | Wait

/** Passes the checkpoints of a route one after the other; each sees what those before it made of the request. */
export function passCheckpoints(
  applicant: Applicant,
  principal: Principal | undefined,
  circumstances: CheckpointCircumstances,
  preview: Preview,
  trace: Trace | undefined,
): Result<Passed, Stopped> {
  const input = { ...applicant, ...circumstances }
  let passed = NOTHING_PASSED
  for (const checkpoint of applicant.route.checkpoints) {
    const view = viewAt(checkpoint, applicant, principal, passed, (passage) =>
      preview(passage, applicant, circumstances.requestId),
    )
    const step = passOne(checkpoint, view, input, trace)
    if (!step.ok) return err(afterOthers(step.error, passed.observations))
    passed = passed === NOTHING_PASSED ? step.value : joined(passed, step.value)
  }
  return ok(passed)
}

/** The refusal with what the checkpoints before it have observed. */
function afterOthers(stopped: Stopped, earlier: readonly Observation[]): Stopped {
  if (stopped instanceof TokenWait || stopped instanceof Wait || earlier.length === 0) return stopped
  return { ...stopped, observations: [...earlier, ...stopped.observations] }
}

/** In Istio's order: who must be asked, then tokens, then AUDIT, DENY and ALLOW. */
function passOne(
  checkpoint: Checkpoint,
  first: RequestView,
  input: CheckpointInput,
  trace: Trace | undefined,
): Result<Passed, Stopped> {
  const custom = askExternal(checkpoint, first, input, trace)
  if (!custom.ok) return custom
  const asked = first.after({ withheld: [], fields: custom.value })
  const tokens = meetRules(checkpoint, asked, input, trace)
  if (!tokens.ok) return tokens
  const { bearer, withheld } = tokens.value
  const fields = bearer === undefined ? NO_FIELDS : bearer.outputs
  if (bearer !== undefined && fields === undefined)
    return err(unanswered(ruleRefusal(bearer.rule, { reason: 'claim-not-forwardable' })))
  const outputs = fields ?? NO_FIELDS
  const view = asked.after({ withheld, fields: outputs })
  const { request, plan } = input
  const facts = new RequestFacts({ request, view, token: bearer?.facts, checkpoint, plan })
  const verdict = checkpoint.policies.decide(facts)
  if (trace !== undefined) tracePolicies(trace, checkpoint, facts, verdict)
  const observations = checkpoint.policies.observe(facts)
  if (!verdict.allowed) return err({ ...unanswered(deniedBy(verdict, checkpoint)), observations })
  return ok({
    bearer,
    withheld,
    fields: [takenOff(custom.value, withheld), outputs].filter((pairs) => pairs.length > 0),
    replaced: custom.value.length === 0 ? NO_NAMES : new Set(namesOf(custom.value)),
    observations,
  })
}

function unanswered(refusal: AuthenticationRefusal): CheckpointRefusal {
  return { ...refusal, response: undefined, observations: [] }
}

/** The fields that whoever must be asked adds; none where nobody must be. */
function askExternal(
  checkpoint: Checkpoint,
  view: RequestView,
  { request, plan, external }: CheckpointInput,
  trace: Trace | undefined,
): Result<readonly string[], CheckpointRefusal | Wait> {
  const { policies, authorizers } = checkpoint
  if (!policies.asks) return NOTHING_ADDED
  const facts = new RequestFacts({ request, view, token: undefined, checkpoint, plan })
  const rule = policies.custom(facts)
  const authorizer = authorizers.get(rule?.policy.provider ?? '')
  if (rule === undefined) return NOTHING_ADDED
  if (authorizer === undefined) throw new Error('a policy names an authorizer that the plan does not have')
  const { query } = view
  const { authority, path } = view.asked
  const question = {
    method: request.method,
    host: authority,
    target: query === undefined ? path : `${path}?${query}`,
    headers: facts.headers,
  }
  const answer = external.ask(checkpoint, authorizer, question)
  if (answer instanceof Wait) return err(answer)
  if (trace !== undefined) traceCustom(trace, rule, authorizer, answer)
  return answer.allowed ? ok(answer.fields) : err(externallyDenied(rule, answer))
}

const NO_FIELDS: readonly string[] = []
const NOTHING_ADDED = ok(NO_FIELDS)

function meetRules(
  { tokenRules }: Checkpoint,
  view: RequestView,
  { request, plan, nowMs, tokens, signatures, turnstile, awaited }: CheckpointInput,
  trace: Trace | undefined,
): Result<{ bearer: Bearer | undefined; withheld: readonly TokenLocation[] }, CheckpointRefusal | TokenWait> {
  if (tokenRules.length === 0) return NOBODY
  if (isPreflight(request)) {
    trace?.push({
      stage: 'token',
      outcome: 'skipped',
      message: 'tokens of a CORS preflight are not looked at',
    })
    return NOBODY
  }
  const places = { headers: view.headers, query: view.query, form: undefined }
  const outcome = verifyByRules(
    {
      request,
      trustedPeers: plan.trustedPeers,
      rules: tokenRules,
      places,
      nowMs,
      limits: plan.tokenLimits,
      tokens,
      signatures,
      turnstile,
      awaited,
    },
    trace,
  )
  if (outcome.ok) return outcome
  return err(outcome.error instanceof TokenWait ? outcome.error : unanswered(outcome.error))
}

const NOBODY = ok({ bearer: undefined, withheld: [] })

/** A browser asks so before it sends a token, and cannot send one along (Fetch §3.2.2). */
function isPreflight({ method, headers }: InboundRequest): boolean {
  return method === 'OPTIONS' && says(headers, 'origin') && says(headers, 'access-control-request-method')
}

function says(headers: readonly string[], lowerName: string): boolean {
  return (headerValues(headers, lowerName)[0] ?? '') !== ''
}

function joined(a: Passed, b: Passed): Passed {
  const names = new Set(b.fields.flatMap((pairs) => namesOf(pairs)))
  return {
    bearer: a.bearer ?? b.bearer,
    withheld:
      b.withheld.length === 0
        ? a.withheld
        : a.withheld.length === 0
          ? b.withheld
          : [...a.withheld, ...b.withheld],
    // What the later sets takes the place of what the earlier set.
    fields: [...a.fields.map((list) => takenOff(without(list, names), b.withheld)), ...b.fields],
    replaced: b.replaced.size === 0 ? a.replaced : new Set([...a.replaced, ...b.replaced]),
    observations: [...a.observations, ...b.observations],
  }
}

function namesOf(pairs: readonly string[]): readonly string[] {
  return pairs.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
}

function without(pairs: readonly string[], names: ReadonlySet<string>): readonly string[] {
  if (!namesOf(pairs).some((name) => names.has(name))) return pairs
  return pairs.filter((_, index) => !names.has((pairs[index - (index % 2)] ?? '').toLowerCase()))
}
