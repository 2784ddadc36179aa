import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  END,
  isSpace,
  LOWER_F,
  LOWER_N,
  LOWER_T,
  OPEN_ARRAY,
  OPEN_OBJECT,
  plainEnd,
  QUOTE,
  SAFE_DIGITS,
  unitAt,
  wholeNumber,
  wholeNumberEnd,
} from './json-scan.ts'
import { err, ok, type Result } from './result.ts'

/** JSON as read here: objects have no prototype, and a number that a double cannot hold keeps its digits. */
export type JsonValue = null | boolean | number | string | ExactNumber | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [name: string]: JsonValue | undefined
}

/** A number of more digits than a double carries, such as a 64-bit account id. `source` is its text in the JSON. */
export class ExactNumber {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
}

export interface JsonLimits {
  readonly maxDepth: number
  readonly maxLength: number
}

/** 32 levels are more than any token or configuration has; the stack is far from its end there. */
export const DEFAULT_JSON_LIMITS: JsonLimits = { maxDepth: 32, maxLength: 1_048_576 }

export interface JsonProblem {
  /** What is wrong: a lower-case fragment without any text of the document. */
  readonly message: string
  /** UTF-16 units from the start of the text. */
  readonly offset: number
}

/**
 * Reads one JSON text (RFC 8259), strictly: no duplicate names, no trailing text, bounded length and depth.
 * Duplicate names are an error because two readers of one document may choose different ones (RFC 7519 §4).
 */
export function parseJson(
  text: string,
  limits: JsonLimits = DEFAULT_JSON_LIMITS,
): Result<JsonValue, JsonProblem> {
  if (text.length > limits.maxLength)
    return err({ message: 'longer than the limit', offset: limits.maxLength })
  const reader = new JsonReader(text, limits.maxDepth)
  const value = reader.document()
  return reader.problem === undefined ? ok(value) : err(reader.problem)
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)
  )
}

/** The value of a JSON number as a double, or undefined for every other value. */
export function jsonNumber(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value
  return value instanceof ExactNumber ? Number(value.source) : undefined
}

/** Compact JSON text of a value, numbers of many digits as they were. */
export function stringifyJson(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (value instanceof ExactNumber) return value.source
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => stringifyJson(item)).join(',')}]`
  const members: string[] = []
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${stringifyJson(member)}`)
  }
  return `{${members.join(',')}}`
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const HEX = /[0-9a-fA-F]{4}/y
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/**
 * Reads unit by unit and asks regular expressions only where the grammar is hard: that takes half the time of asking
 * them for every string, and little more than `JSON.parse`, which is not strict (Node 24).
 */
class JsonReader {
  problem: JsonProblem | undefined
  readonly #text: string
  readonly #maxDepth: number
  #at = 0

  constructor(text: string, maxDepth: number) {
    this.#text = text
    this.#maxDepth = maxDepth
  }

  document(): JsonValue {
    const value = this.#value(0)
    const rest = this.#next()
    if (this.problem === undefined && rest !== END) return this.#fail('text after the end')
    return value
  }

  #value(depth: number): JsonValue {
    switch (this.#next()) {
      case OPEN_OBJECT:
        return depth < this.#maxDepth ? this.#object(depth + 1) : this.#fail('nested too deep')
      case OPEN_ARRAY:
        return depth < this.#maxDepth ? this.#array(depth + 1) : this.#fail('nested too deep')
      case QUOTE:
        return this.#string()
      case LOWER_T:
        return this.#word('true', true)
      case LOWER_F:
        return this.#word('false', false)
      case LOWER_N:
        return this.#word('null', null)
      case END:
        return this.#fail('ends too early')
      default:
        return this.#number()
    }
  }

  #object(depth: number): JsonValue {
    const object: Record<string, JsonValue> = Object.create(null)
    this.#at++
    if (this.#take(CLOSE_OBJECT)) return object
    for (;;) {
      if (this.#next() !== QUOTE) return this.#fail('a member name in double quotes is expected')
      const name = this.#string()
      if (this.problem !== undefined) return null
      // No value is undefined, and nothing is inherited: whatever is there was set by this very loop.
      if (object[name] !== undefined) return this.#fail('a member name stands twice in one object')
      if (!this.#take(COLON)) return this.#fail('`:` is expected')
      object[name] = this.#value(depth)
      if (this.problem !== undefined) return null
      const next = this.#next()
      if (next !== COMMA && next !== CLOSE_OBJECT) return this.#fail('`,` or `}` is expected')
      this.#at++
      if (next === CLOSE_OBJECT) return object
    }
  }

  #array(depth: number): JsonValue {
    const array: JsonValue[] = []
    this.#at++
    if (this.#take(CLOSE_ARRAY)) return array
    for (;;) {
      array.push(this.#value(depth))
      if (this.problem !== undefined) return null
      const next = this.#next()
      if (next !== COMMA && next !== CLOSE_ARRAY) return this.#fail('`,` or `]` is expected')
      this.#at++
      if (next === CLOSE_ARRAY) return array
    }
  }

  #string(): string {
    let value = ''
    this.#at++
    for (;;) {
      const text = this.#text
      const end = plainEnd(text, this.#at)
      const run = text.slice(this.#at, end)
      const code = unitAt(text, end)
      this.#at = end
      if (code === QUOTE) {
        this.#at++
        return value === '' ? run : value + run
      }
      if (code !== BACKSLASH) {
        this.#fail(code === END ? 'a string has no end' : 'a raw control character in a string')
        return ''
      }
      const escaped = this.#escape()
      if (escaped === undefined) return ''
      value += run + escaped
    }
  }

  #escape(): string | undefined {
    const letter = this.#text[this.#at + 1] ?? ''
    this.#at += 2
    if (letter === 'u') {
      const hex = this.#match(HEX)
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    }
    const plain = ESCAPES[letter]
    if (plain === undefined) this.#fail('an escape that JSON does not have')
    return plain
  }

  #number(): JsonValue {
    const start = this.#at
    // Times, counts and ids: digits and nothing else.
    const end = wholeNumberEnd(this.#text, start)
    if (end > start) {
      this.#at = end
      return wholeNumber(this.#text, start, end)
    }
    const source = this.#match(NUMBER)
    if (source === undefined) return this.#fail('a value is expected')
    const value = Number(source)
    // Beyond so many digits, and beyond a double's range, the text is the only faithful form.
    if (source.length <= SAFE_DIGITS && Number.isFinite(value)) return value
    return String(value) === source ? value : new ExactNumber(source)
  }

  #word<T extends JsonValue>(word: string, value: T): T | null {
    if (!this.#text.startsWith(word, this.#at)) return this.#fail('a value is expected')
    this.#at += word.length
    return value
  }

  /** The unit that comes next after any white space. */
  #next(): number {
    let code = unitAt(this.#text, this.#at)
    while (isSpace(code)) code = unitAt(this.#text, ++this.#at)
    return code
  }

  #take(code: number): boolean {
    if (this.#next() !== code) return false
    this.#at++
    return true
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #fail(message: string): null {
    this.problem ??= { message, offset: this.#at }
    return null
  }
}
