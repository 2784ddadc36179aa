import { isUtf8 } from 'node:buffer'

/** What a plain decoder leaves as it is: ASCII without `%` and `+`. */
const PLAIN = /^[ -$&-*,-~]*$/

/**
 * A name or value of `application/x-www-form-urlencoded` as text: `+` is a space, escapes are bytes, the bytes are
 * UTF-8, or latin1 where they are not. An escape that is malformed stands for itself (URL Standard §5.1). Characters
 * of `raw` are bytes. `'with %u'` decodes `%u0075` too, as ASP does.
 */
export function decodeComponent(raw: string, escapes?: 'with %u'): string {
  return PLAIN.test(raw) ? raw : textOf(unescapeBytes(raw, escapes !== undefined))
}

/** Text that came as one character per byte. */
export function textOf(bytes: string): string {
  // oxlint-disable-next-line no-control-regex -- all of ASCII is the same in UTF-8
  if (/^[\u0000-\u007f]*$/.test(bytes)) return bytes
  const buffer = Buffer.from(bytes, 'latin1')
  return isUtf8(buffer) ? buffer.toString('utf8') : bytes
}

/** `encodeURIComponent`, which throws on half a character; that becomes U+FFFD here. */
export function encodeComponent(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))
}

const PERCENT = 0x25
const PLUS = 0x2b
const SPACE = 0x20

/** By hand, since a callback for each of a hostile megabyte of escapes takes ten times as long. */
function unescapeBytes(raw: string, withUnicode: boolean): string {
  // INVARIANT: no escape is shorter than the bytes it stands for.
  const bytes = Buffer.allocUnsafe(raw.length)
  let length = 0
  for (let i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i)
    const octet = code === PERCENT ? hexadecimal(raw, i + 1, 2) : -1
    const character = code === PERCENT && withUnicode && octet === -1 ? unicodeEscape(raw, i) : -1
    if (octet !== -1) {
      bytes[length++] = octet
      i += 2
    } else if (character !== -1) {
      length += bytes.write(String.fromCharCode(character), length, 'utf8')
      i += 5
    } else bytes[length++] = code === PLUS ? SPACE : code
  }
  return bytes.toString('latin1', 0, length)
}

/** The UTF-16 unit of `%uXXXX` at that place, -1 where there is none. */
function unicodeEscape(raw: string, at: number): number {
  return (raw.charCodeAt(at + 1) | 0x20) === 0x75 ? hexadecimal(raw, at + 2, 4) : -1
}

/** The number that so many hexadecimal digits stand for, -1 where they are none. */
function hexadecimal(text: string, at: number, digits: number): number {
  let number = 0
  for (let i = at; i < at + digits; i++) {
    const digit = digitOf(text.charCodeAt(i))
    if (digit === -1) return -1
    number = number * 16 + digit
  }
  return number
}

function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
