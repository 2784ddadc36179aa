import type { InboundRequest } from '../inbound/request.ts'
import { CHECKS_AT_ONCE, TokenCache, Turnstile } from '../authn/index.ts'
import { Fault } from '../errors/fault.ts'
import type { ExternalChecks } from '../authz/index.ts'
import { ok } from '../kernel/result.ts'
import type { Plan } from '../plan/plan.ts'
import { Trace, type Step } from '../policy/index.ts'
import type { UpstreamRequest } from '../proxy/upstream.ts'
import { decide, type Decision } from './decide.ts'
import { examine, unreadableForm } from './examine.ts'
import { formOf } from './read-form.ts'
import { errorResponse, type ErrorResponse } from './respond.ts'

/** What would become of a request, and why: the answer of `claimgate explain`, and of the control plane. */
export interface Explanation {
  readonly outcome: Decision['outcome']
  readonly steps: readonly Step[]
  /** What the client would get from the gateway itself; undefined where the backend answers. */
  readonly response: ErrorResponse | undefined
  readonly code: string | undefined
  readonly reason: string | undefined
  readonly detail: string | undefined
  /** What the backend would get. */
  readonly upstream: UpstreamRequest | undefined
}

export interface ExplainedRequest {
  readonly request: InboundRequest
  readonly body: Buffer | undefined
  readonly nowMs: number
  readonly requestId: string
}

/** Nobody outside is asked about a request that is not sent; what else is wrong with it is found out so. */
const NOBODY_ASKED: ExternalChecks = { ask: () => ({ allowed: true, fields: [], assumed: true }) }

/** Decides a request that is given as data, by the very code that serves, and keeps every step with its values. */
export function explain(plan: Plan, { request, body, nowMs, requestId }: ExplainedRequest): Explanation {
  const trace = new Trace(true)
  const decision = decideWhole()
  if (decision.outcome === 'forward') {
    return {
      outcome: 'forward',
      steps: trace.steps,
      response: undefined,
      code: undefined,
      reason: undefined,
      detail: undefined,
      upstream: decision.upstream,
    }
  }
  const { refusal, style, headers, response } = decision
  const answer = { refusal, style, requestId, headers, request }
  return {
    outcome: 'refuse',
    steps: trace.steps,
    response: errorResponse(response === undefined ? answer : { ...answer, response }),
    code: refusal.code,
    reason: refusal.reason,
    detail: refusal.detail,
    upstream: undefined,
  }

  function decideWhole(): Decision {
    const examined = examine(plan, request, trace)
    if (!examined.ok) return examined.error
    const { form: type, route } = examined.value
    const form =
      type === undefined
        ? ok(undefined)
        : formOf(request.method, type, body ?? Buffer.alloc(0), plan.spec.http.maxFormBytes)
    if (!form.ok) return unreadableForm(form.error, route, trace)
    const circumstances = {
      nowMs,
      requestId,
      tokens: new TokenCache(),
      signatures: CHECKS_AT_ONCE,
      turnstile: new Turnstile({ now: () => nowMs }),
      awaited: undefined,
      external: NOBODY_ASKED,
    }
    const decided = decide(examined.value, form.value, circumstances, trace)
    if (decided.outcome === 'wait') throw new Fault('nothing is waited for where all is decided at once')
    return decided
  }
}
