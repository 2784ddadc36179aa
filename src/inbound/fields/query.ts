import { decodeComponent, encodeComponent } from './percent.ts'
import { isUnambiguous, someReading, type DropName } from './name-readings.ts'

/**
 * A raw query, or the body of an urlencoded form: pieces between `&`, each `name=value` or a bare name. Nothing is
 * ever decoded and written again, so what is not touched stays byte for byte.
 */

/** The decoded values of every pair of exactly that name, in order; a bare name has the empty value. */
export function queryValues(query: string, name: string): string[] {
  const values: string[] = []
  // A unit of UTF-16 takes one to three bytes, and each of them one character or the three of an escape.
  const maxRawChars = name.length * 9
  for (const piece of query.split('&')) {
    const equals = piece.indexOf('=')
    const rawName = equals === -1 ? piece : piece.slice(0, equals)
    if (rawName.length < name.length || rawName.length > maxRawChars) continue
    if (rawName !== name && decodeComponent(rawName) !== name) continue
    values.push(equals === -1 ? '' : decodeComponent(piece.slice(equals + 1)))
  }
  return values
}

/**
 * The query without the pairs whose name is dropped in some reading. What is left is the other pieces between `&`
 * as they came, empty ones too; the same string where nothing is dropped, the empty one where nothing is left.
 * A `;` is data, but to some servers it ends a pair (Rack 2, Perl), so `a=1;uid=2` goes whole where `uid` does.
 */
export function removePairs(query: string, drop: DropName): string {
  const pieces = query.split('&')
  const kept = pieces.filter((piece) => !carries(piece, ';', drop))
  return kept.length === pieces.length ? query : kept.join('&')
}

/** No page comes near, and Go refuses more; a body that is no form but says so may hold some `&` and `;`. */
const MAX_PAIRS = 10_000

/** Names that servers read differently, `a[b]`, cost a dozen questions each. PHP and Django read as many fields. */
const MAX_AMBIGUOUS_PAIRS = 1000

/** Whether looking at the names, those behind a `;` too, would take longer than one request is worth. */
export function hasTooManyPairs(query: string): boolean {
  if (countOf(query, '&', MAX_PAIRS) + countOf(query, ';', MAX_PAIRS) >= MAX_PAIRS) return true
  let ambiguous = 0
  for (const piece of query.split('&')) {
    for (const inner of piece.split(';')) if (!isUnambiguous(nameOf(inner))) ambiguous++
    if (ambiguous > MAX_AMBIGUOUS_PAIRS) return true
  }
  return false
}

function countOf(text: string, separator: string, max: number): number {
  let count = 0
  for (let at = text.indexOf(separator); at !== -1 && count < max; at = text.indexOf(separator, at + 1))
    count++
  return count
}

/** The query with pairs (names and values in turn) after its own, encoded as `encodeURIComponent` does. */
export function appendPairs(query: string, pairs: readonly string[]): string {
  let whole = query
  for (let i = 0; i < pairs.length; i += 2) {
    const pair = `${encodeComponent(pairs[i] ?? '')}=${encodeComponent(pairs[i + 1] ?? '')}`
    whole = whole === '' ? pair : `${whole}&${pair}`
  }
  return whole
}

/** Whether a piece, or one of the pieces that some server makes of it, has a dropped name. */
export function carries(piece: string, innerSeparator: string, drop: DropName): boolean {
  if (!piece.includes(innerSeparator)) return someReading(nameOf(piece), drop)
  return piece.split(innerSeparator).some((inner) => someReading(nameOf(inner), drop))
}

function nameOf(piece: string): string {
  const equals = piece.indexOf('=')
  return equals === -1 ? piece : piece.slice(0, equals)
}
