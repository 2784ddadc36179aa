import { ok, type Result } from '../kernel/result.ts'
import { isFieldValue, isOriginForm, isToken } from './char-class.ts'
import type { WireFields } from './fields.ts'
import { refused, type HttpProblem, type HttpProblemReason } from './problem.ts'

/**
 * Builds the text of a head, one character a byte, to be written as latin1. What came from the parser is copied as it
 * is; whatever else goes in is checked, so that no string from inside can end a line or a head early. The first thing
 * that cannot be sent is kept and comes out of `end`: a head is sent whole or not at all.
 */
export class HeadWriter {
  #text: string
  #problem: HttpProblemReason | undefined

  private constructor(startLine: string, safe: boolean) {
    this.#text = startLine
    this.#problem = safe ? undefined : 'unsafe-start-line'
  }

  /** `method SP target SP HTTP/1.1` (RFC 9112 §3): a token, and a target in origin-form or `*`. */
  static request(method: string, target: string): HeadWriter {
    const safe = isToken(method) && (target === '*' || isOriginForm(target, 0, target.length))
    return new HeadWriter(`${method} ${target} HTTP/1.1\r\n`, safe)
  }

  /** `HTTP/1.1 SP status SP reason` (RFC 9112 §4); the reason may be empty. */
  static response(status: number, reason: string): HeadWriter {
    const safe = Number.isInteger(status) && status >= 100 && status <= 999 && isFieldValue(reason)
    return new HeadWriter(`HTTP/1.1 ${status} ${reason}\r\n`, safe)
  }

  /** Copies the field whose name stands at `index` of parsed fields. Unchecked: their type says where they are from. */
  copy(fields: WireFields, index: number): void {
    const name = fields[index]
    const value = fields[index + 1]
    if (name === undefined || value === undefined) this.#problem ??= 'unsafe-field'
    else this.#text += `${name}: ${value}\r\n`
  }

  /** Adds a field, if its name is a token and its value can be sent. */
  add(name: string, value: string): void {
    if (isToken(name) && isFieldValue(value)) this.#text += `${name}: ${value}\r\n`
    else this.#problem ??= 'unsafe-field'
  }

  /** The head with its empty line, or why there is none. */
  end(): Result<string, HttpProblem> {
    return this.#problem === undefined ? ok(`${this.#text}\r\n`) : refused(this.#problem)
  }
}

/** A request head from flat pairs, every one of them checked. */
export function serializeRequestHead(
  method: string,
  target: string,
  pairs: readonly string[],
): Result<string, HttpProblem> {
  return withPairs(HeadWriter.request(method, target), pairs)
}

/** A response head from flat pairs, every one of them checked. */
export function serializeResponseHead(
  status: number,
  reason: string,
  pairs: readonly string[],
): Result<string, HttpProblem> {
  return withPairs(HeadWriter.response(status, reason), pairs)
}

function withPairs(head: HeadWriter, pairs: readonly string[]): Result<string, HttpProblem> {
  for (let i = 0; i < pairs.length; i += 2) {
    // A name without a value is no field, and an empty name is refused.
    const value = pairs[i + 1]
    head.add(value === undefined ? '' : (pairs[i] ?? ''), value ?? '')
  }
  return head.end()
}

/** What follows the data of each chunk. */
export const CHUNK_END = '\r\n'

/** The last chunk and an empty trailer section. */
export const LAST_CHUNK = '0\r\n\r\n'

/** What goes before the data of a chunk: its size (RFC 9112 §7.1). INVARIANT: above zero, which would end the body. */
export function chunkStart(bytes: number): string {
  return `${bytes.toString(16)}\r\n`
}

/** The last chunk with the trailer fields of a parsed body. */
export function lastChunk(trailers: WireFields): string {
  if (trailers.length === 0) return LAST_CHUNK
  let text = '0\r\n'
  for (let i = 0; i < trailers.length; i += 2) text += `${trailers[i] ?? ''}: ${trailers[i + 1] ?? ''}\r\n`
  return `${text}\r\n`
}
