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

const WHITE_SPACE = /[ \t\n\r]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
/** A run of string characters that stand for themselves (RFC 8259 §7). */
// oxlint-disable-next-line no-control-regex -- control characters are what the grammar excludes
const PLAIN = /[^"\\\u0000-\u001f]*/y
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
    this.#space()
    if (this.problem === undefined && this.#at < this.#text.length) return this.#fail('text after the end')
    return value
  }

  #value(depth: number): JsonValue {
    this.#space()
    switch (this.#text[this.#at]) {
      case '{':
        return depth < this.#maxDepth ? this.#object(depth + 1) : this.#fail('nested too deep')
      case '[':
        return depth < this.#maxDepth ? this.#array(depth + 1) : this.#fail('nested too deep')
      case '"':
        return this.#string()
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      case undefined:
        return this.#fail('ends too early')
      default:
        return this.#number()
    }
  }

  #object(depth: number): JsonValue {
    const object: Record<string, JsonValue> = Object.create(null)
    this.#at++
    this.#space()
    if (this.#take('}')) return object
    for (;;) {
      this.#space()
      if (this.#text[this.#at] !== '"') return this.#fail('a member name in double quotes is expected')
      const name = this.#string()
      if (this.problem !== undefined) return null
      if (name in object) return this.#fail('a member name stands twice in one object')
      this.#space()
      if (!this.#take(':')) return this.#fail('`:` is expected')
      object[name] = this.#value(depth)
      if (this.problem !== undefined) return null
      this.#space()
      if (this.#take('}')) return object
      if (!this.#take(',')) return this.#fail('`,` or `}` is expected')
    }
  }

  #array(depth: number): JsonValue {
    const array: JsonValue[] = []
    this.#at++
    this.#space()
    if (this.#take(']')) return array
    for (;;) {
      array.push(this.#value(depth))
      if (this.problem !== undefined) return null
      this.#space()
      if (this.#take(']')) return array
      if (!this.#take(',')) return this.#fail('`,` or `]` is expected')
    }
  }

  #string(): string {
    this.#at++
    let value = ''
    for (;;) {
      value += this.#match(PLAIN) ?? ''
      const char = this.#text[this.#at]
      if (char === '"') {
        this.#at++
        return value
      }
      if (char !== '\\') {
        this.#fail(char === undefined ? 'a string has no end' : 'a raw control character in a string')
        return ''
      }
      const escaped = this.#escape()
      if (escaped === undefined) return ''
      value += escaped
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
    const source = this.#match(NUMBER)
    if (source === undefined) return this.#fail('a value is expected')
    const value = Number(source)
    // 15 digits always survive a double; beyond that, and beyond its range, the text is the only faithful form.
    if (source.length <= 15 && Number.isFinite(value)) return value
    return String(value) === source ? value : new ExactNumber(source)
  }

  #word<T extends JsonValue>(word: string, value: T): T | null {
    if (!this.#text.startsWith(word, this.#at)) return this.#fail('a value is expected')
    this.#at += word.length
    return value
  }

  #space(): void {
    const code = this.#text.charCodeAt(this.#at)
    if (code <= 32) this.#match(WHITE_SPACE)
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false
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
