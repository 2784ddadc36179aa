import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { Fault } from '../../errors/fault.ts'
import type { FieldList } from '../../http1/index.ts'
import type { ResponseSink, ResponseWatch } from '../exchange.ts'
import { allowedTrailers } from '../trailer-fields.ts'

/** What a response needs of its request and its connection. */
export interface ResponseSurroundings {
  readonly method: string
  dateText(): string
  /** The response is complete, or never will be. */
  responseEnded(): void
}

/** The way back through a stream of HTTP/2. */
export class Http2Response implements ResponseSink {
  started = false
  ended = false
  /** The gateway broke it off, and not the client. */
  aborted = false
  onDrain: (() => void) | undefined = undefined
  #watch: ResponseWatch | undefined = undefined
  #gone = false
  #bodiless = false
  #rest: number | undefined
  #trailers: readonly string[] = []
  readonly #stream: ServerHttp2Stream
  readonly #surroundings: ResponseSurroundings

  constructor(stream: ServerHttp2Stream, surroundings: ResponseSurroundings) {
    this.#stream = stream
    this.#surroundings = surroundings
    stream.on('drain', () => this.onDrain?.())
  }

  get watch(): ResponseWatch | undefined {
    return this.#watch
  }

  /** Told at once where the client is gone already, so that nobody begins work for it. */
  set watch(watch: ResponseWatch | undefined) {
    this.#watch = watch
    if (this.#gone) this.#tellGone()
  }

  /** Whether bytes wait that the client has not taken. */
  get busy(): boolean {
    return this.#stream.writableLength > 0
  }

  interim(status: number, headers: readonly string[]): void {
    if (this.started || this.ended || status < 102 || status > 199) return
    sendInterim(this.#stream, status, headers)
  }

  head(status: number, fields: FieldList, length: number | undefined): void {
    if (this.started) throw new Fault('a response has one head')
    this.started = true
    if (this.ended) return
    this.#bodiless = this.#surroundings.method === 'HEAD' || status === 204 || status === 304
    this.#rest = this.#bodiless ? 0 : length
    const headers = headersOf(fields.pairs)
    headers[':status'] = status
    if (!fields.dated) headers['date'] = this.#surroundings.dateText()
    // RFC 9110 §8.6: never with 204; in answers to HEAD and in 304 it tells what a GET would bring.
    if (length !== undefined && status !== 204) headers['content-length'] = length
    const endStream = this.#bodiless || length === 0
    // What cannot be sent as it is (a field that HTTP/2 forbids or wants once) is a broken answer, not another one.
    try {
      this.#stream.respond(headers, { endStream, waitForTrailers: !endStream && length === undefined })
    } catch {
      return this.abort()
    }
    if (!endStream && length === undefined)
      this.#stream.once('wantTrailers', () => sendTrailers(this.#stream, this.#trailers))
  }

  write(piece: Buffer): boolean {
    if (this.ended || this.#bodiless || piece.length === 0) return true
    if (this.#rest !== undefined) {
      this.#rest -= piece.length
      // INVARIANT: never a byte beyond what the head promised.
      if (this.#rest < 0) {
        this.abort()
        return true
      }
    }
    return this.#stream.write(piece)
  }

  end(trailers: readonly string[] = []): void {
    if (this.ended) return
    if (this.#rest !== undefined && this.#rest !== 0) return this.abort()
    this.ended = true
    this.#trailers = trailers
    this.#stream.end()
    this.#surroundings.responseEnded()
  }

  abort(): void {
    if (this.ended) return
    this.ended = true
    this.aborted = true
    breakOff(this.#stream)
  }

  /** The stream is closed; where the answer was not at its end, the client has left it. */
  closed(): void {
    if (this.ended) return
    this.ended = true
    this.#gone = true
    this.onDrain = undefined
    this.#tellGone()
  }

  #tellGone(): void {
    const watch = this.#watch
    this.#watch = undefined
    watch?.clientGone()
  }
}

/**
 * Resets a stream with INTERNAL_ERROR. Not `close`, which first ends the answer in good order, so that a body without a
 * length would look whole (seen with Node 24).
 */
export function breakOff(stream: ServerHttp2Stream): void {
  stream.destroy(new Error('the stream is broken off'))
}

/**
 * Sends an interim answer, or leaves it out where that cannot be: the client may have gone, which the stream knows before
 * it tells, and a backend may repeat a field that node:http2 wants once. A final answer follows (RFC 9110 §15.2).
 */
export function sendInterim(
  stream: ServerHttp2Stream,
  status: number,
  headers: readonly string[] = [],
): void {
  try {
    stream.additionalHeaders({ ...headersOf(headers), ':status': status })
  } catch {}
}

/** Trailers that cannot be sent are left out, as a recipient may do with any (RFC 9110 §6.5.1); the body is whole. */
function sendTrailers(stream: ServerHttp2Stream, trailers: readonly string[]): void {
  try {
    stream.sendTrailers(headersOf(allowedTrailers(trailers).flat()))
  } catch {
    if (!stream.destroyed && !stream.closed) stream.sendTrailers({})
  }
}

/** Names in lower case (RFC 9113 §8.2.1); what stands several times is a list. */
function headersOf(pairs: readonly string[]): OutgoingHttpHeaders {
  const headers: Record<string, string | number | string[]> = Object.create(null)
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const name = (pairs[i] ?? '').toLowerCase()
    const value = pairs[i + 1] ?? ''
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else if (Array.isArray(before)) before.push(value)
    else headers[name] = [String(before), value]
  }
  return headers
}
