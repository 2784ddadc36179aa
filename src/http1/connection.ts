import { isToken } from './char-class.ts'

/** No Connection field, or an empty one. */
export const NO_OPTIONS: readonly string[] = []

/**
 * Fields that decide where a message goes and where it ends. A Connection field that names one asks the next hop to
 * drop it, which moves the message's end or its host (RFC 9110 §7.6.1 forbids it of end-to-end fields).
 */
const NEVER_OPTIONS: ReadonlySet<string> = new Set(['content-length', 'host', 'transfer-encoding'])

/** Real lists have two or three. Every field of a message is compared with each option, so their number is bounded. */
const MAX_ELEMENTS = 32

/**
 * The options of a Connection field in lower case (RFC 9110 §7.6.1), or undefined where an element is not a token or
 * names a field that must stay. Empty elements are ignored (RFC 9110 §5.6.1.2).
 */
export function parseConnection(text: string): readonly string[] | undefined {
  if (text === '') return NO_OPTIONS
  // What nearly every message says, without a list of its own.
  if (text === 'keep-alive') return KEEP_ALIVE
  const elements = text.split(',', MAX_ELEMENTS + 1)
  if (elements.length > MAX_ELEMENTS) return undefined
  const options: string[] = []
  for (const element of elements) {
    const option = trimOws(element).toLowerCase()
    if (option === '') continue
    if (!isToken(option) || NEVER_OPTIONS.has(option)) return undefined
    options.push(option)
  }
  return options
}

const KEEP_ALIVE: readonly string[] = ['keep-alive']

/** Whether the connection outlives the message (RFC 9112 §9.3): `close` wins, then the version's default. */
export function isPersistent(minor: 0 | 1, options: readonly string[]): boolean {
  if (options.length === 0) return minor === 1
  if (options.includes('close')) return false
  return minor === 1 || options.includes('keep-alive')
}

/** `String.trim` would also take away characters that HTTP does not call white space, such as U+00A0. */
function trimOws(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isOws(text.charCodeAt(start))) start++
  while (end > start && isOws(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09
}
