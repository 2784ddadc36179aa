import { constants, type ServerHttp2Stream } from 'node:http2'
import { Fault } from '../../errors/fault.ts'
import { refuse, type Refusal } from '../../errors/refusal.ts'
import { CLIENT_GONE } from '../client-gone.ts'
import { DISCARD_MAX_BYTES } from '../discard-bounds.ts'
import type { BodyConsumer, BodySource } from '../exchange.ts'
import { sendInterim } from './response.ts'

/**
 * The body of one request of HTTP/2. Nothing is read before somebody wants it, so that a client cannot send more than
 * its window; node:http2 has seen to it that Content-Length, where there is one, is true (RFC 9113 §8.1.1).
 */
export class Http2RequestBody implements BodySource {
  readonly length: number | undefined
  readonly #stream: ServerHttp2Stream
  #waitsForContinue: boolean
  #consumer: BodyConsumer | undefined
  #state: 'unread' | 'flowing' | 'discarding' | 'ended' | 'failed' = 'unread'
  #failure: Refusal | undefined
  #discarded = 0
  #moved = true
  readonly #onBytes: (bytes: number) => void

  constructor(
    stream: ServerHttp2Stream,
    length: number | undefined,
    waitsForContinue: boolean,
    onBytes: (bytes: number) => void,
  ) {
    this.#stream = stream
    this.#onBytes = onBytes
    this.length = length
    this.#waitsForContinue = waitsForContinue && length !== 0
    if (length === 0) this.#state = 'ended'
  }

  start(consumer: BodyConsumer): void {
    if (this.#failure !== undefined) return consumer.fail(this.#failure)
    if (this.#state === 'ended') return consumer.end()
    if (this.#state !== 'unread') throw new Fault('a request body has one consumer')
    this.#consumer = consumer
    this.#read('flowing')
  }

  resume(): void {
    if (this.#state === 'flowing') this.#stream.resume()
  }

  discard(): void {
    this.#consumer = undefined
    if (this.#state === 'unread') this.#read('discarding')
    else if (this.#state === 'flowing') {
      this.#state = 'discarding'
      this.#stream.resume()
    }
  }

  /** All of it was read, or none is left to read. */
  get complete(): boolean {
    return this.#state === 'ended'
  }

  /** Whether the client has sent nothing since the last time this was asked, although its end is waited for. */
  get stalled(): boolean {
    const moved = this.#moved
    this.#moved = false
    if (moved || this.#state === 'unread' || this.#state === 'ended') return false
    return this.#state !== 'flowing' || !this.#stream.isPaused()
  }

  /** No more comes: the client is gone, or was too slow. */
  fail(refusal: Refusal): void {
    if (this.#state === 'ended' || this.#state === 'failed') return
    const consumer = this.#consumer
    this.#state = 'failed'
    this.#failure = refusal
    this.#consumer = undefined
    consumer?.fail(refusal)
  }

  #read(state: 'flowing' | 'discarding'): void {
    const stream = this.#stream
    this.#state = state
    this.#moved = true
    if (this.#waitsForContinue && state === 'flowing') sendInterim(stream, 100)
    this.#waitsForContinue = false
    // The end of a body without a byte is told as soon as it comes, whether anybody listens yet or not.
    if (stream.readableEnded) return this.#end()
    stream.on('data', (piece: Buffer) => this.#take(piece))
    stream.on('end', () => this.#end())
  }

  #take(piece: Buffer): void {
    this.#moved = true
    this.#onBytes(piece.length)
    if (this.#state === 'discarding') {
      this.#discarded += piece.length
      if (this.#discarded <= DISCARD_MAX_BYTES) return
      this.fail(refuse('GW_REQUEST_MALFORMED', 'body-unwanted'))
      this.#stream.close(constants.NGHTTP2_NO_ERROR)
    } else if (this.#consumer?.data(piece) === false && this.#state === 'flowing') this.#stream.pause()
  }

  /** A stream that was reset ends, too: only `aborted` tells that the body is not whole. */
  #end(): void {
    if (this.#stream.aborted) return this.fail(CLIENT_GONE)
    if (this.#state === 'failed') return
    const consumer = this.#consumer
    this.#state = 'ended'
    this.#consumer = undefined
    consumer?.end()
  }
}
