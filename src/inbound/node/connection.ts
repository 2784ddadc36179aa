import { ServerResponse, STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { refuse, type Refusal } from '../../errors/refusal.ts'
import { serializeResponseHead } from '../../http1/index.ts'
import { CLIENT_GONE } from '../client-gone.ts'
import type { Exchange } from '../exchange.ts'
import type { Peer } from '../request.ts'
import { NodeExchange, type ExchangeConnection } from './exchange.ts'
import { parserRefusal } from './parser-refusal.ts'
import { peerOf } from './peer.ts'
import { DISCARD_MAX_BYTES, DISCARD_MAX_MS } from '../discard-bounds.ts'
import { readRequestHead } from './request-head.ts'
import type { ConnectionAnswer, ListenerLimits, ListenerTimeouts } from './settings.ts'
import { NodeUpgradeOffer, offeredProtocol } from './upgrade-offer.ts'

/** The listener, as its connections see it. */
export interface ConnectionOwner {
  readonly limits: ListenerLimits
  readonly timeouts: ListenerTimeouts
  readonly draining: boolean
  handle(exchange: Exchange): void
  problem(refusal: Refusal, peer: Peer): ConnectionAnswer | undefined
  exchangeOpened(): void
  exchangeClosed(): void
}

/** Pipelined requests that wait; beyond them the socket is not read. Nobody but load generators sends as many. */
const MAX_WAITING = 32

/**
 * One client connection. INVARIANT: its requests are handled one at a time and in order, so that a pipeline of
 * requests never has effects whose answers nobody can get (RFC 9112 §9.3.2).
 */
export class Connection implements ExchangeConnection {
  readonly peer: Peer
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  #current: NodeExchange | undefined
  #waiting: (() => void)[] = []
  #requests = 0
  /** What was read when the connection was last between two requests. */
  #bytesAtRest = 0
  /** Set once nothing more is taken from this client. */
  #ends = false
  /** What was read when the client was refused; what comes after is thrown away, within bounds. */
  #bytesAtRefusal: number | undefined
  readonly #destroySoon: () => void

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket
    this.#owner = owner
    this.#destroySoon = socket.destroySoon.bind(socket)
    this.peer = peerOf(socket)
  }

  get closing(): boolean {
    const { maxRequestsPerConnection: max = Infinity } = this.#owner.limits
    return this.#ends || this.#owner.draining || this.#requests >= max
  }

  /** Whether no request is being handled or waits. */
  get free(): boolean {
    return this.#current === undefined && this.#waiting.length === 0 && !this.#ends
  }

  /** Whether the client has not sent anything yet. */
  get fresh(): boolean {
    return this.#requests === 0 && this.#socket.bytesRead === 0
  }

  /** A request whose head is complete; `waits` where its client waits for 100 Continue. */
  request(message: IncomingMessage, response: ServerResponse, waits: boolean): void {
    if (this.#ends) return
    this.#inTurn(() => this.#serve(message, response, waits, undefined))
  }

  /** A request after which node:http has let go of the socket. */
  upgrade(message: IncomingMessage, firstBytes: Buffer): void {
    const protocol = offeredProtocol(message)
    if (!this.free) {
      this.#socket.destroy()
      return
    }
    if (protocol === undefined && firstBytes.length > 0) {
      this.#socket.on('error', ignore)
      return this.#refuse(refuse('GW_REQUEST_MALFORMED', 'upgrade-with-body'), message)
    }
    const response = this.#adoptSocket(message)
    const offer = protocol && new NodeUpgradeOffer(protocol, this.#socket, response, firstBytes)
    this.#serve(message, response, false, offer || undefined)
  }

  /** Bytes that are not HTTP, or a head that was too slow. */
  parserFailed(error: Error): void {
    const refusal = parserRefusal(error)
    if (refusal === undefined) {
      this.#socket.destroy()
    } else if (this.#bytesAtRefusal !== undefined) {
      this.#boundRefused()
    } else if (this.#current !== undefined && !this.#current.received) {
      this.#bytesAtRefusal = this.#socket.bytesRead
      this.#ends = true
      this.#current.body.fail(refusal)
    } else if (this.fresh) {
      // A connection opened in advance, as browsers do, and never used.
      this.#socket.destroy()
    } else {
      this.#bytesAtRefusal = this.#socket.bytesRead
      this.#inTurn(() => this.#refuse(refusal, undefined))
    }
  }

  /** No byte has moved on the socket for the time that is set on it. */
  idle(): void {
    const socket = this.#socket
    const current = this.#current
    if (current === undefined) {
      if (socket.bytesRead === this.#bytesAtRest) {
        socket.destroy()
        return
      }
      // In the middle of a head, whose own timeout counts, or behind the rest of a body that nobody wanted.
      this.#bytesAtRest = socket.bytesRead
      socket.setTimeout(this.#owner.timeouts.keepAliveIdleMs)
      return
    }
    // The client does not take its response.
    if (socket.writableLength > 0) {
      socket.destroy()
      return
    }
    socket.setTimeout(this.#owner.timeouts.bodyIdleMs)
    if (!current.body.awaited) return
    this.#ends = true
    const detail = 'no piece of the request body came within `timeouts.body`'
    current.body.fail(refuse('GW_REQUEST_TIMEOUT', 'body-idle', { detail }))
  }

  /** RFC 9112 §9.6: closing while the client sends would reset the connection, and the answer could be lost with it. */
  lingerAtClose(): void {
    const socket = this.#socket
    socket.destroySoon = () => {
      socket.end()
      // Two of them, since the first may be nearly over when it is asked for.
      setTimeout(this.#destroySoon, 2 * DISCARD_MAX_MS).unref()
    }
  }

  overrun(): void {
    this.#ends = true
    // INVARIANT: where the response is not written yet, `finished` closes.
    if (this.#current === undefined || this.#socket.writableEnded) this.#destroySoon()
  }

  #inTurn(turn: () => void): void {
    if (this.#current === undefined) return turn()
    this.#waiting.push(turn)
    // Later, because node reads on by itself after each request that it has parsed.
    if (this.#waiting.length === MAX_WAITING) process.nextTick(() => this.#pauseWhileWaiting())
  }

  #pauseWhileWaiting(): void {
    // INVARIANT: paused only while somebody waits, whose turn will resume it.
    if (this.#waiting.length > 0) this.#socket.pause()
  }

  #serve(
    message: IncomingMessage,
    response: ServerResponse,
    waits: boolean,
    upgrade: NodeUpgradeOffer | undefined,
  ): void {
    const head = readRequestHead(message, this.peer, this.#owner.limits.maxHeaders)
    if (!head.ok) return this.#refuse(head.error, message)
    this.#requests++
    const exchange = new NodeExchange(head.value, message, response, this, { waits, upgrade })
    this.#current = exchange
    response.on('close', () => this.#finished(exchange))
    this.#owner.exchangeOpened()
    this.#owner.handle(exchange)
  }

  #finished(exchange: NodeExchange): void {
    // An accepted upgrade goes on until its socket closes.
    if (this.#current !== exchange || (exchange.upgrade?.accepted === true && !this.#socket.destroyed)) return
    const socket = this.#socket
    this.#current = undefined
    // After a response that ended well the rest of the body is being thrown away, and the connection may live on.
    if (socket.destroyed) exchange.body.fail(CLIENT_GONE)
    exchange.response.closed()
    this.#owner.exchangeClosed()
    this.#bytesAtRest = socket.bytesRead
    // An answer that began before the draining could not say that it is the last.
    if (this.#owner.draining) this.#ends = true
    if (this.#ends) socket.destroySoon()
    if (this.#ends || !exchange.keepsAlive || socket.writableEnded || socket.destroyed) {
      this.#ends = true
      this.#waiting = []
      return
    }
    const next = this.#waiting.shift()
    if (this.#waiting.length === 0) socket.resume()
    next?.()
  }

  /** Answers what never became an exchange, and closes. */
  #refuse(refusal: Refusal, message: IncomingMessage | undefined): void {
    this.#ends = true
    this.#waiting = []
    const socket = this.#socket
    const answer = this.#owner.problem(refusal, this.peer)
    const head = answer === undefined ? undefined : answerHead(answer)
    if (answer === undefined || head === undefined || !socket.writable) {
      socket.destroy()
      return
    }
    socket.write(head, 'latin1')
    if (message?.method !== 'HEAD') socket.write(answer.body)
    socket.end()
    // What the client still sends is read and thrown away for a while: closing at once could lose it the answer.
    this.#bytesAtRefusal = socket.bytesRead
    setTimeout(() => socket.destroy(), DISCARD_MAX_MS).unref()
    message?.on('data', () => this.#boundRefused())
    socket.resume()
  }

  #boundRefused(): void {
    const { bytesRead } = this.#socket
    if (bytesRead - (this.#bytesAtRefusal ?? bytesRead) <= DISCARD_MAX_BYTES) return
    if (this.#current === undefined) this.#socket.destroy()
    else this.#socket.pause()
  }

  /** node:http answers only on sockets that it holds; this gives it back one that it let go for an upgrade. */
  #adoptSocket(message: IncomingMessage): ServerResponse {
    const socket = this.#socket
    const response = new ServerResponse(message)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.on('finish', () => {
      response.detachSocket(socket)
      socket.destroySoon()
      this.#finishCurrent()
    })
    socket.on('error', ignore)
    socket.on('drain', () => response.emit('drain'))
    socket.on('timeout', () => this.idle())
    socket.on('close', () => this.#finishCurrent())
    return response
  }

  #finishCurrent(): void {
    if (this.#current !== undefined) this.#finished(this.#current)
  }
}

function answerHead({ status, headers, body }: ConnectionAnswer): string | undefined {
  const fields = [...headers, 'Connection', 'close', 'Content-Length', String(body.length)]
  const head = serializeResponseHead(status, STATUS_CODES[status] ?? '', fields)
  return head.ok ? head.value : undefined
}

function ignore(): void {}
