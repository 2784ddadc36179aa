import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { SecureContext, TlsOptions } from 'node:tls'
import type { Socket } from 'node:net'
import { Fault } from '../../errors/fault.ts'
import type { Exchange } from '../exchange.ts'
import { trusting, type Certificates } from './certificates.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import { listenFault } from './listen-fault.ts'
import type { ListenerTls, NodeListenerSettings, OnConnectionProblem } from './settings.ts'
import { offeredProtocol } from './upgrade-offer.ts'

/** An address that takes requests, on node:http or node:https. */
export interface NodeListener {
  /** Opens the address and gives the actual one. Throws a Fault where it cannot be opened. */
  listen(): Promise<{ readonly address: string; readonly port: number }>
  /**
   * Serves a connection that another process accepted, in the place of `listen`: TCP_NODELAY and keep-alive are set on
   * it already, and what it has sent is unread.
   */
  adopt(socket: Socket): void
  /**
   * Takes no more connections, and says `Connection: close` in every response from now on. Those between two requests
   * are closed: at once, or after a moment in which a request that is on its way is served. Resolves when the last
   * connection is closed.
   */
  close(): Promise<void>
  /** Ends every connection now, upgraded ones too. */
  destroyAll(): void
  /** For new connections; those that are open keep what they have. Throws where the listener has no TLS. */
  setCertificates(certificates: Certificates): void
  /** Open connections, with those in their TLS handshake. */
  readonly connections: number
  /** Requests that are being answered, and upgraded connections. */
  readonly exchanges: number
}

/** Makes a listener that gives every well-formed request to `handle`; what is none is worded by `onProblem`. */
export function createNodeListener(
  settings: NodeListenerSettings,
  handle: (exchange: Exchange) => void,
  onProblem: OnConnectionProblem,
): NodeListener {
  return new HttpListener(settings, handle, onProblem)
}

class HttpListener implements NodeListener, ConnectionOwner {
  readonly limits: NodeListenerSettings['limits']
  readonly timeouts: NodeListenerSettings['timeouts']
  readonly handle: (exchange: Exchange) => void
  readonly problem: OnConnectionProblem
  draining = false
  exchanges = 0
  readonly #settings: NodeListenerSettings
  readonly #server: Server | HttpsServer
  /** Every TCP connection; `#byHttpSocket` knows the ones that speak HTTP, behind TLS by their TLS socket. */
  readonly #sockets = new Set<Socket>()
  readonly #byHttpSocket = new Map<Socket, Connection>()
  #certificates: Certificates | undefined
  #adopting = false
  readonly #whenEmpty: (() => void)[] = []

