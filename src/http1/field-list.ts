import { isFieldValue, isToken } from './char-class.ts'

/** Fields that say how the message itself is framed and how the connection goes on: whoever sends it writes them. */
const OWN: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const OWN_LENGTHS: readonly boolean[] = Array.from({ length: 32 }, (_, length) =>
  [...OWN].some((name) => name.length === length),
)

/**
 * Fields on their way out, and the lines that they make, written and checked once however often they are sent.
 * Immutable. Framing and connection fields are left out: the sender of the message writes those.
 */
export class FieldList {
  /** Names and values in turn, one character per byte. */
  readonly pairs: readonly string[]
  #lines: string | undefined
  #dated: boolean | undefined

  constructor(pairs: readonly string[]) {
    this.pairs = isClean(pairs) ? pairs : cleaned(pairs)
  }

  /** `name: value CRLF` for each, or undefined where one cannot be sent (RFC 9110 §5.5): nothing can end a line early. */
  get lines(): string | undefined {
    this.#lines ??= fieldLines(this.pairs)
    return this.#lines
  }

  /** Whether a Date is among them. */
  get dated(): boolean {
    this.#dated ??= this.pairs.some(
      (text, index) => index % 2 === 0 && text.length === 4 && text.toLowerCase() === 'date',
    )
    return this.#dated
  }
}

/**
 * `name: value CRLF` for each pair, or undefined where one cannot be sent. Each is checked by itself: of the lines
 * together nobody could tell a value that holds a line of its own.
 */
export function fieldLines(pairs: readonly string[]): string | undefined {
  let lines = ''
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] ?? ''
    const value = pairs[i + 1]
    if (value === undefined || !isToken(name) || !isFieldValue(value)) return undefined
    lines += `${name}: ${value}\r\n`
  }
  return lines
}

export const NO_FIELD_LIST = new FieldList([])

function isClean(pairs: readonly string[]): boolean {
  for (let i = 0; i < pairs.length; i += 2) if (isOwn(pairs[i] ?? '')) return false
  return true
}

function cleaned(pairs: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < pairs.length; i += 2)
    if (!isOwn(pairs[i] ?? '')) kept.push(pairs[i] ?? '', pairs[i + 1] ?? '')
  return kept
}

function isOwn(name: string): boolean {
  return OWN_LENGTHS[name.length] === true && OWN.has(name.toLowerCase())
}
