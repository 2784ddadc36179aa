import type { IncomingMessage, ServerResponse } from 'node:http'
import { Fault } from '../../errors/fault.ts'
import { refuse, type Refusal } from '../../errors/refusal.ts'
import { CLIENT_GONE } from '../client-gone.ts'
import { DISCARD_MAX_BYTES, DISCARD_MAX_MS } from '../discard-bounds.ts'
import type { BodyConsumer, BodySource } from '../exchange.ts'

/** What becomes of the connection of a body that nobody wants to the end; the connection's part. */
export interface DiscardOutcome {
  /** More came than the bound allows, or it came too slowly. */
  overrun(): void
}

type State = 'unread' | 'flowing' | 'paused' | 'discarding' | 'ended' | 'failed'

/** The body of a request of node:http as the neutral push source. */
export class NodeRequestBody implements BodySource {
  readonly length: number | undefined
  readonly #message: IncomingMessage
  readonly #outcome: DiscardOutcome
  /** Set while the client waits for 100 Continue (RFC 9110 §10.1.1). */
  #waitingClient: ServerResponse | undefined
  #state: State = 'unread'
  #consumer: BodyConsumer | undefined
  #failure: Refusal | undefined
  #receivedBytes = 0
  #overrun = false
  #listening = false
  #discardTimer: NodeJS.Timeout | undefined
  #discardLimit = 0

  constructor(
    message: IncomingMessage,
    length: number | undefined,
    waitingClient: ServerResponse | undefined,
    outcome: DiscardOutcome,
  ) {
    this.length = length
    this.#message = message
    this.#waitingClient = length === 0 ? undefined : waitingClient
    this.#outcome = outcome
    if (length === 0) this.#state = 'ended'
  }

  start(consumer: BodyConsumer): void {
    if (this.#failure !== undefined) return consumer.fail(this.#failure)
    if (this.#state === 'ended') return consumer.end()
    if (this.#state !== 'unread') throw new Fault('a request body has one consumer')
    this.#consumer = consumer
    this.#state = 'flowing'
    // Only now is the body asked for: a request that was refused before never sends it.
    if (this.#waitingClient?.headersSent === false) this.#waitingClient.writeContinue()
    this.#waitingClient = undefined
    this.#listen()
  }

  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'flowing'
    this.#message.resume()
  }

  discard(): void {
    if (this.#state === 'ended' || this.#state === 'failed' || this.#state === 'discarding') return
    this.#consumer = undefined
    // The client has not sent the body and may never: the connection cannot be used on, so there is nothing to read.
    if (this.#waitingClient !== undefined) return
    this.#state = 'discarding'
    this.#discardLimit = this.#receivedBytes + DISCARD_MAX_BYTES
    this.#discardTimer = setTimeout(() => this.#giveUp(), DISCARD_MAX_MS)
    this.#discardTimer.unref()
    this.#listen()
    this.#message.resume()
  }

  /** Whether the client could send, is wanted to, and has not: what the idle timeout is about. */
  get awaited(): boolean {
    return this.#state === 'flowing'
  }

  /** Whether all of the body was read, so that the next request begins where the parser stands. */
  get complete(): boolean {
    return this.#state === 'ended'
  }

  /** Whether this connection is to be closed after the response, for the rest of the body is too long to be read. */
  get closes(): boolean {
    if (this.#state === 'ended') return false
    if (this.#state === 'failed' || this.#waitingClient !== undefined || this.#overrun) return true
    // A body that somebody reads may still come to its end in time.
    if (this.#consumer !== undefined) return false
    return this.length === undefined || this.length - this.#receivedBytes > DISCARD_MAX_BYTES
  }

  /** The connection tells: the client broke the framing, was too slow, or is gone. */
  fail(refusal: Refusal): void {
    if (this.#state === 'ended' || this.#state === 'failed') return
    const consumer = this.#consumer
    this.#settle('failed')
    this.#failure = refusal
    consumer?.fail(refusal)
  }

  #listen(): void {
    if (this.#listening) return
    this.#listening = true
    // An 'error' is always followed or preceded by the closing of the connection, which reports it.
    this.#message.on('error', ignore)
    this.#message.on('end', () => this.#end())
    this.#message.on('data', (piece: Buffer) => this.#data(piece))
  }

  #data(piece: Buffer): void {
    this.#receivedBytes += piece.length
    if (this.#state === 'discarding' && this.#receivedBytes > this.#discardLimit) return this.#giveUp()
    if (this.#state !== 'flowing' || this.#consumer?.data(piece) !== false) return
    // The consumer may have called `discard` or `resume` meanwhile.
    if (this.#state === 'flowing') {
      this.#state = 'paused'
      this.#message.pause()
    }
  }

  #end(): void {
    if (this.#state === 'ended' || this.#state === 'failed') return
    const consumer = this.#consumer
    // Node ends the body of a connection that broke off, too.
    if (!this.#message.complete) return this.fail(CLIENT_GONE)
    if (this.length !== undefined && this.length !== this.#receivedBytes) {
      return this.fail(refuse('GW_REQUEST_MALFORMED', 'body-length'))
    }
    this.#settle('ended')
    consumer?.end()
  }

  #giveUp(): void {
    if (this.#state !== 'discarding' || this.#overrun) return
    this.#overrun = true
    clearTimeout(this.#discardTimer)
    this.#message.pause()
    this.#outcome.overrun()
  }

  #settle(state: 'ended' | 'failed'): void {
    this.#state = state
    this.#consumer = undefined
    clearTimeout(this.#discardTimer)
  }
}

function ignore(): void {}
