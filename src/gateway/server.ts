import type { Socket } from 'node:net'
import { availableParallelism } from 'node:os'
import { PooledChecks, TokenCache, Turnstile } from '../authn/index.ts'
import type { Configuration, ListenerSpec } from '../config/index.ts'
import { Fault } from '../errors/fault.ts'
import { readCertificates, type Certificates } from '../inbound/node/certificates.ts'
import { createConnectionBudget, type ConnectionBudget } from '../inbound/node/connection-budget.ts'
import type { NodeListener } from '../inbound/node/listener.ts'
import type { Clock } from '../kernel/clock.ts'
import type { KeyStore } from '../keys/index.ts'
import { buildPlan } from '../plan/build.ts'
import { keySourcesOf } from '../plan/key-sources.ts'
import { Authorizers } from '../proxy/node/authorizers.ts'
import { UpstreamSet } from '../proxy/node/upstreams.ts'
import type { AccessLog } from '../telemetry/access-log.ts'
import type { Log } from '../telemetry/log.ts'
import { snapshotOf, type Collector, type MetricsSnapshot } from '../telemetry/metrics/index.ts'
import { addressText } from './address-text.ts'
import { dataPlaneMetrics } from './data-plane-metrics.ts'
import { ENGINES } from './engine.ts'
import { LateAnswers } from './late-answers.ts'
import { Live } from './live.ts'
import { needsRestart } from './needs-restart.ts'
import { serve, type PipelineContext } from './pipeline.ts'
import { connectionRefuser } from './refuse-connection.ts'
import { RequestMetrics } from './request-metrics.ts'

export interface ServerDependencies {
  readonly clock: Clock
  readonly log: Log
  readonly accessLog: AccessLog | undefined
  /** What was fetched; fed from where keys are fetched, which may be another process. */
  readonly keys: KeyStore
}

/** The data plane as one thing: listeners, what is published, and the way to stop. */
export interface Server {
  /** `http://127.0.0.1:8080` each, in the order of the configuration. */
  readonly addresses: readonly string[]
  /**
   * Swaps in another plan with its backends and certificates; requests under way keep what they began with. Answers
   * whether something else changed, too, which only a restart brings into effect.
   */
  publish(next: Configuration): Promise<boolean>
  /** What was counted so far; nothing where the configuration has no address to ask at. */
  measure(): MetricsSnapshot | Promise<MetricsSnapshot>
  /** Takes no more connections, lets requests finish for the configured time, then ends what is left. */
  drain(): Promise<void>
  /** Ends everything now. */
  kill(): void
}

/** A change that is ready to be published. One of the two is called, once; neither can fail. */
export interface Prepared {
  commit(): void
  abandon(): void
}

/** The data plane without addresses of its own: another process has them, and hands connections over. */
export interface HandedServer {
  /** Open client connections. */
  readonly connections: number
  /** Makes everything ready that can fail, so that several processes can publish together or not at all. */
  prepare(next: Configuration): Promise<Prepared>
  /** Serves a connection to one of the listeners, by its place in the configuration. */
  adopt(listener: number, socket: Socket): void
  measure(): MetricsSnapshot
  drain(): Promise<void>
  kill(): void
}

/** Listens on every address of the configuration, or on none: a failure closes what was opened and is thrown. */
export async function startServer(first: Configuration, dependencies: ServerDependencies): Promise<Server> {
  const parts = await assemble(first, dependencies)
  const { listeners, upstreams } = parts
  try {
    const addresses: string[] = []
    for (const { spec, listener } of listeners) addresses.push(addressText(spec, await listener.listen()))
    return new RunningServer(parts, addresses)
  } catch (cause) {
    for (const { listener } of listeners) listener.destroyAll()
    await upstreams.close()
    throw cause
  }
}

export async function startHandedServer(
  first: Configuration,
  dependencies: ServerDependencies,
): Promise<HandedServer> {
  return new RunningServer(await assemble(first, dependencies), [])
}

interface Parts {
  readonly keys: KeyStore
  readonly configuration: Configuration
  readonly live: Live
  readonly upstreams: UpstreamSet
  readonly lateAnswers: LateAnswers
  readonly metrics: RequestMetrics | undefined
  readonly collectors: readonly Collector[]
  readonly listeners: readonly { readonly spec: ListenerSpec; readonly listener: NodeListener }[]
}