  constructor(
    settings: NodeListenerSettings,
    handle: (exchange: Exchange) => void,
    onProblem: OnConnectionProblem,
  ) {
    this.limits = settings.limits
    this.timeouts = settings.timeouts
    this.handle = handle
    this.problem = onProblem
    this.#settings = settings
    this.#certificates = settings.tls?.certificates
    // Options of newer Node versions than the types know; Node 22.19 does without them.
    const options = {
      ...httpOptions(settings),
      // Nobody reads a body that is not there, so it need not be a stream.
      optimizeEmptyRequests: true,
      shouldUpgradeCallback: (message: IncomingMessage) => this.#mayUpgrade(message),
    }
    this.#server =
      settings.tls === undefined
        ? createHttpServer(options)
        : createHttpsServer({ ...options, ...this.#tlsOptions(settings.tls) })
    // The parser would drop what is beyond it without a word; `readRequestHead` refuses instead.
    this.#server.maxHeadersCount = 0
    this.#server.timeout = settings.timeouts.bodyIdleMs
    this.#listenForEvents(this.#server)
  }

  get connections(): number {
    return this.#sockets.size
  }

  listen(): Promise<{ readonly address: string; readonly port: number }> {
    const { host, port } = this.#settings
    const server = this.#server
    return new Promise((resolve, reject) => {
      server.once('error', (cause) => reject(listenFault(host, port, cause)))
      server.listen({ host, port }, () => {
        // Later errors are those of single connections that could not be taken; the next one may.
        server.on('error', () => {})
        const bound = server.address()
        if (bound === null || typeof bound === 'string')
          reject(new Fault('the listener has no network address'))
        else resolve({ address: bound.address, port: bound.port })
      })
    })
  }

  adopt(socket: Socket): void {
    if (!this.#adopting) {
      this.#adopting = true
      // node:http starts its clocks with this event; without it no head would ever be too slow.
      this.#server.emit('listening')
    }
    socket.allowHalfOpen = true
    this.#server.emit('connection', socket)
  }

  close(): Promise<void> {
    this.draining = true
    return new Promise((resolve) => {
      this.#server.close(() => {
        // Over TLS the server counts a connection as closed a moment before its socket says so.
        if (this.#sockets.size === 0) resolve()
        else this.#whenEmpty.push(resolve)
      })
      this.#closeIdle()
    })
  }

  #closeIdle(): void {
    this.#server.closeIdleConnections()
    for (const [socket, connection] of this.#byHttpSocket) if (connection.fresh) socket.destroy()
  }

  destroyAll(): void {
    this.draining = true
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  setCertificates(certificates: Certificates): void {
    if (!('setSecureContext' in this.#server)) throw new Fault('a listener without TLS takes no certificates')
    const { certPem, keyPem } = certificates.fallback
    this.#server.setSecureContext({
      ...trusting(certificates.clients),
      cert: certPem,
      key: keyPem,
      minVersion: this.#settings.tls?.minVersion ?? 'TLSv1.2',
    })
    this.#certificates = certificates
  }

  exchangeOpened(): void {
    this.exchanges++
  }

  exchangeClosed(): void {
    this.exchanges--
  }

  #listenForEvents(server: Server | HttpsServer): void {
    const overTls = this.#settings.tls !== undefined
    // Before node's own listeners, which then see a destroyed socket where there is no room.
    server.prependListener('connection', (socket: Socket) => this.#accept(socket, !overTls))
    if (overTls) server.prependListener('secureConnection', (socket: Socket) => this.#speak(socket))
    server.on('request', (message: IncomingMessage, response: ServerResponse) =>
      this.#request(message, response, false),
    )
    server.on('checkContinue', (message: IncomingMessage, response: ServerResponse) =>
      this.#request(message, response, true),
    )
    // Another expectation than 100-continue may be ignored (RFC 9110 §10.1.1).
    server.on('checkExpectation', (message: IncomingMessage, response: ServerResponse) =>
      this.#request(message, response, false),
    )
    server.on('upgrade', (message: IncomingMessage, _socket: unknown, head: Buffer) =>
      this.#upgrade(message, head),
    )
    server.on('connect', (message: IncomingMessage, _socket: unknown, head: Buffer) =>
      this.#upgrade(message, head),
    )
    server.on('clientError', (error: Error, socket: Socket) => {
      const connection = this.#byHttpSocket.get(socket)
      if (connection === undefined) socket.destroy()
      else connection.parserFailed(error)
    })
    server.on('timeout', (socket: Socket) => this.#byHttpSocket.get(socket)?.idle())
  }

  #accept(socket: Socket, speaksHttp: boolean): void {
    if (this.draining || !this.limits.connections.take()) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      if (this.#sockets.size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve()
      this.limits.connections.release()
    })
    if (speaksHttp) this.#speak(socket)
  }

  #speak(socket: Socket): void {
    this.#byHttpSocket.set(socket, new Connection(socket, this))
    socket.once('close', () => this.#byHttpSocket.delete(socket))
  }

  #request(message: IncomingMessage, response: ServerResponse, waits: boolean): void {
    this.#byHttpSocket.get(message.socket)?.request(message, response, waits)
  }

  #upgrade(message: IncomingMessage, firstBytes: Buffer): void {
    const connection = this.#byHttpSocket.get(message.socket)
    if (connection === undefined) message.socket.destroy()
    else connection.upgrade(message, firstBytes)
  }

  #mayUpgrade(message: IncomingMessage): boolean {
    return this.#byHttpSocket.get(message.socket)?.free === true && offeredProtocol(message) !== undefined
  }

  #tlsOptions({ certificates, minVersion }: ListenerTls): TlsOptions {
    return {
      ...trusting(certificates.clients),
      requestCert: certificates.clients !== undefined,
      rejectUnauthorized: certificates.clients?.required === true,
      cert: certificates.fallback.certPem,
      key: certificates.fallback.keyPem,
      minVersion,
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: this.timeouts.headMs,
      SNICallback: (serverName: string, answer: (error: Error | null, context?: SecureContext) => void) =>
        answer(null, this.#certificates?.pick(serverName)),
    }
  }
}

function httpOptions({ limits, timeouts }: NodeListenerSettings): ServerOptions {
  return {
    insecureHTTPParser: false,
    maxHeaderSize: limits.maxHeadBytes,
    // `readRequestHead` refuses a request without Host, so that the gateway words that answer, too.
    requireHostHeader: false,
    headersTimeout: timeouts.headMs,
    // No bound on a whole request: uploads may take hours, as long as they move (timeouts.body).
    requestTimeout: 0,
    keepAliveTimeout: timeouts.keepAliveIdleMs,
    // How late a head timeout may strike: a quarter of it, and once a second at most in ordinary service.
    connectionsCheckingInterval: Math.min(1000, Math.max(20, timeouts.headMs / 4)),
    noDelay: true,
    // Notices peers that vanished without a word while a stream is quiet.
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
  }
}
