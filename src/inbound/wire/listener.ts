import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type SecureContext, type Server as TlsServer } from 'node:tls'
import { Fault } from '../../errors/fault.ts'
import type { Refusal } from '../../errors/refusal.ts'
import { DEFAULT_HTTP_LIMITS, RequestGrammar, type HttpLimits } from '../../http1/index.ts'
import type { Exchange } from '../exchange.ts'
import { trusting, type Certificates } from '../node/certificates.ts'
import type { NodeListener } from '../node/listener.ts'
import { listenFault } from '../node/listen-fault.ts'
import type {
  ConnectionAnswer,
  ListenerTls,
  NodeListenerSettings,
  OnConnectionProblem,
} from '../node/settings.ts'
import { Http2Connection } from '../http2/connection.ts'
import type { Peer } from '../request.ts'
import { ClientReads } from './client-reads.ts'
import type { ConnectionOwner } from './connection-owner.ts'
import { WireConnection } from './connection.ts'
import { tickMs } from './phase-clock.ts'

/** Makes a listener on the project's own HTTP/1.1; its interface is that of the node engine. */
export function createWireListener(
  settings: NodeListenerSettings,
  handle: (exchange: Exchange) => void,
  onProblem: OnConnectionProblem,
): NodeListener {
  return new WireListener(settings, handle, onProblem)
}

/** Connections that may wait to be taken, as after a restart all at once; the system cuts it to its own limit. */
const BACKLOG = 4096

/**
 * A client of HTTP/1.1 that is between two requests may have sent the next one this moment, which a closed connection
 * would break: for so long it is still served, and told that it was the last.
 */
const LAST_REQUEST_MS = 500

/** Whoever has ended its side may still hear its answer; a peer that vanished without a word is noticed in the end. */
const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }

class WireListener implements NodeListener, ConnectionOwner {
  readonly grammar: RequestGrammar
  readonly limits: HttpLimits
  readonly timeouts: NodeListenerSettings['timeouts']
  readonly maxRequestsPerConnection: number
  readonly handle: (exchange: Exchange) => void
  draining = false
  dateText = new Date().toUTCString()
  exchanges = 0
  readonly #settings: NodeListenerSettings
  readonly #onProblem: OnConnectionProblem
  readonly #server: Server | TlsServer
  readonly #sockets = new Set<Socket>()
  readonly #connections = new Set<WireConnection | Http2Connection>()
  #certificates: Certificates | undefined
  #ticker: NodeJS.Timeout | undefined
  readonly #whenEmpty: (() => void)[] = []

  constructor(
    settings: NodeListenerSettings,
    handle: (exchange: Exchange) => void,
    onProblem: OnConnectionProblem,
  ) {
    this.#settings = settings
    this.handle = handle
    this.#onProblem = onProblem
    this.limits = {
      ...DEFAULT_HTTP_LIMITS,
      maxHeadBytes: settings.limits.maxHeadBytes,
      maxHeaders: settings.limits.maxHeaders,
    }
    this.grammar = new RequestGrammar(this.limits)
    this.timeouts = settings.timeouts
    this.maxRequestsPerConnection = settings.limits.maxRequestsPerConnection ?? Infinity
    this.#certificates = settings.tls?.certificates
    this.#server = settings.tls === undefined ? this.#plainServer() : this.#tlsServer(settings.tls)
  }

  get connections(): number {
    return this.#sockets.size
  }

  listen(): Promise<{ readonly address: string; readonly port: number }> {
    const { host, port } = this.#settings
    const server = this.#server
    return new Promise((resolve, reject) => {
      server.once('error', (cause) => reject(listenFault(host, port, cause)))
      server.listen({ host, port, backlog: BACKLOG }, () => {
        const bound = server.address()
        if (bound === null || typeof bound === 'string') {
          reject(new Fault('the listener has no network address'))
          return
        }
        // Later errors are those of single connections that could not be taken; the next one may.
        server.on('error', ignore)
        this.#startTicking()
        resolve({ address: bound.address, port: bound.port })
      })
    })
  }

  adopt(socket: Socket): void {
    this.#startTicking()
    socket.allowHalfOpen = true
    this.#server.emit('connection', socket)
  }