async function assemble(first: Configuration, dependencies: ServerDependencies): Promise<Parts> {
  const { log } = dependencies
  const upstreams = new UpstreamSet({
    createHttpUpstream: ENGINES[first.server.engine].createHttpUpstream,
    onProblem: (backend, cause) => log.error('a function failed', { backend, error: errorText(cause) }),
  })
  const plan = buildPlan(first.plan, dependencies.keys)
  const live = new Live({
    plan,
    upstreams: await upstreams.replace(first.plan.backends),
    tokens: new TokenCache(),
    authorizers: authorizersOf(first),
  })
  const turnstile = new Turnstile(dependencies.clock)
  const metrics = first.server.admin === undefined ? undefined : new RequestMetrics(plan)
  const lateAnswers = new LateAnswers()
  const context: PipelineContext = {
    ...dependencies,
    metrics,
    live,
    turnstile,
    signatures: new PooledChecks(turnstile, availableParallelism()),
    lateAnswers,
    steps: first.server.log.steps,
  }
  const budget = createConnectionBudget(first.server.limits.maxConnections)
  const listeners = first.server.listeners.map((spec) => ({
    spec,
    listener: openListener(spec, first, context, budget),
  }))
  const collectors =
    metrics === undefined ? [] : [metrics, dataPlaneMetrics({ live, turnstile, budget, listeners })]
  return {
    configuration: first,
    live,
    upstreams,
    lateAnswers,
    metrics,
    collectors,
    listeners,
    keys: dependencies.keys,
  }
}

class RunningServer implements Server, HandedServer {
  readonly addresses: readonly string[]
  /** The configuration in it is what runs: a later one replaces the plan, the backends and the certificates alone. */
  readonly #parts: Parts
  #draining = false

  constructor(parts: Parts, addresses: readonly string[]) {
    this.addresses = addresses
    this.#parts = parts
  }

  get connections(): number {
    return this.#parts.listeners.reduce((sum, { listener }) => sum + listener.connections, 0)
  }

  async publish(next: Configuration): Promise<boolean> {
    const prepared = await this.prepare(next)
    // Nobody would close what is opened now.
    if (this.#draining) prepared.abandon()
    else prepared.commit()
    return needsRestart(this.#parts.configuration, next)
  }

  async prepare(next: Configuration): Promise<Prepared> {
    const { live, upstreams, metrics, keys } = this.#parts
    const plan = buildPlan(next.plan, keys)
    const certificates = new Map(
      next.server.listeners.map((spec) => [placeOf(spec), readListenerCertificates(spec)]),
    )
    const replacement = await upstreams.prepare(next.plan.backends)
    return {
      commit: () => {
        // Authorizers of the plan before close what is idle by themselves; requests under way may still ask them.
        live.publish({
          plan,
          upstreams: replacement.upstreams,
          tokens: new TokenCache(live.current.tokens.lookups),
          authorizers: authorizersOf(next),
        })
        metrics?.follow(plan)
        replacement.commit()
        keys.keepOnly(keySourcesOf(next.plan))
        this.#renewCertificates(certificates)
      },
      abandon: () => {
        replacement.abandon()
        keys.keepOnly(keySourcesOf(live.current.plan.spec))
      },
    }
  }

  measure(): MetricsSnapshot {
    return snapshotOf(this.#parts.collectors)
  }

  adopt(listener: number, socket: Socket): void {
    const taker = this.#parts.listeners[listener]?.listener
    if (taker === undefined) throw new Error('a connection to a listener that is not there')
    taker.adopt(socket)
  }

  #renewCertificates(certificates: ReadonlyMap<string, Certificates | undefined>): void {
    for (const { spec, listener } of this.#parts.listeners) {
      const renewed = spec.tls === undefined ? undefined : certificates.get(placeOf(spec))
      if (renewed !== undefined) listener.setCertificates(renewed)
    }
  }

  async drain(): Promise<void> {
    const { configuration, listeners, upstreams, lateAnswers } = this.#parts
    this.#draining = true
    const closed = Promise.all(listeners.map(({ listener }) => listener.close()))
    lateAnswers.drain()
    const timer = setTimeout(() => this.kill(), configuration.server.timeouts.drainMs)
    await closed
    clearTimeout(timer)
    await upstreams.close()
    await this.#parts.live.current.authorizers.close()
  }

  kill(): void {
    for (const { listener } of this.#parts.listeners) listener.destroyAll()
  }
}

function authorizersOf({ plan }: Configuration): Authorizers {
  return new Authorizers(plan.checkpoints?.authorizers ?? [])
}

function openListener(
  spec: ListenerSpec,
  { server }: Configuration,
  context: PipelineContext,
  connections: ConnectionBudget,
): NodeListener {
  const certificates = readListenerCertificates(spec)
  return ENGINES[server.engine].createListener(
    {
      host: spec.host,
      port: spec.port,
      tls:
        spec.tls === undefined || certificates === undefined
          ? undefined
          : { certificates, minVersion: spec.tls.minVersion },
      limits: {
        maxHeadBytes: server.limits.maxHeadBytes,
        maxHeaders: server.limits.maxHeaders,
        maxRequestsPerConnection: undefined,
        connections,
      },
      timeouts: server.timeouts,
    },
    (exchange) => serve(exchange, context),
    connectionRefuser(context),
  )
}

function readListenerCertificates({ tls }: ListenerSpec): Certificates | undefined {
  if (tls === undefined) return undefined
  const certificates = readCertificates(tls.certificates, tls.clients)
  if (!certificates.ok)
    throw new Fault(certificates.error, { hint: 'check `cert` and `key` of the listener' })
  return certificates.value
}

function placeOf({ host, port }: ListenerSpec): string {
  return `${host} ${port}`
}

function errorText(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}
