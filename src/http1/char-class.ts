/** One byte per character code: 1 where the class holds it. Codes past 255 are in no class. */
type CharClass = Uint8Array

const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The characters of a token: methods, field names, connection options (RFC 9110 §5.6.2). */
const TOKEN = charClass(`${ALPHANUMERIC}!#$%&'*+-.^_\`|~`)

/** What may stand in a field value: HTAB, SP, VCHAR and obs-text (RFC 9110 §5.5); no CR, LF, NUL or other control. */
const FIELD_CONTENT = charRange(0x20, 0xff, '\x7f', '\t')

/**
 * What may stand in the path of a target: the `pchar` and `/` of RFC 3986 §3.3, and `[`, `]`, `|`, which browsers
 * send unescaped because the WHATWG URL standard leaves them so. A backslash would be a slash to some backends.
 */
const PATH = charRange(0x21, 0x7e, '"#<>?\\^`{}', '')

/** What may stand in a query: every visible character but `#`, since real clients escape few of them there. */
const QUERY = charRange(0x21, 0x7e, '#', '')

/** The value of a hexadecimal digit by its code, 255 for every other code below 256. */
export const HEX_VALUE: Uint8Array = hexValues()

const SP = 0x20
const QUESTION_MARK = 0x3f

/** Whether `text` is a token (RFC 9110 §5.6.2): at least one character, all of them of the token class. */
export function isToken(text: string): boolean {
  return text.length > 0 && allOf(TOKEN, text, 0, text.length)
}

/** Whether a message may begin with this byte: the first character of a method. */
export function isTokenCode(code: number): boolean {
  return TOKEN[code] === 1
}

/** Whether the byte may stand in a field value, a reason phrase or a chunk extension. */
export function isFieldContentCode(code: number): boolean {
  return FIELD_CONTENT[code] === 1
}

/** A regular expression beats a loop over character codes twofold on values as long as a token. */
const NOT_FIELD_CONTENT = /[^\t\x20-\x7e\x80-\xff]/

/**
 * Whether `text` can be a field value or a reason phrase on the wire: no CR, LF, NUL or other control, nothing past
 * one byte a character, and no white space at its ends, which the reader would take away (RFC 9110 §5.5).
 */
export function isFieldValue(text: string): boolean {
  if (text.length === 0) return true
  const first = text.charCodeAt(0)
  const last = text.charCodeAt(text.length - 1)
  if (first === SP || first === 0x09 || last === SP || last === 0x09) return false
  return !NOT_FIELD_CONTENT.test(text)
}

/** Whether `text` from `start` to `end` is a target in origin-form (RFC 9112 §3.2.1): a path and maybe a query. */
export function isOriginForm(text: string, start: number, end: number): boolean {
  if (text.charCodeAt(start) !== 0x2f) return false
  for (let i = start + 1; i < end; i++) {
    const code = text.charCodeAt(i)
    if (PATH[code] === 1) continue
    return code === QUESTION_MARK && allOf(QUERY, text, i + 1, end)
  }
  return true
}

function allOf(chars: CharClass, text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if (chars[text.charCodeAt(i)] !== 1) return false
  }
  return true
}

function charClass(members: string): CharClass {
  const chars = new Uint8Array(256)
  for (let i = 0; i < members.length; i++) chars[members.charCodeAt(i)] = 1
  return chars
}

function charRange(first: number, last: number, without: string, and: string): CharClass {
  const chars = charClass(and)
  for (let code = first; code <= last; code++) {
    if (!without.includes(String.fromCharCode(code))) chars[code] = 1
  }
  return chars
}

function hexValues(): Uint8Array {
  const values = new Uint8Array(256).fill(255)
  for (let i = 0; i < 16; i++) {
    const digit = i.toString(16)
    values[digit.charCodeAt(0)] = i
    values[digit.toUpperCase().charCodeAt(0)] = i
  }
  return values
}
