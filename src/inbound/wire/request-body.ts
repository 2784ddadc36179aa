import { Fault } from '../../errors/fault.ts'
import { refuse, type Refusal } from '../../errors/refusal.ts'
import {
  createBodyDecoder,
  type BodyDecoder,
  type BodyFraming,
  type BodySink,
  type HttpLimits,
} from '../../http1/index.ts'
import { DISCARD_MAX_BYTES } from '../discard-bounds.ts'
import type { BodyConsumer, BodySource } from '../exchange.ts'
import type { ClientReads } from './client-reads.ts'
import { problemRefusal } from './problem-refusal.ts'

/** What a body needs of its connection. */
export interface BodyConnection {
  readonly reads: ClientReads
  /** Bytes may be pushed again, those that were held first. */
  bodyWanted(): void
  /** The client waits for 100 Continue, and now the body is wanted. */
  sendContinue(): void
}

/** The body of one request, decoded from the bytes that the connection pushes. */
export class WireRequestBody implements BodySource, BodySink {
  readonly length: number | undefined
  readonly #decoder: BodyDecoder
  readonly #connection: BodyConnection
  #waitsForContinue: boolean
  #consumer: BodyConsumer | undefined
  #state: 'unread' | 'flowing' | 'paused' | 'discarding' | 'ended' | 'failed' = 'unread'
  #failure: Refusal | undefined
  #received = 0
  #discarded = 0

  constructor(
    framing: BodyFraming,
    limits: HttpLimits,
    waitsForContinue: boolean,
    connection: BodyConnection,
  ) {
    this.length = framing.kind === 'none' ? 0 : framing.kind === 'length' ? framing.length : undefined
    this.#decoder = createBodyDecoder(framing, limits)
    this.#connection = connection
    this.#waitsForContinue = waitsForContinue && !this.#decoder.done
    if (this.#decoder.done) this.#state = 'ended'
  }

  start(consumer: BodyConsumer): void {
    if (this.#failure !== undefined) return consumer.fail(this.#failure)
    if (this.#state === 'ended') return consumer.end()
    if (this.#state !== 'unread') throw new Fault('a request body has one consumer')
    this.#consumer = consumer
    this.#state = 'flowing'
    if (this.#waitsForContinue) this.#connection.sendContinue()
    this.#waitsForContinue = false
    this.#connection.bodyWanted()
  }

  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'flowing'
    this.#connection.bodyWanted()
  }

  discard(): void {
    this.#consumer = undefined
    if (this.#state === 'ended' || this.#state === 'failed' || this.#waitsForContinue) return
    this.#state = 'discarding'
    this.#connection.bodyWanted()
  }

  /** All of it was read: what comes next is the next request. */
  get complete(): boolean {
    return this.#state === 'ended'
  }

  /** Whether its consumer has asked to wait. */
  get paused(): boolean {
    return this.#state === 'paused'
  }

  /** Whether bytes may be pushed now. */
  get wanted(): boolean {
    return this.#state === 'flowing' || this.#state === 'discarding'
  }

  /** Whether the connection must end with this response, for the rest of the body is not going to be read. */
  get closes(): boolean {
    switch (this.#state) {
      case 'ended':
        return false
      case 'failed':
        return true
      case 'flowing':
      case 'paused':
        // Somebody reads it and may still come to its end in time.
        return false
      case 'unread':
      case 'discarding':
        return (
          this.#waitsForContinue ||
          this.length === undefined ||
          this.length - this.#received > DISCARD_MAX_BYTES
        )
    }
  }

  /** Takes bytes from `start` to `end` and answers how many; all of them unless the body is over. */
  push(bytes: Buffer, start: number, end: number): number {
    const taken = this.#decoder.push(bytes, start, end, this)
    const { problem } = this.#decoder
    if (problem !== undefined) {
      this.fail(problemRefusal(problem))
      return end - start
    }
    if (this.#decoder.done && this.#state !== 'ended') {
      const consumer = this.#consumer
      this.#state = 'ended'
      this.#consumer = undefined
      this.#connection.reads.rest()
      consumer?.end()
    }
    return taken
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.#received += end - start
    if (this.#state === 'discarding') {
      this.#discarded += end - start
      if (this.#discarded > DISCARD_MAX_BYTES) this.fail(refuse('GW_REQUEST_MALFORMED', 'body-unwanted'))
      return
    }
    const consumer = this.#consumer
    if (consumer === undefined) return
    const piece = this.#connection.reads.keep(bytes, start, end)
    const goesOn = consumer.data(piece)
    if (consumer.holds === false) this.#connection.reads.giveBack()
    // The consumer may have called `discard` meanwhile.
    if (!goesOn && this.#state === 'flowing') this.#state = 'paused'
  }

  /** No more comes: the client is gone, was too slow, or broke the framing. */
  fail(refusal: Refusal): void {
    if (this.#state === 'ended' || this.#state === 'failed') return
    const consumer = this.#consumer
    this.#state = 'failed'
    this.#failure = refusal
    this.#consumer = undefined
    consumer?.fail(refusal)
  }
}
