import { isIP } from 'node:net'
import { buildConnector, Pool } from 'undici'
import type { HttpBackendSpec } from '../../plan/spec.ts'
import { WaitingRoom } from './waiting-room.ts'

/** Larger than any honest head of a response (Envoy allows 60 KiB), and no burden when many come at once. */
export const MAX_RESPONSE_HEAD_BYTES = 64 * 1024

/** As many requests may wait as are under way, and some more where a backend takes only a few at a time. */
const MIN_WAITING = 1000

/** After a failure to connect the other URLs are asked first for so long: about a restart of a small service. */
const AVOIDED_MS = 5000

/** One URL of a backend, with its connections. */
export class Target {
  /** As configured, for people. */
  readonly url: string
  readonly secure: boolean
  /** Name or address without brackets. */
  readonly hostname: string
  readonly port: number
  /** The Host field of the URL itself. */
  readonly authority: string
  /** What goes before the path of each request; empty, or a path without a final slash. */
  readonly basePath: string
  readonly room: WaitingRoom
  avoided = false
  readonly #spec: HttpBackendSpec
  #pool: Pool | undefined

  constructor(spec: HttpBackendSpec, url: string) {
    const { protocol, hostname, port, host, pathname } = new URL(url)
    this.#spec = spec
    this.url = url
    this.secure = protocol === 'https:'
    this.hostname = hostname.replace(/^\[|\]$/g, '')
    this.port = port === '' ? (this.secure ? 443 : 80) : Number(port)
    this.authority = host
    this.basePath = pathname.replace(/\/+$/, '')
    this.room = new WaitingRoom(spec.maxConnections, Math.max(MIN_WAITING, spec.maxConnections))
  }

  get name(): string {
    return this.#spec.name
  }

  /**
   * The name that TLS asks for and checks the certificate against: the configured one. INVARIANT: never the Host of
   * the request, by which a client could choose the certificate that is good enough.
   */
  get serverName(): string | undefined {
    return isIP(this.hostname) === 0 ? this.hostname : undefined
  }

  /** Opened when it is needed, again after `close` too, for requests that were decided before a change of the plan. */
  get pool(): Pool {
    this.#pool ??= createPool(this, this.#spec)
    return this.#pool
  }

  async close(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    await pool?.close()
  }

  /** Asks other URLs first for a while. */
  avoid(): void {
    if (this.avoided) return
    this.avoided = true
    setTimeout(() => (this.avoided = false), AVOIDED_MS).unref()
  }
}

function createPool(target: Target, spec: HttpBackendSpec): Pool {
  const { hostname, authority, secure, serverName } = target
  const connect = buildConnector({
    allowH2: false,
    timeout: spec.connectTimeoutMs,
    ...(spec.ca === undefined ? {} : { ca: spec.ca }),
    // Notices a backend that vanished without a word while a stream is quiet.
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
  })
  // undici would take the server name from the Host field of each request.
  const fixed = {
    hostname,
    host: authority,
    protocol: secure ? 'https:' : 'http:',
    port: String(target.port),
    ...(secure && serverName !== undefined ? { servername: serverName } : {}),
  }
  return new Pool(`${fixed.protocol}//${authority}`, {
    connect: (_options, callback) => connect(fixed, callback),
    allowH2: false,
    connections: spec.maxConnections,
    pipelining: 1,
    headersTimeout: spec.firstByteTimeoutMs,
    bodyTimeout: spec.idleTimeoutMs,
    maxHeaderSize: MAX_RESPONSE_HEAD_BYTES,
    // Under the 5 seconds after which a Node backend closes an idle connection; a Keep-Alive field may shorten it.
    keepAliveTimeout: 4000,
    keepAliveMaxTimeout: 60_000,
    strictContentLength: true,
  })
}
