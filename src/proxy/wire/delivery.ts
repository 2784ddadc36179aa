import type { Refusal } from '../../errors/refusal.ts'
import {
  CHUNK_END,
  chunkStart,
  LAST_CHUNK,
  type RequestBodyLength,
  type BodyFraming,
  type HttpProblem,
  type ResponseHead,
  type WireFields,
} from '../../http1/index.ts'
import { CLIENT_GONE } from '../../inbound/client-gone.ts'
import type { BodyConsumer, Exchange, ResponseWatch } from '../../inbound/exchange.ts'
import type { HttpBackendSpec } from '../../plan/spec.ts'
import { endToEnd } from '../hop-by-hop.ts'
import { busyRefusal, codedError, isReset, protocolRefusal, refusalOf } from '../node/failure.ts'
import type { Guest } from '../node/waiting-room.ts'
import type { UpstreamEvents, UpstreamRequest } from '../upstream.ts'
import type { Origin } from './origin.ts'
import { requestText } from './request-text.ts'
import type { ConnectionUser, UpstreamConnection } from './upstream-connection.ts'

/** Where a delivery comes from. */
export interface DeliveryOwner {
  readonly spec: HttpBackendSpec
  /** Called once, when the delivery has come to its end. */
  delivered(): void
}

/** Methods that may be sent twice (RFC 9110 §9.2.2); TRACE is left out, which nobody retries. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
/** A backend that sends interim answers without end would hold the request for ever. */
const MAX_INTERIM = 16

/**
 * One request on its way to one backend: it waits for a connection where all are in use, goes to another URL where
 * one cannot be connected to, and is sent again once where a kept-alive connection turned out to be closed.
 * INVARIANT: exactly one of `done`, `failed` and `broken` is reported, and each slot that was taken is given back.
 */
export class WireDelivery implements ConnectionUser, BodyConsumer, ResponseWatch, Guest {
  readonly #owner: DeliveryOwner
  readonly #request: UpstreamRequest
  readonly #exchange: Exchange
  readonly #events: UpstreamEvents
  readonly #bodyLength: RequestBodyLength
  #order: readonly Origin[]
  #origin: Origin | undefined
  #connection: UpstreamConnection | undefined
  #waitTimer: NodeJS.Timeout | undefined
  /** Whether the head, or anything after it, was given to a connection. */
  #sent = false
  #bodyStarted = false
  #requestDone = false
  #answered = false
  #over = false
  #retried = false
  #interims = 0

  constructor(
    owner: DeliveryOwner,
    order: readonly Origin[],
    request: UpstreamRequest,
    exchange: Exchange,
    events: UpstreamEvents,
  ) {
    this.#owner = owner
    this.#order = order
    this.#request = request
    this.#exchange = exchange
    this.#events = events
    const length = request.body === undefined ? exchange.body.length : request.body.length
    this.#bodyLength = length === 0 && request.body === undefined ? 'none' : (length ?? 'chunked')
  }

