import type { TextMemoSize } from '../kernel/text-memo.ts'
import { isToken } from './char-class.ts'
import { httpProblem, type HttpProblem } from './problem.ts'

declare const wire: unique symbol

/**
 * Field lines as they were on the wire, flat: name, value, name, value. Names in their own case and order, values
 * without the white space around them, both one character a byte. Only the parser makes one, so each name is a token
 * and no value has a control character: it can be sent again unchecked.
 * INVARIANT: never changed, because equal heads share one array.
 */
export type WireFields = readonly string[] & { readonly [wire]: true }

/** The fields of one head, with the values that the codec itself acts on. `''` stands for absent where a count tells. */
export interface FieldBlock {
  readonly pairs: WireFields
  readonly host: string
  readonly hosts: number
  readonly contentLength: string
  readonly contentLengths: number
  readonly transferEncoding: string
  readonly transferEncodings: number
  /** Repeated list fields are joined by a comma (RFC 9110 §5.3). */
  readonly connection: string
  readonly upgrade: string
  readonly expect: string
  readonly te: string
}

/**
 * How many blocks of field lines a reader of heads remembers: clients on a kept-alive connection repeat their fields,
 * token and all, and servers theirs. A hit takes a fifth of the time of parsing a browser's head with a token. One
 * megabyte at the very most, a few hundred kilobytes in practice; tokens lie in it as they lie in any other buffer of the
 * process, until their slot is taken.
 */
export const FIELD_MEMO_SIZE: TextMemoSize = { slots: 256, maxLength: 4096 }

/**
 * Reads a block of complete field lines, each ending in CRLF, in one pass (RFC 9112 §5).
 * The grammar is checked by one regular expression first: on a browser's head with a token that takes 0.6 of the time
 * of loops over character codes, and everything after it may rely on the shape.
 */
export function parseFields(block: string, maxHeaders: number): FieldBlock | HttpProblem {
  if (!FIELD_LINES.test(block)) return diagnose(block)
  const fields = new FieldCollector()
  const length = block.length
  let lines = 0
  for (let at = 0; at < length;) {
    if (++lines > maxHeaders) return httpProblem('too-many-headers')
    const colon = block.indexOf(':', at)
    const end = block.indexOf('\r', colon)
    fields.add(block, at, colon, end)
    at = end + 2
  }
  return fields.problem ?? fields
}

/** No lines at all, such as the trailers of a body that has none. */
export const NO_FIELDS: WireFields = sealFields([])

/**
 * `name: value CRLF`, any number of times. Obs-text is let through (RFC 9110 §5.5), obs-fold and bare CR or LF are not.
 * Each alternative begins with another character, so that it fails in linear time.
 */
const FIELD_LINES = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/

/** The value of `text` from `start` to `end` without optional white space at its ends (RFC 9112 §5.1). */
function trimmed(text: string, start: number, end: number): string {
  let from = start
  let to = end
  let code = text.charCodeAt(from)
  while (code === SP || code === HTAB) code = text.charCodeAt(++from)
  // INVARIANT: a CR stands at `end`, so the loop above stops there at the latest.
  while (to > from && ((code = text.charCodeAt(to - 1)) === SP || code === HTAB)) to--
  return text.slice(from, to)
}

const SP = 0x20
const HTAB = 0x09

/** By the length of a name, the first letter (lower case) of the one that the codec acts on; most names end here. */
const FIRST_LETTER = firstLetters([
  'te',
  'host',
  'expect',
  'upgrade',
  'connection',
  'content-length',
  'transfer-encoding',
])

class FieldCollector implements FieldBlock {
  readonly pairs: WireFields
  readonly #pairs: string[] = []
  problem: HttpProblem | undefined = undefined
  host = ''
  hosts = 0
  contentLength = ''
  contentLengths = 0
  transferEncoding = ''
  transferEncodings = 0
  connection = ''
  upgrade = ''
  expect = ''
  te = ''

  constructor() {
    this.pairs = sealFields(this.#pairs)
  }

  /** The line of `block` from `start` to the CR at `end`, its name ending at `colon`. */
  add(block: string, start: number, colon: number, end: number): void {
    const name = block.slice(start, colon)
    const value = trimmed(block, colon + 1, end)
    this.#pairs.push(name, value)
    if (FIRST_LETTER[name.length] !== (name.charCodeAt(0) | 0x20)) return
    const lowerCase = name.toLowerCase()
    this.#note(lowerCase, value)
    if (FRAMING.has(lowerCase) && isPadded(block, colon, end)) this.problem = httpProblem('framing-space')
  }

  #note(name: string, value: string): void {
    switch (name) {
      case 'host':
        this.host = value
        this.hosts++
        return
      case 'content-length':
        this.contentLength = value
        this.contentLengths++
        return
      case 'transfer-encoding':
        this.transferEncoding = value
        this.transferEncodings++
        return
      case 'connection':
        this.connection = joined(this.connection, value)
        return
      case 'upgrade':
        this.upgrade = joined(this.upgrade, value)
        return
      case 'expect':
        this.expect = joined(this.expect, value)
        return
      case 'te':
        this.te = joined(this.te, value)
        return
      // A backend that speaks CGI reads these as the real ones, and would see another end than this side did.
      case 'content_length':
      case 'transfer_encoding':
        this.problem = httpProblem('framing-name')
    }
  }
}

const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding'])

/**
 * Whether white space that some readers keep stands about a value: anything after it, a tab before it. Of ordinary
 * fields it is taken away; of a framing field it makes `chunked` another word to them, and the end another end.
 */
function isPadded(block: string, colon: number, end: number): boolean {
  let at = colon + 1
  while (block.charCodeAt(at) === SP) at++
  const last = block.charCodeAt(end - 1)
  return at < end && (block.charCodeAt(at) === HTAB || last === SP || last === HTAB)
}

function joined(before: string, value: string): string {
  return before === '' ? value : `${before}, ${value}`
}

function firstLetters(names: readonly string[]): Uint8Array {
  const letters = new Uint8Array(64)
  for (const name of names) letters[name.length] = name.charCodeAt(0)
  return letters
}

function sealFields(pairs: readonly string[]): WireFields {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place that mints WireFields
  return pairs as WireFields
}

/** Which line broke the grammar, and how. Runs only on the way to a refusal. */
function diagnose(block: string): HttpProblem {
  for (let at = 0; at < block.length;) {
    const end = block.indexOf('\r\n', at)
    const line = block.slice(at, end < 0 ? block.length : end)
    const problem = diagnoseLine(line)
    if (problem !== undefined) return problem
    at += line.length + 2
  }
  return httpProblem('header-value')
}

function diagnoseLine(line: string): HttpProblem | undefined {
  if (line.startsWith(' ') || line.startsWith('\t')) return httpProblem('obs-fold')
  const colon = line.indexOf(':')
  const name = colon < 0 ? line : line.slice(0, colon)
  if (colon >= 0 && /^[^\t ]+[\t ]+$/.test(name)) return httpProblem('header-name-space')
  if (colon < 0 || !isToken(name)) return httpProblem('header-name')
  if (line.includes('\r', colon)) return httpProblem('bare-cr')
  if (line.includes('\n', colon)) return httpProblem('bare-lf')
  return FIELD_LINES.test(`${line}\r\n`) ? undefined : httpProblem('header-value')
}
