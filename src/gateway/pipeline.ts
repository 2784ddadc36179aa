import { Fault } from '../errors/fault.ts'
import { refuse, type Refusal } from '../errors/refusal.ts'
import type { AwaitedToken, SignatureChecks, Turnstile } from '../authn/index.ts'
import type { ExternalChecks } from '../authz/index.ts'
import { CLIENT_GONE } from '../inbound/client-gone.ts'
import type { Exchange } from '../inbound/exchange.ts'
import type { Form } from '../inbound/fields/form.ts'
import type { Clock } from '../kernel/clock.ts'
import { randomUuid } from '../kernel/uuid.ts'
import type { Route } from '../plan/plan.ts'
import { Trace } from '../policy/index.ts'
import type { Observation } from '../policy/istio/index.ts'
import type { UpstreamEvents } from '../proxy/upstream.ts'
import type { AccessLog } from '../telemetry/access-log.ts'
import type { Log } from '../telemetry/log.ts'
import { accessEntry } from './access-entry.ts'
import { decide, type Decision, type Forwarded, type Waiting } from './decide.ts'
import { examine, refused, unreadableForm, type Examined, type Refused } from './examine.ts'
import { HeldAnswer, type LateAnswers } from './late-answers.ts'
import type { Live, Published } from './live.ts'
import { readForm } from './read-form.ts'
import type { RequestMetrics } from './request-metrics.ts'
import { errorResponse, respond } from './respond.ts'

/** What the pipeline is given; the same for every request. */
export interface PipelineContext {
  readonly live: Live
  readonly signatures: SignatureChecks
  readonly turnstile: Turnstile
  readonly lateAnswers: LateAnswers
  readonly clock: Clock
  readonly log: Log
  /** Undefined where nobody can ask for them, so that nothing is counted. */
  readonly metrics: RequestMetrics | undefined
  /** Undefined where no line is wanted, so that none is made. */
  readonly accessLog: AccessLog | undefined
  /** Which access lines carry the steps of the decision. */
  readonly steps: 'off' | 'refused' | 'all'
}

/**
 * A request, in order: 1 the engine has parsed it; 2 canonical host and path, 3 route, 4 the guards that speak for it
 * (`examine`); the form in its body, where a token or a reserved name may be in it; 5 find the token, 6 verify,
 * 7 authorize, 8 rewrite (`decide`); 9 forward, 10 stream the answer back. Refusals leave at every step.
 */
export function serve(exchange: Exchange, context: PipelineContext): void {
  const passage = new Passage(exchange, context)
  try {
    passage.begin()
  } catch (cause) {
    passage.fault(cause)
  }
}

/** Each wait brings an answer that is remembered; so many answers no token needs. */
const MAX_WAITS = 64

/** One request on its way through. */
class Passage implements UpstreamEvents {
  readonly exchange: Exchange
  readonly startedMs: number
  /** By a clock that nobody sets back or forth; read only where it is measured. */
  readonly #beganMs: number
  readonly requestId: string = randomUuid()
  readonly trace: Trace | undefined
  readonly #context: PipelineContext
  /** What was published when the request came; a later plan is for later requests. */
  readonly #published: Published
  examined: Examined | undefined
  forwarded: Forwarded | undefined
  #route: Route | undefined
  #observations: readonly Observation[] = []
  #awaited: AwaitedToken | undefined
  #external: ExternalChecks | undefined
  #waits = 0
  #status = 0
  #recorded = false

  constructor(exchange: Exchange, context: PipelineContext) {
    this.exchange = exchange
    this.#context = context
    this.startedMs = context.clock.now()
    this.#beganMs = context.metrics === undefined ? 0 : performance.now()
    this.trace = context.steps === 'off' ? undefined : new Trace(false)
    this.#published = context.live.current
  }

