import type { Engine } from '../../src/gateway/engine.ts'
import { FieldList } from '../../src/http1/index.ts'
import type { NodeListener } from '../../src/inbound/node/listener.ts'
import { createConnectionBudget } from '../../src/inbound/node/connection-budget.ts'
import type { NodeListenerSettings } from '../../src/inbound/node/settings.ts'
import type { Exchange } from '../../src/inbound/exchange.ts'
import type { Refusal } from '../../src/errors/refusal.ts'
import { catalogEntry } from '../../src/errors/catalog.ts'
import type { HttpBackendSpec } from '../../src/plan/spec.ts'
import { endToEnd } from '../../src/proxy/hop-by-hop.ts'
import { createUpstream } from '../../src/proxy/node/upstreams.ts'
import { UpstreamRequest, type Upstream } from '../../src/proxy/upstream.ts'

/** One thing that the gateway was told of an exchange. */
export interface Outcome {
  readonly kind: 'answered' | 'done' | 'failed' | 'broken' | 'problem'
  readonly status?: number
  readonly refusal?: Refusal
}

/** A gateway that forwards every exchange to one backend and answers refusals with their code. */
export interface ForwardingGateway {
  readonly port: number
  readonly listener: NodeListener
  readonly upstream: Upstream
  readonly outcomes: Outcome[]
  /** Resolves with the first outcome of this kind, past or to come. */
  outcome(kind: Outcome['kind']): Promise<Outcome>
  [Symbol.asyncDispose](): Promise<void>
}

export interface GatewayOptions {
  readonly backend?: Partial<HttpBackendSpec>
  readonly upstream?: Upstream
  readonly timeouts?: Partial<NodeListenerSettings['timeouts']>
  readonly limits?: Partial<NodeListenerSettings['limits']>
  readonly tls?: NodeListenerSettings['tls']
  /** Looks at an exchange first; true where it has answered it itself. */
  readonly intercept?: (exchange: Exchange) => boolean
}

const ORIGIN = { file: 'test', line: 1 }

export function httpBackend(more: Partial<HttpBackendSpec>): HttpBackendSpec {
  return {
    kind: 'http',
    name: 'backend',
    origin: ORIGIN,
    urls: [],
    hostHeader: 'client',
    connectTimeoutMs: 1000,
    firstByteTimeoutMs: 1000,
    idleTimeoutMs: 1000,
    maxConnections: 100,
    ca: undefined,
    ...more,
  }
}

const isHost = (name: string): boolean => name.toLowerCase() === 'host'

export async function startForwardingGateway(
  engine: Engine,
  options: GatewayOptions,
): Promise<ForwardingGateway> {
  const upstream =
    options.upstream ??
    (await createUpstream(httpBackend(options.backend ?? {}), { ...engine, onProblem: () => {} }))
  const outcomes: Outcome[] = []
  const waiting: { kind: Outcome['kind']; resolve: (outcome: Outcome) => void }[] = []
  const note = (outcome: Outcome): void => {
    outcomes.push(outcome)
    for (const waiter of waiting) if (waiter.kind === outcome.kind) waiter.resolve(outcome)
  }
  const settings: NodeListenerSettings = {
    host: '127.0.0.1',
    port: 0,
    tls: options.tls,
    limits: {
      maxHeadBytes: 16_384,
      maxHeaders: 100,
      maxRequestsPerConnection: undefined,
      connections: createConnectionBudget(1000),
      ...options.limits,
    },
    timeouts: { headMs: 2000, bodyIdleMs: 2000, keepAliveIdleMs: 2000, ...options.timeouts },
  }
  const listener = engine.createListener(
    settings,
    (exchange) => {
      if (options.intercept?.(exchange) === true) return
      forward(exchange, upstream, note)
    },
    (refusal) => {
      note({ kind: 'problem', refusal })
      const body = Buffer.from(`${refusal.code} ${refusal.reason}`)
      return { status: catalogEntry(refusal.code).status, headers: ['Content-Type', 'text/plain'], body }
    },
  )
  const { port } = await listener.listen()
  return {
    port,
    listener,
    upstream,
    outcomes,
    outcome: (kind) =>
      new Promise((resolve, reject) => {
        const past = outcomes.find((outcome) => outcome.kind === kind)
        if (past !== undefined) return resolve(past)
        const timer = setTimeout(
          () => reject(new Error(`no outcome ${kind}, but ${JSON.stringify(outcomes)}`)),
          10_000,
        )
        waiting.push({
          kind,
          resolve: (outcome) => {
            clearTimeout(timer)
            resolve(outcome)
          },
        })
      }),
    async [Symbol.asyncDispose]() {
      listener.destroyAll()
      await upstream.close()
    },
  }
}

function forward(exchange: Exchange, upstream: Upstream, note: (outcome: Outcome) => void): void {
  const { method, target, headers, authority } = exchange.request
  const fields = [new FieldList(endToEnd(headers).filter((_, i, all) => !isHost(all[i - (i % 2)]!)))]
  const request = new UpstreamRequest({ method, target, host: authority, fields, body: undefined })
  upstream.send(request, exchange, {
    answered: (status) => note({ kind: 'answered', status }),
    done: () => note({ kind: 'done' }),
    failed: (refusal) => {
      note({ kind: 'failed', refusal })
      const body = Buffer.from(`${refusal.code} ${refusal.reason}`)
      const fields = new FieldList(['Content-Type', 'text/plain'])
      exchange.response.head(catalogEntry(refusal.code).status, fields, body.length)
      exchange.response.write(body)
      exchange.response.end()
    },
    broken: (refusal) => note({ kind: 'broken', refusal }),
  })
}
