import type { BodyDecoder, BodySink } from './body-decoder.ts'
import { HEX_VALUE, isFieldContentCode } from './char-class.ts'
import { NO_FIELDS, type WireFields } from './fields.ts'
import type { HttpLimits } from './limits.ts'
import { httpProblem, type HttpProblem, type HttpProblemReason } from './problem.ts'
import { TrailerReader, type ForbiddenTrailers } from './trailers.ts'

/** 13 digits are 52 bits, so every size is exact in a double; leading zeros count, so that they have an end. */
const MAX_SIZE_DIGITS = 13

const CR = 0x0d
const LF = 0x0a
const SEMICOLON = 0x3b

/** `*( ";" name [ "=" value ] )` of RFC 9112 §7.1.1, without the white space that it calls bad. */
const EXTENSIONS =
  /^(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)+$/

/** What the next byte must be part of. */
type State =
  | 'size'
  | 'extension'
  | 'size-lf'
  | 'data'
  | 'data-cr'
  | 'data-lf'
  | 'trailers'
  | 'done'
  | 'broken'

/**
 * Reads the chunked coding (RFC 9112 §7.1) byte for byte as the grammar has it. Two readers that disagree on one line
 * end or one odd size here disagree on where the next message begins, so nothing is overlooked: sizes are bare digits,
 * every line ends in CRLF, extensions are checked and then dropped.
 */
export class ChunkedDecoder implements BodyDecoder {
  problem: HttpProblem | undefined = undefined
  trailers: WireFields = NO_FIELDS
  readonly #maxExtensionBytes: number
  readonly #trailerReader: TrailerReader
  #state: State = 'size'
  #digits = 0
  /** The size of the chunk as read so far, then what is still to come of its data. */
  #rest = 0
  #extension = ''
  #extensionBytes = 0

  constructor(limits: HttpLimits, forbiddenTrailers: ForbiddenTrailers = 'refuse') {
    this.#maxExtensionBytes = limits.maxChunkExtensionBytes
    this.#trailerReader = new TrailerReader(limits, forbiddenTrailers)
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  push(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    let at = start
    while (at < end && this.#state !== 'done' && this.#state !== 'broken') {
      at = this.#step(bytes, at, end, sink)
    }
    return at - start
  }

  finish(): HttpProblem | undefined {
    if (this.#state !== 'done' && this.problem === undefined) this.#fail('body-incomplete', 0)
    return this.problem
  }

  /** Reads what it can of the part that `at` lies in, and returns where it stopped. */
  #step(bytes: Buffer, at: number, end: number, sink: BodySink): number {
    switch (this.#state) {
      case 'data':
        return this.#data(bytes, at, end, sink)
      case 'size':
        return this.#size(bytes, at, end)
      case 'extension':
        return this.#extensions(bytes, at, end)
      case 'size-lf':
        return bytes[at] === LF ? this.#sizeEnd(at) : this.#fail('chunk-size', at)
      case 'data-cr':
        return this.#expect(bytes[at] === CR, 'data-lf', at)
      case 'data-lf':
        return this.#expect(bytes[at] === LF, 'size', at)
      case 'trailers':
        return this.#trailers(bytes, at, end)
      case 'done':
      case 'broken':
        return at
    }
  }

  #data(bytes: Buffer, at: number, end: number, sink: BodySink): number {
    const taken = Math.min(end - at, this.#rest)
    this.#rest -= taken
    if (this.#rest === 0) this.#state = 'data-cr'
    sink.data(bytes, at, at + taken)
    return at + taken
  }

  #size(bytes: Buffer, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const code = bytes[at] ?? 0
      const digit = HEX_VALUE[code] ?? 255
      if (digit === 255) return this.#sizeLineGoesOn(code, at)
      if (this.#digits === MAX_SIZE_DIGITS) return this.#fail('chunk-size-too-large', at)
      this.#digits++
      this.#rest = this.#rest * 16 + digit
    }
    return end
  }

  #sizeLineGoesOn(code: number, at: number): number {
    if (this.#digits === 0) return this.#fail('chunk-size', at)
    if (code === CR) return this.#expect(true, 'size-lf', at)
    if (code !== SEMICOLON) return this.#fail('chunk-size', at)
    this.#state = 'extension'
    return at
  }

  #extensions(bytes: Buffer, start: number, end: number): number {
    const stop = Math.min(end, start + this.#maxExtensionBytes - this.#extensionBytes + 1)
    let at = start
    while (at < stop && isFieldContentCode(bytes[at] ?? 0)) at++
    this.#extensionBytes += at - start
    if (this.#extensionBytes > this.#maxExtensionBytes) return this.#fail('chunk-extension-too-long', at)
    this.#extension += bytes.toString('latin1', start, at)
    if (at === end) return at
    if (bytes[at] !== CR || !EXTENSIONS.test(this.#extension)) return this.#fail('chunk-extension', at)
    return this.#expect(true, 'size-lf', at)
  }

  #sizeEnd(at: number): number {
    this.#state = this.#rest === 0 ? 'trailers' : 'data'
    this.#digits = 0
    this.#extension = ''
    return at + 1
  }

  #trailers(bytes: Buffer, at: number, end: number): number {
    const next = this.#trailerReader.read(bytes, at, end)
    if (this.#trailerReader.problem !== undefined) return this.#fail(this.#trailerReader.problem, next)
    if (this.#trailerReader.done) {
      this.trailers = this.#trailerReader.fields
      this.#state = 'done'
    }
    return next
  }

  #expect(met: boolean, next: State, at: number): number {
    if (!met) return this.#fail('chunk-end', at)
    this.#state = next
    return at + 1
  }

  #fail(reason: HttpProblemReason, at: number): number {
    this.problem = httpProblem(reason)
    this.#state = 'broken'
    return at
  }
}
