import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AdminSpec } from '../../config/index.ts'
import { Fault } from '../../errors/fault.ts'
import { listenFault } from '../../inbound/node/listen-fault.ts'
import type { Log } from '../../telemetry/log.ts'
import { addressText } from '../address-text.ts'
import { healthPage, readinessPage, textPage, type Page, type Pages, type Readiness } from './pages.ts'

/**
 * The address where the gateway tells of itself. It opens before the gateway serves and closes after it has drained, so
 * that whoever asks is told of both. Its answers are no refusals of the catalogue: no client of the gateway gets them.
 */
export class AdminServer {
  /** `http://127.0.0.1:9901`. */
  readonly address: string
  readonly #server: Server
  readonly #state: State

  private constructor(server: Server, address: string, state: State) {
    this.#server = server
    this.address = address
    this.#state = state
  }

  /** Opens the address; throws a Fault where it cannot be opened. Only `/healthz` and `/readyz` are there before `serve`. */
  static async open(spec: AdminSpec, log: Log): Promise<AdminServer> {
    const state = new State()
    const server = createServer(LIMITS, (request, response) => void answer(request, response, state, log))
    server.maxConnections = MAX_CONNECTIONS
    server.timeout = IDLE_MS
    const bound = await listen(server, spec)
    return new AdminServer(server, addressText({ ...spec, tls: undefined }, bound), state)
  }

  /** The gateway serves from now on, and these pages with it. */
  serve(pages: Pages): void {
    this.#state.pages = new Map([...this.#state.pages, ...pages])
    this.#state.readiness = 'ready'
  }

  /** The gateway is about to stop: no more requests should be sent to it. */
  drain(): void {
    this.#state.readiness = 'draining'
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

/** A scraper sends some hundred bytes, at once, and reads what it asked for. */
const IDLE_MS = 10_000
const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  keepAliveTimeout: IDLE_MS,
  connectionsCheckingInterval: 1000,
}
/** A few scrapers, probes and people; the rest of the descriptors is for clients. */
const MAX_CONNECTIONS = 64

/** What changes while the address is open. */
class State {
  readiness: Readiness = 'starting'
  pages: Pages = new Map([
    ['/healthz', healthPage],
    ['/readyz', readinessPage(() => this.readiness)],
  ])
}

function listen(
  server: Server,
  { host, port }: AdminSpec,
): Promise<{ readonly address: string; readonly port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(listenFault(host, port, cause)))
    server.listen({ host, port }, () => {
      const bound = server.address()
      if (bound === null || typeof bound === 'string')
        return reject(new Fault('the admin address is no network address'))
      // Later errors are those of single connections that could not be taken; the next one may.
      server.on('error', () => {})
      resolve({ address: bound.address, port: bound.port })
    })
  })
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  state: State,
  log: Log,
): Promise<void> {
  const { status, contentType, body } = await pageFor(request, response, state, log)
  const bytes = Buffer.from(body, 'utf8')
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  // node:http leaves the body out where HEAD asked.
  response.end(bytes)
}

async function pageFor(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  { pages }: State,
  log: Log,
): Promise<Page> {
  const mark = url.indexOf('?')
  const make = pages.get(mark === -1 ? url : url.slice(0, mark))
  if (make === undefined) return textPage(404, `nothing is here; try ${[...pages.keys()].join(', ')}`)
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return textPage(405, 'this can only be read; use GET')
  }
  try {
    return await make()
  } catch (cause) {
    log.error('a page of the admin address could not be made', {
      error: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
    })
    return textPage(500, 'unexpected error; the log says more')
  }
}
