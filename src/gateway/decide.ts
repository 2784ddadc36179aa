import {
  authenticate,
  TokenWait,
  type AwaitedToken,
  type Principal,
  type SignatureChecks,
  type TokenCache,
  type Turnstile,
} from '../authn/index.ts'
import { authorize, type ExternalChecks, type Permit, type Stopped } from '../authz/index.ts'
import type { Form } from '../inbound/fields/form.ts'
import type { Trace } from '../policy/index.ts'
import { Wait } from '../kernel/wait.ts'
import { identityOf } from '../proxy/identity.ts'
import { previewRequest, rewriteRequest } from '../proxy/rewrite.ts'
import type { UpstreamRequest } from '../proxy/upstream.ts'
import { refused, type Examined, type Refused } from './examine.ts'

export interface Forwarded {
  readonly outcome: 'forward'
  readonly permit: Permit
  readonly upstream: UpstreamRequest
}

/** What becomes of one request, as data: the server carries it out, `explain` prints it. */
export type Decision = Forwarded | Refused

/** There is no decision yet: the same is decided again when the wait is over, with `awaited`. */
export interface Waiting {
  readonly outcome: 'wait'
  readonly wait: Wait
  readonly awaited: AwaitedToken | undefined
}

export interface Circumstances {
  readonly nowMs: number
  /** What is known of tokens under the plan. */
  readonly tokens: TokenCache
  readonly signatures: SignatureChecks
  readonly turnstile: Turnstile
  readonly requestId: string
  /** What this request has waited for before. */
  readonly awaited: AwaitedToken | undefined
  /** Who asks services outside whether this request may go on. */
  readonly external: ExternalChecks
}

/**
 * Steps 5 to 8 of a request, from the token to the request that the backend gets. `form` is the form in the body
 * where `examined.wantsForm` asked for it.
 */
export function decide(
  examined: Examined,
  form: Form | undefined,
  circumstances: Circumstances,
  trace: Trace | undefined,
): Decision | Waiting {
  const { nowMs, requestId, tokens, signatures, turnstile, awaited } = circumstances
  const { plan, request, path, query, route, cover } = examined
  const places = { headers: request.headers, query, form }
  const authenticated = authenticate(
    {
      request,
      trustedPeers: plan.trustedPeers,
      cover,
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
  if (!authenticated.ok) {
    const { error } = authenticated
    return error instanceof TokenWait
      ? { outcome: 'wait', wait: error.wait, awaited: error.awaited }
      : { ...refused(error.refusal, error.style, route), late: error.late }
  }
  const principal = authenticated.value
  const authorized = authorize(examined, principal, circumstances, previewRequest, trace)
  if (!authorized.ok) return stopped(authorized.error, examined, awaited)
  const permit = authorized.value
  const identity = identityOf(principal, trace)
  if (!identity.ok) {
    const { observations } = permit.passed
    return { ...refused(identity.error, styleOf(principal), route), observations }
  }
  const upstream = rewriteRequest({
    permit,
    request,
    path,
    query,
    form,
    identity: identity.value,
    requestId,
    trustedPeers: plan.trustedPeers,
  })
  trace?.push({
    stage: 'backend',
    outcome: 'passed',
    message: `forwarded to backend \`${route.backend}\``,
    subject: route.backend,
  })
  return { outcome: 'forward', permit, upstream }
}

function stopped(error: Stopped, { route }: Examined, awaited: AwaitedToken | undefined): Refused | Waiting {
  if (error instanceof TokenWait) return { outcome: 'wait', wait: error.wait, awaited: error.awaited }
  if (error instanceof Wait) return { outcome: 'wait', wait: error, awaited }
  const { late, observations } = error
  const refusal = { ...refused(error.refusal, error.style, route), late, observations }
  return error.response === undefined ? refusal : { ...refusal, response: error.response }
}

function styleOf(principal: Principal | undefined): Refused['style'] {
  return principal?.authentication.spec.refusals ?? 'problem'
}
