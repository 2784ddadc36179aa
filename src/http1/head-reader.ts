import { err, type Result } from '../kernel/result.ts'
import { httpProblem, type HttpProblem } from './problem.ts'

/** What a head reader must know of the kind of head it reads. Implementations hold nothing of any connection. */
export interface HeadGrammar<Head> {
  /** Start line, fields and the empty line at their end. */
  readonly maxHeadBytes: number
  /** Whether one empty line before the start line is overlooked (RFC 9112 §2.2). */
  readonly allowsEmptyLine: boolean
  /** Reads a complete head, without the CRLF of its last, empty line: `text` ends in the CRLF of a line. */
  parse(text: string): Result<Head, HttpProblem>
  /** What is wrong with a head whose first byte this is, if that byte alone tells. */
  startProblem(code: number): HttpProblem | undefined
  /** What to say of a head that does not end within the limit; `text` is its first `maxHeadBytes`. */
  tooLarge(text: string): HttpProblem
}

const CR = 0x0d
const LF = 0x0a
const END = Buffer.from('\r\n\r\n', 'latin1')

/** Most heads fit, and a slow client that sends one byte costs no more than this. */
const FIRST_CAPACITY = 1024

/**
 * Finds the heads in the bytes of one connection, however they are cut into pieces, and has them read.
 *
 * A head that lies whole in one piece is read where it lies: one search for its end, one copy into a string. Of a head
 * that arrives in pieces each byte is copied and searched once. The outcome does not depend on the pieces: whatever is
 * refused before a head is complete (a bad first byte, a bare LF) is refused first when it is complete, too.
 */
export class HeadReader<Head> {
  /** How many bytes of the range given to the last `read` belong to what it returned; the next message begins there. */
  consumed = 0
  readonly #grammar: HeadGrammar<Head>
  #pending: Buffer | undefined
  #length = 0
  #emptyLine: EmptyLine = 'possible'

  constructor(grammar: HeadGrammar<Head>) {
    this.#grammar = grammar
  }

  /** Bytes of an unfinished head that are held: 0 means that the connection is idle between messages. */
  get pendingBytes(): number {
    return this.#length + (this.#emptyLine === 'half' ? 1 : 0)
  }

  /**
   * Reads on from `start` to `end` of `bytes`: a head, why there is none, or undefined where all was taken in and more
   * is needed. After a problem the connection is to be closed, and the reader not to be used again. What lies in `bytes`
   * beyond `end` makes no difference: it is left from reads before.
   */
  read(bytes: Buffer, start: number, end: number): Result<Head, HttpProblem> | undefined {
    this.consumed = end - start
    if (start >= end) return undefined
    const from = this.#length === 0 ? this.#skipEmptyLine(bytes, start, end) : start
    if (typeof from !== 'number') return err(from)
    if (from >= end) return undefined
    return this.#length === 0 ? this.#readInPlace(bytes, start, from, end) : this.#readOn(bytes, from, end)
  }

  /** What it means that the peer has ended the connection here: nothing between messages, a problem inside a head. */
  finish(): HttpProblem | undefined {
    return this.pendingBytes === 0 ? undefined : httpProblem('head-incomplete')
  }

  /** Where the start line begins, past at most one empty line. */
  #skipEmptyLine(bytes: Buffer, start: number, end: number): number | HttpProblem {
    if (this.#emptyLine === 'possible') {
      if (bytes[start] !== CR || !this.#grammar.allowsEmptyLine) return start
      this.#emptyLine = 'half'
      return this.#skipEmptyLine(bytes, start + 1, end)
    }
    if (this.#emptyLine === 'passed' || start >= end) return start
    if (bytes[start] !== LF) return httpProblem('bare-cr')
    this.#emptyLine = 'passed'
    return start + 1
  }

  #readInPlace(
    bytes: Buffer,
    start: number,
    from: number,
    end: number,
  ): Result<Head, HttpProblem> | undefined {
    const at = bytes.indexOf(END, from)
    // The first one that is found may lie, or end, beyond the range; then there is none within it.
    const whole = at >= 0 && at + END.length <= end
    const length = whole ? at + END.length - from : end - from
    const max = this.#grammar.maxHeadBytes
    if (length > max || (!whole && length === max))
      return this.#tooLarge(bytes.toString('latin1', from, from + max))
    if (!whole) return this.#hold(bytes, from, end)
    this.consumed = at + END.length - start
    return this.#parse(bytes.toString('latin1', from, at + 2))
  }

  #readOn(bytes: Buffer, from: number, end: number): Result<Head, HttpProblem> | undefined {
    const before = this.#length
    const max = this.#grammar.maxHeadBytes
    const pending = this.#append(bytes, from, Math.min(end, from + max - before))
    // The end may have begun in the piece before.
    const at = pending.subarray(0, this.#length).indexOf(END, Math.max(0, before - END.length + 1))
    if (at < 0) {
      if (this.#length === max) return this.#tooLarge(pending.toString('latin1', 0, max))
      const problem = bareLineFeed(pending, before, this.#length)
      return problem === undefined ? undefined : err(problem)
    }
    this.consumed = at + END.length - before
    this.#length = 0
    this.#pending = undefined
    return this.#parse(pending.toString('latin1', 0, at + 2))
  }

  #hold(bytes: Buffer, from: number, end: number): Result<Head, HttpProblem> | undefined {
    const pending = this.#append(bytes, from, end)
    const problem = this.#grammar.startProblem(pending[0] ?? 0) ?? bareLineFeed(pending, 0, this.#length)
    return problem === undefined ? undefined : err(problem)
  }

  #append(bytes: Buffer, from: number, to: number): Buffer {
    const length = this.#length + to - from
    let pending = this.#pending
    if (pending === undefined || pending.length < length) {
      const larger = Buffer.allocUnsafeSlow(
        Math.max(FIRST_CAPACITY, Math.min(length * 2, this.#grammar.maxHeadBytes)),
      )
      pending?.copy(larger, 0, 0, this.#length)
      this.#pending = pending = larger
    }
    bytes.copy(pending, this.#length, from, to)
    this.#length = length
    return pending
  }

  #parse(text: string): Result<Head, HttpProblem> {
    this.#emptyLine = 'possible'
    const head = this.#grammar.parse(text)
    if (head.ok) return head
    const problem = this.#earlyProblem(text)
    return problem === undefined ? head : err(problem)
  }

  #tooLarge(text: string): Result<Head, HttpProblem> {
    return err(this.#earlyProblem(text) ?? this.#grammar.tooLarge(text))
  }

  /** What would have been refused on the way, had these bytes come one by one. */
  #earlyProblem(text: string): HttpProblem | undefined {
    const bytes = Buffer.from(text, 'latin1')
    return this.#grammar.startProblem(text.charCodeAt(0)) ?? bareLineFeed(bytes, 0, bytes.length)
  }
}

/** Whether an empty line may still come before the start line, its CR has come, or it has. */
type EmptyLine = 'possible' | 'half' | 'passed'

/** A line feed without its CR, in the bytes from `from` to `to`: no head with one is ever accepted. */
function bareLineFeed(bytes: Buffer, from: number, to: number): HttpProblem | undefined {
  for (let i = from; i < to; i++) {
    if (bytes[i] === LF && (i === 0 || bytes[i - 1] !== CR)) return httpProblem('bare-lf')
  }
  return undefined
}
