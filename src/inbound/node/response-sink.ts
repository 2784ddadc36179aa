import { STATUS_CODES, type ServerResponse } from 'node:http'
import { Fault } from '../../errors/fault.ts'
import { FieldList, serializeResponseHead } from '../../http1/index.ts'
import type { ResponseSink, ResponseWatch } from '../exchange.ts'
import { allowedTrailers } from '../trailer-fields.ts'

/** What a response needs to know of its connection and its request. */
export interface ResponseSurroundings {
  readonly method: string
  readonly httpVersion: string
  /** Whether the connection is to end with this response. */
  readonly lastResponse: boolean
  /** Called before the response ends: what the client still sends of its request is to be seen to. */
  settleBody(): void
}

/** The way back through a ServerResponse of node:http, with the engine's own framing. */
export class NodeResponseSink implements ResponseSink {
  started = false
  onDrain: (() => void) | undefined = undefined
  #watch: ResponseWatch | undefined
  readonly #response: ServerResponse
  readonly #surroundings: ResponseSurroundings
  /** HEAD, 204 and 304 have no body, whatever is written (RFC 9110 §6.4.1). */
  #bodiless = false
  #expectedBytes: number | undefined
  #writtenBytes = 0
  #headSent = false
  #ended = false
  #gone = false
  #drainHeard = false

  constructor(response: ServerResponse, surroundings: ResponseSurroundings) {
    this.#response = response
    this.#surroundings = surroundings
    // A write that meets a closed socket ends in `closed`; without a listener it would end the process.
    response.on('error', ignore)
  }

  get watch(): ResponseWatch | undefined {
    return this.#watch
  }

  /** Told at once where the client is gone already, so that nobody begins work for it. */
  set watch(watch: ResponseWatch | undefined) {
    this.#watch = watch
    if (this.#gone && !this.#ended) this.#tellClosed()
  }

  interim(status: number, headers: readonly string[]): void {
    // 100 is the body's to send, 101 the upgrade's; HTTP/1.0 knows no interim answers (RFC 9110 §15.2).
    if (this.started || this.#gone || status < 102 || status > 199) return
    if (this.#surroundings.httpVersion === '1.0') return
    const head = serializeResponseHead(status, STATUS_CODES[status] ?? '', new FieldList(headers).pairs)
    if (head.ok) this.#response.socket?.write(head.value, 'latin1')
  }

  head(status: number, { pairs }: FieldList, length: number | undefined): void {
    if (this.started) throw new Fault('a response has one head')
    this.started = true
    if (this.#gone) return
    const response = this.#response
    if (this.#surroundings.lastResponse) response.shouldKeepAlive = false
    this.#bodiless = this.#surroundings.method === 'HEAD' || status === 204 || status === 304
    const fields = [...pairs]
    // RFC 9110 §8.6: never with 204; in answers to HEAD and in 304 it tells what a GET would bring.
    if (length !== undefined && status !== 204) fields.push('Content-Length', String(length))
    if (!this.#bodiless) this.#expectedBytes = length
    response.writeHead(status, fields)
    // The first piece of the body usually follows in this very tick and then shares a packet with the head; where it
    // does not, as with event streams, the head must not wait for it.
    process.nextTick(flushHead, this)
  }

  write(piece: Buffer): boolean {
    if (this.#gone || this.#ended || this.#bodiless || piece.length === 0) return true
    this.#writtenBytes += piece.length
    // INVARIANT: never a byte beyond what the head promised; the client would read it as the next response.
    if (this.#expectedBytes !== undefined && this.#writtenBytes > this.#expectedBytes) {
      this.#destroy()
      return true
    }
    this.#headSent = true
    if (this.#response.write(piece)) return true
    if (!this.#drainHeard) {
      this.#drainHeard = true
      this.#response.on('drain', () => this.onDrain?.())
    }
    return false
  }

  end(trailers?: readonly string[]): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#gone) return
    // A response that ends short would make the client wait for, or misread, what comes next.
    if (this.#expectedBytes !== undefined && this.#writtenBytes !== this.#expectedBytes)
      return this.#destroy()
    this.#surroundings.settleBody()
    if (trailers !== undefined && trailers.length > 0)
      this.#response.addTrailers(allowedTrailers(trailers).map(mutable))
    this.#response.end()
  }

  abort(): void {
    this.#ended = true
    if (!this.#gone) this.#destroy()
  }

  /** The connection tells: this response is over, whether it ended or its client went away. */
  closed(): void {
    if (this.#gone) return
    this.#gone = true
    this.onDrain = undefined
    if (!this.#ended) this.#tellClosed()
  }

  flushHead(): void {
    if (this.#headSent || this.#gone || this.#ended) return
    this.#headSent = true
    this.#response.flushHeaders()
  }

  #tellClosed(): void {
    const watch = this.#watch
    this.#watch = undefined
    watch?.clientGone()
  }

  #destroy(): void {
    const { socket } = this.#response
    // A body that lasts until the connection closes looks whole after an orderly close: only a reset shows the break.
    const untilClose = this.#expectedBytes === undefined && this.#surroundings.httpVersion === '1.0'
    if (untilClose && socket !== null && !('encrypted' in socket)) socket.resetAndDestroy()
    else this.#response.destroy()
  }
}

const flushHead = (sink: NodeResponseSink): void => sink.flushHead()

const mutable = ([name, value]: readonly [string, string]): [string, string] => [name, value]

function ignore(): void {}
