import type { OnReadOpts, Socket } from 'node:net'
import {
  createBodyDecoder,
  DEFAULT_HTTP_LIMITS,
  HeadReader,
  responseFraming,
  type BodyDecoder,
  type BodyFraming,
  type BodySink,
  type HttpProblem,
  type ResponseGrammar,
  type ResponseHead,
  type WireFields,
} from '../../http1/index.ts'
import { writeGathered, writeText } from '../../inbound/gathered-write.ts'
import { ReadBuffer } from '../../inbound/read-buffer.ts'
import { codedError } from '../node/failure.ts'

/** Whoever's request is on a connection. */
export interface ConnectionUser {
  connected(): void
  interim(head: ResponseHead): void
  head(head: ResponseHead, framing: BodyFraming): void
  piece(bytes: Buffer): void
  /** Whether somebody may still have need of a piece; asked right after `piece`. */
  readonly holdsAnswer: boolean
  complete(trailers: WireFields): void
  /** The request's side may go on. */
  drained(): void
  /** Called once at most, with an error of node's or a problem of the codec; the connection is gone. */
  failed(cause: Error | HttpProblem): void
}

/** A backend that keeps connections leaves one open for so long at least: the shortest that servers are set to. */
const RESTED_MS = 1000
/** Kept-alive connections are closed a little before a Node backend would close them (5 s). */
const IDLE_MS = 4000

/**
 * One connection to a backend, for one request at a time. INVARIANT: bytes that no request asked for end it, so that
 * no answer is ever taken for another's.
 */
export class UpstreamConnection implements BodySink {
  /** Called when the connection is closed. */
  onGone: (() => void) | undefined
  /** How many answers have been read from it. */
  answers = 0
  /** Whether anything of the present answer has been read. */
  heard = false
  /** Whether the backend has closed it without a word, right after an answer: others of it may meet the same. */
  closedEarly = false
  readonly #socket: Socket
  /** Undefined for TLS, which has to decrypt into memory of its own. */
  readonly #buffer: ReadBuffer | undefined
  readonly #reader: HeadReader<ResponseHead>
  #user: ConnectionUser | undefined
  #method = ''
  #head: ResponseHead | undefined
  #decoder: BodyDecoder | undefined
  #gone = false
  /** Whether it was left open for a while after its last answer. */
  #rested = false
  #limitMs = Infinity
  #limitCode = ''
  #waitRestarted = true
  #waitStartMs = 0