  begin(): void {
    const { exchange, trace } = this
    const examined = examine(this.#published.plan, exchange.request, trace)
    if (!examined.ok) return this.#refuse(examined.error)
    this.examined = examined.value
    const { form: type, plan, route } = examined.value
    if (type === undefined || this.#refusedAnyway(examined.value))
      return this.#conclude(examined.value, undefined, this.startedMs)
    readForm(exchange, type, plan.spec.http.maxFormBytes, (form) => {
      try {
        // A form may be long in coming, and a token in it must not expire more slowly for that.
        if (form.ok) this.#conclude(examined.value, form.value, this.#context.clock.now())
        else this.#refuse(unreadableForm(form.error, route, trace))
      } catch (cause) {
        this.fault(cause)
      }
    })
  }

  /** Whether the token, which no form can hold here, is no good: then nobody waits for the form, or keeps it. */
  #refusedAnyway(examined: Examined): boolean {
    if (!examined.cover.required || examined.cover.wantsForm) return false
    return this.#decide(examined, undefined, this.startedMs, undefined).outcome === 'refuse'
  }

  #decide(
    examined: Examined,
    form: Form | undefined,
    nowMs: number,
    trace: Trace | undefined,
  ): Decision | Waiting {
    const { tokens } = this.#published
    const { signatures, turnstile } = this.#context
    const { requestId } = this
    const external = (this.#external ??= this.#published.authorizers.forRequest())
    const circumstances = {
      nowMs,
      requestId,
      tokens,
      signatures,
      turnstile,
      awaited: this.#awaited,
      external,
    }
    return decide(examined, form, circumstances, trace)
  }

  /** Decides, as of the time of the decision. */
  #conclude(examined: Examined, form: Form | undefined, nowMs: number): void {
    const { exchange, trace } = this
    const steps = trace?.steps.length ?? 0
    const decision = this.#decide(examined, form, nowMs, trace)
    if (decision.outcome === 'refuse') return this.#refuse(decision)
    if (decision.outcome === 'wait') {
      trace?.rewind(steps)
      return this.#wait(decision, examined, form)
    }
    this.forwarded = decision
    this.#observations = decision.permit.passed.observations
    const upstream = this.#published.upstreams.get(examined.route.backend)
    if (upstream === undefined) throw new Error('a route names a backend that is not published')
    upstream.send(decision.upstream, exchange, this)
  }

  /** What holds the decision up is worked out elsewhere; then the request is decided again. */
  #wait({ wait, awaited }: Waiting, examined: Examined, form: Form | undefined): void {
    if (++this.#waits > MAX_WAITS) throw new Fault('a decision that waited does not come to an end')
    this.#awaited = awaited
    this.trace?.push({ stage: 'token', outcome: 'noted', message: `waited for ${wait.what}` })
    wait.start(() => {
      try {
        this.#conclude(examined, form, this.#context.clock.now())
      } catch (cause) {
        this.fault(cause)
      }
    })
  }

  /** The only way out with an error. */
  #refuse({ refusal, style, route, headers, response, observations, late }: Refused): void {
    const { exchange, requestId } = this
    const { request } = exchange
    this.#route = route
    // One that fails on its way to the backend has been observed before.
    if (observations.length > 0) this.#observations = observations
    if (exchange.response.started || refusal === CLIENT_GONE) {
      exchange.response.abort()
      return this.#record('broken', refusal)
    }
    const words = { refusal, style, requestId, headers, request }
    const answer = errorResponse(response === undefined ? words : { ...words, response })
    this.#status = answer.status
    if (!late || !this.#context.lateAnswers.hold(new HeldAnswer(exchange, answer, this.#context.log)))
      respond(exchange, answer)
    this.#record('refuse', refusal)
  }

  answered(status: number): void {
    this.#status = status
  }

  done(): void {
    this.#record('forward', undefined)
  }

  failed(refusal: Refusal): void {
    const route = this.examined?.route
    this.#refuse(refused(refusal, route?.spec.refusals, route))
  }

  broken(refusal: Refusal): void {
    this.#record('broken', refusal)
  }

  /** A bug: the client learns nothing but that, the log learns everything. */
  fault(cause: unknown): void {
    const { log } = this.#context
    log.error('a request met a bug of the gateway', {
      requestId: this.requestId,
      error: String(cause),
      stack: cause instanceof Error ? cause.stack : undefined,
    })
    this.failed(refuse('GW_INTERNAL', 'fault'))
  }

  #record(outcome: 'forward' | 'refuse' | 'broken', refusal: Refusal | undefined): void {
    if (this.#recorded) return
    this.#recorded = true
    const { metrics } = this.#context
    if (metrics !== undefined) {
      const route = this.examined?.route ?? this.#route
      metrics.ended(outcome, this.#status, refusal, route, performance.now() - this.#beganMs)
    }
    try {
      this.#writeEntry(outcome, refusal)
    } catch (cause) {
      // A log that cannot be written costs its line, never the process.
      this.#context.log.error('the access log could not be written', { error: String(cause) })
    }
  }

  #writeEntry(outcome: 'forward' | 'refuse' | 'broken', refusal: Refusal | undefined): void {
    const { accessLog, clock, steps } = this.#context
    if (accessLog === undefined) return
    const { examined, forwarded, requestId, startedMs } = this
    accessLog.write(
      accessEntry({
        request: this.exchange.request,
        trustedPeers: this.#published.plan.trustedPeers,
        examined,
        route: examined?.route ?? this.#route,
        forwarded,
        requestId,
        startedMs,
        endedMs: clock.now(),
        outcome,
        status: this.#status,
        refusal,
        observations: this.#observations,
        steps: steps === 'all' || outcome !== 'forward' ? this.trace?.steps : undefined,
      }),
    )
  }
}
