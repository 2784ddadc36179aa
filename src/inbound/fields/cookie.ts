import type { DropName } from './name-readings.ts'
import { encodeComponent } from './percent.ts'
import { carries } from './query.ts'

/**
 * The value of one Cookie field (RFC 6265 §4.2.1): pieces between `;`, each `name=value`. Quotes hide no `;`, as in
 * browsers; what a quoting server would take for one value is then looked at in parts, which only strips more.
 */

/** The values of the cookies of exactly that name, in order, without quotes around them. Escapes are not decoded. */
export function cookieValues(header: string, name: string): string[] {
  const values: string[] = []
  for (const piece of header.split(';')) {
    const equals = piece.indexOf('=')
    if (equals === -1 || trimSpace(piece.slice(0, equals)) !== name) continue
    values.push(unquoted(trimSpace(piece.slice(equals + 1))))
  }
  return values
}

/**
 * The field value without the cookies whose name is dropped in some reading; the rest stays byte for byte. The same
 * string where nothing is dropped, and the empty one where nothing is left: the field then goes too. A `,` is data,
 * and so is white space in the middle, but servers of RFC 2109 end a cookie at the one and Python's SimpleCookie at
 * the other: `a=1,uid=2` and `a=1 uid=2` go whole where `uid` does.
 */
export function removeCookies(header: string, drop: DropName): string {
  const pieces = header.split(';')
  const kept = pieces.filter((piece) => !holdsDropped(trimSpace(piece), drop))
  return kept.length === pieces.length ? header : trimSpace(kept.join(';'))
}

function holdsDropped(piece: string, drop: DropName): boolean {
  if (carries(piece, ',', drop)) return true
  return /\s/.test(piece) && piece.split(/[\s,]+/).some((part) => carries(part, ',', drop))
}

/**
 * The field value with cookies added, names and values in turn, the values percent-encoded. They go before the
 * client's own, whose open quote or stray text could otherwise hide them from a lax parser.
 */
export function appendCookies(header: string, pairs: readonly string[]): string {
  let added = ''
  for (let i = 0; i < pairs.length; i += 2) {
    const pair = `${pairs[i] ?? ''}=${encodeComponent(pairs[i + 1] ?? '')}`
    added = added === '' ? pair : `${added}; ${pair}`
  }
  if (added === '' || header === '') return added === '' ? header : added
  return `${added}; ${header}`
}

/** Without the white space of HTTP around it (RFC 9110 §5.6.3): spaces and tabs. */
function trimSpace(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}
