import { STATUS_CODES } from 'node:http'
import { Fault } from '../../errors/fault.ts'
import { CHUNK_END, chunkStart, FieldList, LAST_CHUNK } from '../../http1/index.ts'
import type { ResponseSink, ResponseWatch } from '../exchange.ts'
import { holdHead } from '../held-writes.ts'
import { allowedTrailers } from '../trailer-fields.ts'

/** What a response needs of its connection and its request. */
export interface ResponseConnection {
  readonly method: string
  readonly minor: 0 | 1
  /** Whether bytes wait that the client has not taken. */
  readonly busy: boolean
  /** Decides, when the head is made, whether the connection serves on; a body that ends with it forbids that. */
  keepsAlive(untilClose: boolean): boolean
  /** Sends text of one character per byte; false asks to wait for `drained`. */
  sendText(text: string): boolean
  sendBytes(head: string, bytes: Buffer, tail: string): boolean
  /** The response is complete. */
  responseEnded(): void
  /** Ends the connection so that the client sees a break. */
  breakOff(untilClose: boolean): void
  dateText(): string
}

/** How the end of the body is shown to the client. */
type Framing = 'none' | 'length' | 'chunked' | 'until-close'

/**
 * The answer on the wire. The head is held until the first piece of the body, so that both leave in one write; where
 * no piece comes in the same turn of the event loop, it leaves alone.
 */
export class WireResponse implements ResponseSink {
  started = false
  ended = false
  onDrain: (() => void) | undefined = undefined
  #watch: ResponseWatch | undefined = undefined
  #gone = false
  readonly #connection: ResponseConnection
  #head = ''
  #framing: Framing = 'none'
  #rest = 0

  constructor(connection: ResponseConnection) {
    this.#connection = connection
  }

  get watch(): ResponseWatch | undefined {
    return this.#watch
  }

  /** Told at once where the client is gone already, so that nobody begins work for it. */
  set watch(watch: ResponseWatch | undefined) {
    this.#watch = watch
    if (this.#gone) this.#tellGone()
  }

  interim(status: number, headers: readonly string[]): void {
    // 100 is the body's to send, 101 the upgrade's; HTTP/1.0 knows no interim answers (RFC 9110 §15.2).
    if (this.started || this.ended || status < 102 || status > 199 || this.#connection.minor === 0) return
    this.#connection.sendText(`${statusLine(status)}${fieldLines(headers)}\r\n`)
  }

  head(status: number, fields: FieldList, length: number | undefined): void {
    if (this.started) throw new Fault('a response has one head')
    const { lines } = fields
    if (lines === undefined) throw new Fault('a response field cannot be sent')
    this.started = true
    if (this.ended) return
    const connection = this.#connection
    const bodiless = connection.method === 'HEAD' || status === 204 || status === 304
    this.#framing = bodiless ? 'none' : this.#framingOf(length)
    this.#rest = bodiless ? 0 : (length ?? 0)
    let head = statusLine(status) + lines
    if (!fields.dated) head += `Date: ${connection.dateText()}\r\n`
    // RFC 9110 §8.6: never with 204; in answers to HEAD and in 304 it tells what a GET would bring.
    if (length !== undefined && status !== 204) head += `Content-Length: ${length}\r\n`
    else if (this.#framing === 'chunked') head += 'Transfer-Encoding: chunked\r\n'
    this.#head = `${head}${this.#connectionField()}\r\n`
    holdHead(this)
  }

  write(piece: Buffer): boolean {
    if (this.ended || piece.length === 0 || this.#framing === 'none') return true
    const head = this.#head
    this.#head = ''
    if (this.#framing === 'chunked')
      return this.#connection.sendBytes(head + chunkStart(piece.length), piece, CHUNK_END)
    if (this.#framing === 'length') {
      this.#rest -= piece.length
      // INVARIANT: never a byte beyond what the head promised; the client would read it as the next response.
      if (this.#rest < 0) {
        this.abort()
        return true
      }
    }
    return this.#connection.sendBytes(head, piece, '')
  }

  get holds(): boolean {
    return this.#connection.busy
  }

  end(trailers: readonly string[] = NO_TRAILERS): void {
    if (this.ended) return
    // A response that ends short would make the client wait for, or misread, what comes next.
    if (this.#framing === 'length' && this.#rest !== 0) return this.abort()
    this.ended = true
    const last = this.#framing === 'chunked' ? lastChunk(trailers) : ''
    const rest = this.#head + last
    this.#head = ''
    if (rest !== '') this.#connection.sendText(rest)
    this.#connection.responseEnded()
  }

  abort(): void {
    if (this.ended) return
    this.ended = true
    this.#connection.breakOff(this.#framing === 'until-close')
  }

  /** Sends a head that still waits for its body. */
  flush(): void {
    if (this.#head === '' || this.ended) return
    const head = this.#head
    this.#head = ''
    this.#connection.sendText(head)
  }

  /** The connection tells: the client is gone. */
  gone(): void {
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

  #connectionField(): string {
    if (!this.#connection.keepsAlive(this.#framing === 'until-close')) return 'Connection: close\r\n'
    return this.#connection.minor === 0 ? 'Connection: keep-alive\r\n' : ''
  }

  #framingOf(length: number | undefined): Framing {
    if (length !== undefined) return 'length'
    return this.#connection.minor === 1 ? 'chunked' : 'until-close'
  }
}

const NO_TRAILERS: readonly string[] = []

/** Status lines of the statuses there are; any other is made on the spot. */
const STATUS_LINES: readonly string[] = Array.from(
  { length: 1000 },
  (_, status) => `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`,
)

function statusLine(status: number): string {
  const line = STATUS_LINES[status]
  if (line === undefined || status < 100) throw new Fault('a response has a status from 100 to 999')
  return line
}

function fieldLines(pairs: readonly string[]): string {
  const { lines } = new FieldList(pairs)
  if (lines === undefined) throw new Fault('a response field cannot be sent')
  return lines
}

function lastChunk(trailers: readonly string[]): string {
  if (trailers.length === 0) return LAST_CHUNK
  const fields = allowedTrailers(trailers).flat()
  return `0\r\n${fieldLines(fields)}\r\n`
}
