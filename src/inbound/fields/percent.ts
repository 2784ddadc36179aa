import { decodeUtf8 } from '../../kernel/bytes.ts'

/** What a plain decoder leaves as it is: ASCII without `%` and `+`. */
const PLAIN = /^[ -$&-*,-~]*$/

const ESCAPE = /%([0-9A-Fa-f]{2})/g

/**
 * A name or value of `application/x-www-form-urlencoded` as text: `+` is a space, escapes are bytes, the bytes are
 * UTF-8, or latin1 where they are not. An escape that is malformed stands for itself (URL Standard §5.1). Characters
 * of `raw` are bytes.
 */
export function decodeComponent(raw: string): string {
  return PLAIN.test(raw) ? raw : textOf(unescapeBytes(raw.replaceAll('+', ' ')))
}

/** Text that came as one character per byte. */
export function textOf(bytes: string): string {
  // oxlint-disable-next-line no-control-regex -- all of ASCII is the same in UTF-8
  return /^[\u0000-\u007f]*$/.test(bytes) ? bytes : (decodeUtf8(Buffer.from(bytes, 'latin1')) ?? bytes)
}

/** `encodeURIComponent`, which throws on half a character; that becomes U+FFFD here. */
export function encodeComponent(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))
}

function unescapeBytes(raw: string): string {
  return raw.replace(ESCAPE, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}
