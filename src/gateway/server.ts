import { PooledChecks, TokenCache } from '../authn/index.ts'
import type { Configuration, ListenerSpec } from '../config/index.ts'
import { Fault } from '../errors/fault.ts'
import { readCertificates, type Certificates } from '../inbound/node/certificates.ts'
import { createConnectionBudget, type ConnectionBudget } from '../inbound/node/connection-budget.ts'
import type { NodeListener } from '../inbound/node/listener.ts'
import type { Clock } from '../kernel/clock.ts'
import { buildPlan } from '../plan/build.ts'
import { UpstreamSet } from '../proxy/node/upstreams.ts'
import type { AccessLog } from '../telemetry/access-log.ts'
import type { Log } from '../telemetry/log.ts'
import { ENGINES } from './engine.ts'
import { Live } from './live.ts'
import { serve, type PipelineContext } from './pipeline.ts'
import { connectionRefuser } from './refuse-connection.ts'

export interface ServerDependencies {
  readonly clock: Clock
  readonly log: Log
  readonly accessLog: AccessLog | undefined
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
  /** Takes no more connections, lets requests finish for the configured time, then ends what is left. */
  drain(): Promise<void>
  /** Ends everything now. */
  kill(): void
}

/** Listens on every address of the configuration, or on none: a failure closes what was opened and is thrown. */
export async function startServer(first: Configuration, dependencies: ServerDependencies): Promise<Server> {
  const { log } = dependencies
  const upstreams = new UpstreamSet({
    createHttpUpstream: ENGINES[first.server.engine].createHttpUpstream,
    onProblem: (backend, cause) => log.error('a function failed', { backend, error: errorText(cause) }),
  })
  const live = new Live({
    plan: buildPlan(first.plan),
    upstreams: await upstreams.replace(first.plan.backends),
    tokens: new TokenCache(),
  })
  const context: PipelineContext = {
    ...dependencies,
    live,
    signatures: new PooledChecks(),
    steps: first.server.log.steps,
  }
  const budget = createConnectionBudget(first.server.limits.maxConnections)
  const listeners = first.server.listeners.map((spec) => openListener(spec, first, context, budget))
  try {
    const addresses: string[] = []
    for (const [index, listener] of listeners.entries()) {
      addresses.push(addressText(first.server.listeners[index], await listener.listen()))
    }
    return new RunningServer({ configuration: first, addresses, live, upstreams, listeners })
  } catch (cause) {
    for (const listener of listeners) listener.destroyAll()
    await upstreams.close()
    throw cause
  }
}

interface Parts {
  readonly configuration: Configuration
  readonly addresses: readonly string[]
  readonly live: Live
  readonly upstreams: UpstreamSet
  readonly listeners: readonly NodeListener[]
}

class RunningServer implements Server {
  readonly addresses: readonly string[]
  readonly #parts: Parts
  /** What runs: a later one replaces the plan, the backends and the certificates, and nothing else. */
  readonly #configuration: Configuration

  constructor(parts: Parts) {
    this.addresses = parts.addresses
    this.#parts = parts
    this.#configuration = parts.configuration
  }

  async publish(next: Configuration): Promise<boolean> {
    const { live, upstreams } = this.#parts
    // Everything that can fail comes first; from `live.publish` on nothing does.
    const plan = buildPlan(next.plan)
    const certificates = new Map(
      next.server.listeners.map((spec) => [placeOf(spec), readListenerCertificates(spec)]),
    )
    live.publish({
      plan,
      upstreams: await upstreams.replace(next.plan.backends),
      tokens: new TokenCache(),
    })
    this.#renewCertificates(certificates)
    return needsRestart(this.#configuration, next)
  }

  #renewCertificates(certificates: ReadonlyMap<string, Certificates | undefined>): void {
    for (const [index, listener] of this.#parts.listeners.entries()) {
      const spec = this.#configuration.server.listeners[index]
      const renewed = spec?.tls === undefined ? undefined : certificates.get(placeOf(spec))
      if (renewed !== undefined) listener.setCertificates(renewed)
    }
  }

  async drain(): Promise<void> {
    const { listeners, upstreams } = this.#parts
    const closed = Promise.all(listeners.map((listener) => listener.close()))
    const timer = setTimeout(() => this.kill(), this.#configuration.server.timeouts.drainMs)
    await closed
    clearTimeout(timer)
    await upstreams.close()
  }

  kill(): void {
    for (const listener of this.#parts.listeners) listener.destroyAll()
  }
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
  const certificates = readCertificates(tls.certificates)
  if (!certificates.ok)
    throw new Fault(certificates.error, { hint: 'check `cert` and `key` of the listener' })
  return certificates.value
}

function placeOf({ host, port }: ListenerSpec): string {
  return `${host} ${port}`
}

/** Whether something changed that is read at the start alone. Certificates are not: they are swapped. */
function needsRestart(before: Configuration, after: Configuration): boolean {
  const fixed = ({ server }: Configuration): string =>
    JSON.stringify({
      ...server,
      listeners: server.listeners.map(({ host, port, tls }) => ({ host, port, minVersion: tls?.minVersion })),
    })
  return fixed(before) !== fixed(after)
}

function addressText(
  spec: ListenerSpec | undefined,
  bound: { readonly address: string; readonly port: number },
): string {
  const host = bound.address.includes(':') ? `[${bound.address}]` : bound.address
  return `${spec?.tls === undefined ? 'http' : 'https'}://${host}:${bound.port}`
}

function errorText(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}