  /** `dial` begins to connect, and to read into the memory that it is given; with TLS into memory of its own. */
  constructor(dial: (onread: OnReadOpts | undefined) => Socket, secure: boolean, grammar: ResponseGrammar) {
    this.#buffer = secure ? undefined : new ReadBuffer()
    const socket = dial(this.#buffer?.onread((bytes, length) => this.#onBytes(bytes, length)))
    this.#socket = socket
    this.#reader = new HeadReader(grammar)
    socket.on(secure ? 'secureConnect' : 'connect', () => this.#user?.connected())
    if (secure) socket.on('data', (bytes) => this.#onBytes(bytes, bytes.length))
    socket.on('drain', () => this.#user?.drained())
    socket.on('end', () => this.#onEnd())
    socket.on('error', (error) => {
      this.#noteClose()
      this.#fail(error)
    })
    socket.on('close', () => {
      this.#fail(codedError('UND_ERR_SOCKET'))
      this.onGone?.()
    })
  }

  get usable(): boolean {
    return !this.#gone && !this.#socket.destroyed && this.#socket.writable
  }

  /** From here on the connection is this request's. */
  use(user: ConnectionUser, method: string): void {
    this.#user = user
    this.#method = method
    this.#buffer?.begin()
    this.heard = false
  }

  /** What must happen next must happen within this time; 0 for no bound. */
  expectWithin(timeoutMs: number, code: string): void {
    this.#limitMs = timeoutMs === 0 ? Infinity : timeoutMs
    this.#limitCode = code
    this.#waitRestarted = true
  }

  /** The request is answered and the connection may serve another. */
  rest(): void {
    this.#user = undefined
    this.#head = undefined
    this.#decoder = undefined
    this.answers++
    this.#rested = false
    this.expectWithin(IDLE_MS, '')
    if (this.#socket.isPaused()) this.#socket.resume()
  }

  sendText(text: string): boolean {
    return writeText(this.#socket, text)
  }

  sendBytes(head: string, bytes: Buffer, tail: string): boolean {
    return writeGathered(this.#socket, head, bytes, tail)
  }

  /** Whether bytes wait that the backend has not taken. */
  get busy(): boolean {
    return this.#socket.writableLength > 0
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  destroy(): void {
    this.#user = undefined
    this.#gone = true
    this.#socket.destroy()
  }

  /**
   * Ends a wait that has lasted too long; called at every tick. What began between two ticks counts from the later one,
   * so nothing is ended too early. `nowMs` never goes back. Answers true once for each rest that has lasted a while.
   */
  sweep(nowMs: number): boolean {
    // A paused connection waits for the client, whose own listener measures that.
    if (this.#waitRestarted || this.#socket.isPaused()) {
      this.#waitRestarted = false
      this.#waitStartMs = nowMs
      return false
    }
    const elapsedMs = nowMs - this.#waitStartMs
    if (elapsedMs >= this.#limitMs) this.#fail(codedError(this.#limitCode))
    if (this.#rested || this.#user !== undefined || this.answers === 0 || elapsedMs < RESTED_MS) return false
    this.#rested = true
    return true
  }

  data(bytes: Buffer, start: number, end: number): void {
    const user = this.#user
    if (user === undefined) return
    const piece = this.#buffer?.keep(bytes, start, end) ?? bytes.subarray(start, end)
    user.piece(piece)
    if (!user.holdsAnswer) this.#buffer?.giveBack()
  }

  /** Takes the first `length` bytes. */
  #onBytes(bytes: Buffer, length: number): boolean {
    let at = 0
    while (at < length) {
      const user = this.#user
      if (user === undefined || this.#gone) {
        this.destroy()
        break
      }
      at =
        this.#decoder === undefined
          ? this.#readHead(user, bytes, at, length)
          : this.#readBody(user, this.#decoder, bytes, at, length)
    }
    return true
  }

  #readHead(user: ConnectionUser, bytes: Buffer, at: number, end: number): number {
    this.heard = true
    const head = this.#reader.read(bytes, at, end)
    if (head === undefined) return end
    const next = at + this.#reader.consumed
    if (!head.ok) {
      this.#fail(head.error)
      return end
    }
    if (head.value.status < 200) {
      user.interim(head.value)
      return next
    }
    const framing = responseFraming(head.value, this.#method)
    const decoder = createBodyDecoder(framing, DEFAULT_HTTP_LIMITS, 'pass')
    this.#head = head.value
    this.#decoder = decoder
    user.head(head.value, framing)
    if (decoder.done) this.#complete(user, decoder, next < end)
    return next
  }

  #readBody(user: ConnectionUser, decoder: BodyDecoder, bytes: Buffer, at: number, end: number): number {
    const next = at + decoder.push(bytes, at, end, this)
    if (decoder.problem !== undefined) this.#fail(decoder.problem)
    else if (decoder.done) this.#complete(user, decoder, next < end)
    return decoder.problem === undefined ? next : end
  }

  #complete(user: ConnectionUser, decoder: BodyDecoder, more: boolean): void {
    if (this.#user !== user) return
    this.#buffer?.rest()
    // A second answer nobody asked for: what follows it on this connection could be anybody's.
    if (more || this.#head?.keepAlive !== true) this.#gone = true
    user.complete(decoder.trailers)
  }

  /** The other side closes: is it right after an answer? */
  #noteClose(): void {
    if (this.#gone || this.answers === 0 || this.#rested) return
    this.closedEarly = this.#user === undefined || !this.heard
  }

  #onEnd(): void {
    this.#noteClose()
    const user = this.#user
    const decoder = this.#decoder
    if (user !== undefined && decoder !== undefined && !decoder.done) {
      const problem = decoder.finish()
      if (problem === undefined) {
        this.#gone = true
        user.complete(decoder.trailers)
        return
      }
    }
    this.#fail(codedError('UND_ERR_SOCKET'))
  }

  #fail(cause: Error | HttpProblem): void {
    const user = this.#user
    this.destroy()
    user?.failed(cause)
  }
}