  close(): Promise<void> {
    this.draining = true
    for (const connection of this.#connections) connection.drain()
    const closing = setTimeout(() => {
      for (const connection of this.#connections) connection.closeIfIdle()
    }, LAST_REQUEST_MS)
    return new Promise((resolve) => {
      this.#server.close(() => {
        this.#whenEmpty.push(() => {
          clearTimeout(closing)
          resolve()
        })
        // Over TLS the server counts a connection as closed a moment before its socket says so.
        if (this.#sockets.size === 0) this.#empty()
      })
    })
  }

  destroyAll(): void {
    this.draining = true
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  setCertificates(certificates: Certificates): void {
    if (!('setSecureContext' in this.#server)) throw new Fault('a listener without TLS takes no certificates')
    this.#certificates = certificates
    const { certPem, keyPem } = certificates.fallback
    this.#server.setSecureContext({
      ...trusting(certificates.clients),
      cert: certPem,
      key: keyPem,
      minVersion: this.#settings.tls?.minVersion ?? 'TLSv1.2',
    })
  }

  problem(refusal: Refusal, peer: Peer): ConnectionAnswer | undefined {
    return this.#onProblem(refusal, peer)
  }

  exchangeOpened(): void {
    this.exchanges++
  }

  exchangeClosed(): void {
    this.exchanges--
  }

  #plainServer(): Server {
    return createTcpServer(SOCKET_OPTIONS, (accepted) => {
      const reads = new ClientReads(accepted)
      if (this.#admit(reads.socket)) this.#open(reads)
    })
  }

  #tlsServer({ certificates, minVersion }: ListenerTls): TlsServer {
    const { certPem: cert, keyPem: key } = certificates.fallback
    const server = createTlsServer({
      ...trusting(certificates.clients),
      requestCert: certificates.clients !== undefined,
      rejectUnauthorized: certificates.clients?.required === true,
      cert,
      key,
      minVersion,
      ...SOCKET_OPTIONS,
      handshakeTimeout: this.timeouts.headMs,
      ALPNProtocols: ['h2', 'http/1.1'],
      SNICallback: (name, done) => done(null, this.#contextFor(name)),
    })
    // Connections count from the handshake on, or handshakes that never end would be free.
    server.on('connection', (socket: Socket) => void this.#admit(socket))
    server.on('secureConnection', (socket) => {
      if (socket.alpnProtocol === 'h2') this.speakHttp2(socket)
      else this.#open(new ClientReads(socket))
    })
    server.on('tlsClientError', (_, socket) => socket.destroy())
    return server
  }

  #contextFor(name: string): SecureContext | undefined {
    return this.#certificates?.pick(name)
  }

  #admit(socket: Socket): boolean {
    const { connections } = this.#settings.limits
    if (this.draining || !connections.take()) {
      socket.destroy()
      return false
    }
    this.#sockets.add(socket)
    socket.on('error', ignore)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      if (this.#sockets.size === 0) this.#empty()
      connections.release()
    })
    return true
  }

  speakHttp2(socket: Socket): void {
    this.#add(new Http2Connection(socket, this), socket)
  }

  #empty(): void {
    // Adopted connections outlive the server, which does not know them: their deadlines hold to the last.
    if (this.draining) clearInterval(this.#ticker)
    for (const resolve of this.#whenEmpty.splice(0)) resolve()
  }

  #startTicking(): void {
    if (this.#ticker !== undefined) return
    const { headMs, bodyIdleMs, keepAliveIdleMs } = this.timeouts
    this.#ticker = setInterval(this.#tick, tickMs([headMs, bodyIdleMs, keepAliveIdleMs]))
    this.#ticker.unref()
  }

  #open(reads: ClientReads): void {
    this.#add(new WireConnection(reads, this), reads.socket)
  }

  #add(connection: WireConnection | Http2Connection, socket: Socket): void {
    this.#connections.add(connection)
    socket.on('close', () => this.#connections.delete(connection))
  }

  readonly #tick = (): void => {
    this.dateText = new Date().toUTCString()
    // Not the time of day, which may be set back or forth.
    const nowMs = performance.now()
    for (const connection of this.#connections) connection.sweep(nowMs)
  }
}

function ignore(): void {}
