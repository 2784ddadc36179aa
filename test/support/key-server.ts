import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { giveAnswer, type KeyAnswer } from './key-answer.ts'

/** A real server of key documents, that does to its clients whatever a test tells it to. */
export interface KeyServer extends AsyncDisposable {
  /** `http://127.0.0.1:23456`, without a path. */
  readonly url: string
  readonly port: number
  /** All requests so far, oldest first. */
  readonly requests: readonly KeyRequest[]
  /** Connections so far, those included that never became a request. */
  readonly connections: number
  /** What a path gives from now on. Paths that nobody has told of are 404. */
  serve(path: string, answer: KeyAnswer | Answerer): void
  /** How often a path was asked for; without one, how many requests there were. */
  fetches(path?: string): number
  /** Closes the port and breaks every connection: who connects now is refused. */
  stop(): Promise<void>
  /** Opens the same port again. */
  start(): Promise<void>
}

/** Answers each request of a path by itself, the first with `index` 0; it may wait for as long as it likes. */
export type Answerer = (request: KeyRequest, index: number) => KeyAnswer | Promise<KeyAnswer>

export interface KeyRequest {
  readonly path: string
  /** When it came, in milliseconds of the monotonic clock: `performance.now()`. */
  readonly timeMs: number
  /** The field `Host`. */
  readonly host: string | undefined
  /** The name that the client asked for in its TLS handshake (RFC 6066, 3); undefined where it asked for none. */
  readonly serverName: string | undefined
  /** The common name of the certificate that the client showed. */
  readonly clientName: string | undefined
  readonly headers: IncomingMessage['headers']
}

export interface KeyServerTls {
  readonly cert: string
  readonly key: string
  /** Certificates of clients must be from here, and there must be one. */
  readonly clientCa?: string
}

export interface KeyServerOptions {
  readonly tls?: KeyServerTls
  /** Whether the port is closed at first. */
  readonly stopped?: boolean
}

export async function startKeyServer(options: KeyServerOptions = {}): Promise<KeyServer> {
  const server = new LoopbackKeyServer(options.tls)
  await server.start()
  if (options.stopped === true) await server.stop()
  return server
}

class LoopbackKeyServer implements KeyServer {
  readonly requests: KeyRequest[] = []
  readonly #answers = new Map<string, KeyAnswer | Answerer>()
  readonly #tls: KeyServerTls | undefined
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port = 0
  #connections = 0

  constructor(tls: KeyServerTls | undefined) {
    this.#tls = tls
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    return `${this.#tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`
  }

  get connections(): number {
    return this.#connections
  }

  serve(path: string, answer: KeyAnswer | Answerer): void {
    this.#answers.set(path, answer)
  }

  fetches(path?: string): number {
    return path === undefined
      ? this.requests.length
      : this.requests.filter((request) => request.path === path).length
  }

  async start(): Promise<void> {
    const server = this.#create((request, response) => {
      const made = noteOf(request)
      const index = this.fetches(made.path)
      this.requests.push(made)
      const answer = this.#answers.get(made.path) ?? { status: 404 }
      void giveAnswer(typeof answer === 'function' ? answer(made, index) : answer, response)
    })
    server.on('connection', (socket: Socket) => {
      this.#connections++
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    // A test that fails before it can close it must not hang.
    server.unref()
    this.#port = await listen(server, this.#port)
    this.#server = server
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #create(listener: RequestListener): Server {
    if (this.#tls === undefined) return createServer(listener)
    const { cert, key, clientCa } = this.#tls
    const asking = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }
    return createTlsServer({ cert, key, ...asking }, listener)
  }
}

function noteOf(request: IncomingMessage): KeyRequest {
  const { servername, getPeerCertificate } = request.socket as Partial<TLSSocket>
  const peer = getPeerCertificate?.call(request.socket)
  return {
    path: request.url ?? '',
    timeMs: performance.now(),
    host: request.headers.host,
    // Node says false where the client sent no name.
    serverName: typeof servername === 'string' ? servername : undefined,
    clientName: peer?.subject?.CN?.toString(),
    headers: request.headers,
  }
}

/**
 * Listens on this port, or on some free one. Never one of those that the system gives out by itself (32768 and more on
 * Linux): while a server is stopped, its port would be given to somebody else, and who connects to it from there is
 * connected to itself.
 */
async function listen(server: Server, port: number): Promise<number> {
  for (let tries = 0; ; tries++) {
    const wanted = port === 0 ? 20_000 + Math.floor(Math.random() * 12_000) : port
    server.listen(wanted, '127.0.0.1')
    try {
      await once(server, 'listening')
      return wanted
    } catch (cause) {
      if (port !== 0 || tries === 20) throw cause
    }
  }
}