  begin(): void {
    this.#exchange.response.watch = this
    if (!this.#over) this.#next()
  }

  admitted(): void {
    clearTimeout(this.#waitTimer)
    this.#waitTimer = undefined
    if (this.#origin !== undefined) this.#dispatch(this.#origin)
  }

  connected(): void {
    this.#send()
  }

  interim(head: ResponseHead): void {
    // 101 that nobody asked for would turn the connection into something else.
    if (head.status === 101 || ++this.#interims > MAX_INTERIM) {
      this.#protocolBreach(head.status === 101 ? 'upgrade-not-asked-for' : 'too-many-interim-answers')
      return
    }
    this.#exchange.response.interim(head.status, endToEnd(head.headers))
  }

  head(head: ResponseHead, framing: BodyFraming): void {
    const connection = this.#connection
    const origin = this.#origin
    if (connection === undefined || origin === undefined) return
    if (head.status > 599) return this.#protocolBreach('bad-status')
    const { response } = this.#exchange
    this.#answered = true
    connection.expectWithin(this.#owner.spec.idleTimeoutMs, 'UND_ERR_BODY_TIMEOUT')
    response.onDrain = () => connection.resume()
    // In answers to HEAD and in 304 the length tells what a GET would bring (RFC 9110 §8.6).
    const known = framing.kind === 'none' ? head.declared : framing
    response.head(head.status, origin.passedOn(head), known.kind === 'length' ? known.length : undefined)
    this.#events.answered(head.status)
  }

  piece(bytes: Buffer): void {
    const connection = this.#connection
    if (connection === undefined) return
    connection.expectWithin(this.#owner.spec.idleTimeoutMs, 'UND_ERR_BODY_TIMEOUT')
    if (!this.#exchange.response.write(bytes)) connection.pause()
  }

  get holdsAnswer(): boolean {
    return this.#exchange.response.holds !== false
  }

  complete(trailers: WireFields): void {
    const connection = this.#connection
    if (connection === undefined || this.#over) return
    const requestDone = this.#requestDone
    // An answer to a request that is not wholly sent leaves a connection that nobody can use on.
    if (requestDone && connection.usable) {
      connection.rest()
      this.#origin?.keep(connection)
    } else {
      connection.destroy()
    }
    this.#leave()
    if (!requestDone) this.#exchange.body.discard()
    this.#conclude()
    this.#exchange.response.end(trailers)
    this.#events.done()
  }

  drained(): void {
    if (!this.#bodyStarted || this.#requestDone) return
    this.#awaitClient()
    this.#exchange.body.resume()
  }

  failed(cause: Error | HttpProblem): void {
    const connection = this.#connection
    const origin = this.#origin
    if (this.#over || connection === undefined || origin === undefined) return
    this.#leave()
    const refusal = refusalFor(cause, origin)
    if (this.#answered) return this.#broken(refusal)
    if (this.#maySendAgain(connection, cause)) {
      this.#retried = true
      this.#sent = false
      this.#order = [origin, ...this.#order]
      return this.#next()
    }
    if (this.#sent) return this.#failed(refusal)
    origin.avoid()
    if (this.#order.length > 0) this.#next()
    else this.#failed(refusal)
  }

  // The body of the request, from the client.

  data(piece: Buffer): boolean {
    const connection = this.#connection
    if (connection === undefined || this.#over) return true
    const goesOn =
      this.#bodyLength === 'chunked'
        ? connection.sendBytes(chunkStart(piece.length), piece, CHUNK_END)
        : connection.sendBytes('', piece, '')
    if (goesOn) this.#awaitClient()
    else this.#awaitBackend(connection)
    return goesOn
  }

  get holds(): boolean {
    return this.#connection?.busy === true
  }

  end(): void {
    const connection = this.#connection
    this.#requestDone = true
    if (connection === undefined || this.#over) return
    if (this.#bodyLength === 'chunked') connection.sendText(LAST_CHUNK)
    this.#awaitBackend(connection)
  }

  fail(refusal: Refusal): void {
    if (this.#over) return
    this.#drop()
    if (this.#answered) this.#broken(refusal)
    else this.#failed(refusal)
  }

  /** It is the backend's turn: to take more of the body, to begin its answer, or to go on with it. */
  #awaitBackend(connection: UpstreamConnection): void {
    const { firstByteTimeoutMs, idleTimeoutMs } = this.#owner.spec
    if (this.#answered) connection.expectWithin(idleTimeoutMs, 'UND_ERR_BODY_TIMEOUT')
    else connection.expectWithin(firstByteTimeoutMs, 'UND_ERR_HEADERS_TIMEOUT')
  }

  /** It is the client's turn to send more of its body, which its listener measures. */
  #awaitClient(): void {
    if (this.#answered) this.#connection?.expectWithin(this.#owner.spec.idleTimeoutMs, 'UND_ERR_BODY_TIMEOUT')
    else this.#connection?.expectWithin(0, '')
  }

  #next(): void {
    const origin = this.#order.find((candidate) => candidate.room.enter())
    const [first] = this.#order
    this.#origin = origin ?? first
    if (origin !== undefined) return this.#dispatch(origin)
    if (first === undefined) return
    if (!first.room.wait(this)) return this.#failed(busyRefusal(first, 'queue-full'))
    // Getting a connection takes no longer than connecting may.
    this.#waitTimer = setTimeout(() => {
      first.room.giveUp(this)
      this.#waitTimer = undefined
      this.#failed(busyRefusal(first, 'queue-timeout'))
    }, this.#owner.spec.connectTimeoutMs)
  }

  #dispatch(origin: Origin): void {
    this.#order = this.#order.length === 1 ? NONE : this.#order.filter((candidate) => candidate !== origin)
    const idle = origin.takeIdle(this.#isRepeatable)
    // Where one kept-alive connection was closed, the others that have rested as long may be, too.
    if (this.#retried) idle?.destroy()
    const connection = idle === undefined || this.#retried ? origin.connect() : idle
    this.#connection = connection
    connection.use(this, this.#request.method)
    if (connection === idle) this.#send()
  }

  #send(): void {
    const connection = this.#connection
    const origin = this.#origin
    if (connection === undefined || origin === undefined) return
    const head = requestText(this.#request, origin, this.#owner.spec.hostHeader, this.#bodyLength)
    if (head === undefined) {
      this.#drop()
      return this.#failed(refusalOf(codedError('UND_ERR_INVALID_ARG'), origin))
    }
    this.#sent = true
    const { body } = this.#request
    if (body === undefined && this.#bodyLength !== 'none') {
      connection.sendText(head)
      this.#bodyStarted = true
      this.#awaitClient()
      this.#exchange.body.start(this)
      return
    }
    this.#requestDone = true
    this.#awaitBackend(connection)
    if (body === undefined) connection.sendText(head)
    else connection.sendBytes(head, body, '')
  }

  /** Whether it may be sent again, whatever became of it before: a body that is passed on is gone. */
  get #isRepeatable(): boolean {
    const passesBody = this.#request.body === undefined && this.#bodyLength !== 'none'
    return !passesBody && IDEMPOTENT.has(this.#request.method)
  }

  /**
   * A connection that was kept alive and is closed the moment it is used: nothing was answered, and what was asked may
   * be asked twice.
   */
  #maySendAgain(connection: UpstreamConnection, cause: Error | HttpProblem): boolean {
    if (this.#retried || connection.answers === 0 || connection.heard) return false
    if (!(cause instanceof Error) || !isReset(cause)) return false
    return !this.#sent || this.#isRepeatable
  }

  clientGone(): void {
    if (this.#over) return
    if (this.#waitTimer !== undefined) this.#origin?.room.giveUp(this)
    this.#drop()
    this.#conclude()
    this.#events.broken(CLIENT_GONE)
  }

  #protocolBreach(reason: string): void {
    const origin = this.#origin
    this.#drop()
    if (origin !== undefined && !this.#over) this.#failed(protocolRefusal(origin, reason))
  }

  #failed(refusal: Refusal): void {
    // A body that broke off because its client went away leaves nobody to answer.
    if (refusal === CLIENT_GONE) return this.#broken(refusal)
    this.#conclude()
    this.#events.failed(refusal)
  }

  #broken(refusal: Refusal): void {
    this.#conclude()
    this.#exchange.response.abort()
    this.#events.broken(refusal)
  }

  /** Ends the connection, if there is one, and gives its slot back. */
  #drop(): void {
    if (this.#connection === undefined) return
    this.#connection.destroy()
    this.#leave()
  }

  /** Gives the slot back. INVARIANT: only after its connection is kept or ended, since the next guest comes at once. */
  #leave(): void {
    this.#connection = undefined
    this.#origin?.room.leave()
  }

  #conclude(): void {
    this.#over = true
    clearTimeout(this.#waitTimer)
    this.#exchange.response.watch = undefined
    this.#exchange.response.onDrain = undefined
    this.#owner.delivered()
  }
}

const NONE: readonly Origin[] = []

/** The codec's problems of an answer are the backend's breach of HTTP, whatever status a client would get for them. */
function refusalFor(cause: Error | HttpProblem, origin: Origin): Refusal {
  return cause instanceof Error ? refusalOf(cause, origin) : protocolRefusal(origin, cause.reason)
}
