import { CATALOG, type ErrorCode } from '../errors/catalog.ts'
import type { Refusal } from '../errors/refusal.ts'
import type { Plan, Route } from '../plan/plan.ts'
import type { AccessEntry } from '../telemetry/access-log.ts'
import { Histogram, NamedCounters, type Collector, type MetricsSink } from '../telemetry/metrics/index.ts'

/** How a request ended. */
type Outcome = AccessEntry['outcome']

/** More routes or backends than this are counted together: each is a time series or several, for ever. */
const MAX_NAMES = 1000
const OUTCOMES = ['forward', 'refuse', 'broken'] as const satisfies readonly Outcome[]
/** By the first digit of a status; 0 stands for no answer. */
const STATUS_CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const
/** The route of requests that no route took. */
const NO_ROUTE = 'none'

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `Object.keys` forgets what the keys are
const CODES = Object.keys(CATALOG) as ErrorCode[]
const CODE_INDEX: ReadonlyMap<ErrorCode, number> = new Map(CODES.map((code, index) => [code, index]))

/**
 * Counts requests as they end. A mutable cell, which is there only where somebody can ask for it: counting is done for
 * every request, and allocates nothing. Names come from the configuration alone, never from a request.
 */
export class RequestMetrics implements Collector {
  readonly #outcomes: Readonly<Record<Outcome, OutcomeMetrics>> = {
    forward: new OutcomeMetrics(),
    refuse: new OutcomeMetrics(),
    broken: new OutcomeMetrics(),
  }
  readonly #refusals = new Float64Array(CODES.length)
  readonly #routes = new NamedCounters(STATUS_CLASSES.length, MAX_NAMES + 1)
  readonly #failures = new NamedCounters(CODES.length, MAX_NAMES)

  constructor(plan: Plan) {
    this.follow(plan)
  }

  /** Called when a plan is published: its routes and backends are counted from now on. */
  follow({ spec }: Plan): void {
    this.#routes.follow([NO_ROUTE, ...spec.routes.map(({ name }) => name)])
    this.#failures.follow(spec.backends.map(({ name }) => name))
  }

  /** A request has ended. `status` is what the client got, 0 for nothing. */
  ended(
    outcome: Outcome,
    status: number,
    refusal: Refusal | undefined,
    route: Route | undefined,
    durationMs: number,
  ): void {
    const metrics = this.#outcomes[outcome]
    metrics.requests++
    metrics.durations.observe(durationMs / 1000)
    this.#routes.add(route === undefined ? NO_ROUTE : route.spec.name, Math.trunc(status / 100))
    if (refusal !== undefined) this.#failed(outcome, refusal, route)
  }

  /** What came was no request: it has no route, and took no time that could be told. */
  notRequested(status: number, { code }: Refusal): void {
    this.#outcomes.refuse.requests++
    this.#routes.add(NO_ROUTE, Math.trunc(status / 100))
    this.#countCode(code)
  }

  #failed(outcome: Outcome, { code }: Refusal, route: Route | undefined): void {
    if (outcome === 'refuse') this.#countCode(code)
    if (route !== undefined && code.startsWith('GW_UPSTREAM_'))
      this.#failures.add(route.backend, CODE_INDEX.get(code) ?? 0)
  }

  #countCode(code: ErrorCode): void {
    const index = CODE_INDEX.get(code) ?? 0
    this.#refusals[index] = (this.#refusals[index] ?? 0) + 1
  }

  collect(out: MetricsSink): void {
    for (const outcome of OUTCOMES) {
      const { requests, durations } = this.#outcomes[outcome]
      out.value('claimgate_requests_total', [outcome], requests)
      out.histogram('claimgate_request_duration_seconds', [outcome], durations)
    }
    for (const [index, code] of CODES.entries())
      out.value('claimgate_refusals_total', [code], this.#refusals[index] ?? 0)
    this.#routes.each((route, status, count) =>
      out.value('claimgate_route_requests_total', [route, STATUS_CLASSES[status] ?? 'none'], count),
    )
    this.#failures.each((backend, code, count) =>
      out.value('claimgate_upstream_failures_total', [backend, CODES[code] ?? 'GW_INTERNAL'], count),
    )
  }
}

class OutcomeMetrics {
  requests = 0
  readonly durations = new Histogram('claimgate_request_duration_seconds')
}
