/** UTF-16 units that the grammar of JSON names (RFC 8259 §2). */
export const QUOTE = 0x22
export const COMMA = 0x2c
export const COLON = 0x3a
export const OPEN_ARRAY = 0x5b
export const BACKSLASH = 0x5c
export const CLOSE_ARRAY = 0x5d
export const LOWER_F = 0x66
export const LOWER_N = 0x6e
export const LOWER_T = 0x74
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const POINT = 0x2e
const ZERO = 0x30
const LOWER_E = 0x65

/** In place of a unit where the text is over. */
export const END = -1

/** The unit at a place. A string that is asked beyond its end makes V8 answer slowly from then on, so it never is. */
export function unitAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : END
}

/** Whether a unit is white space (RFC 8259 §2). */
export function isSpace(code: number): boolean {
  return code <= SPACE && (code === SPACE || code === LF || code === CR || code === TAB)
}

/** Where string characters that stand for themselves (RFC 8259 §7) are over. */
export function plainEnd(text: string, at: number): number {
  const { length } = text
  let end = at
  while (end < length) {
    const code = text.charCodeAt(end)
    if (code === QUOTE || code === BACKSLASH || code < SPACE) break
    end++
  }
  return end
}

/** So many digits always survive a double. */
export const SAFE_DIGITS = 15

/** Where the whole number of safe size is over that begins at `at`; `at` itself where a number is anything else. */
export function wholeNumberEnd(text: string, at: number): number {
  const most = Math.min(text.length, at + SAFE_DIGITS + 1)
  let end = at
  while (end < most && isDigit(text.charCodeAt(end))) end++
  const digits = end - at
  if (digits > SAFE_DIGITS) return at
  // A zero has no digits behind it (RFC 8259 §6).
  if (digits > 1 && text.charCodeAt(at) === ZERO) return at
  const next = unitAt(text, end)
  return next === POINT || (next | 0x20) === LOWER_E ? at : end
}

/** The value of digits that lie between two places. */
export function wholeNumber(text: string, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at++) value = value * 10 + (text.charCodeAt(at) - ZERO)
  return value
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9
}
