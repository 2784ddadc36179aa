import { headerValues } from '../inbound/fields/headers.ts'
import { valuesAt, type TokenPlaces } from './find-token.ts'
import type { TokenLocation } from '../plan/spec.ts'

/** One token of a request. `text` is the whole value at the location, in which it stands at the end. */
export interface PlacedToken {
  readonly text: string
  readonly token: string
  readonly location: TokenLocation
  /** Whether other lines of the same field hold none. */
  readonly isBesideOthers: boolean
}

/**
 * Every token that stands at any of the locations, in their order. Each line of a header is one by itself, and one that
 * does not begin with the prefix is none. A parameter or cookie that stands several times with several values is several.
 */
export function findTokens(locations: readonly TokenLocation[], places: TokenPlaces): readonly PlacedToken[] {
  let found: PlacedToken[] | undefined
  for (const location of locations) {
    const texts = textsAt(location, places)
    const isBesideOthers = texts.some((text) => !holdsToken(text, location))
    for (const text of texts) {
      if (!holdsToken(text, location)) continue
      found ??= []
      found.push({ text, token: tokenOf(text, location), location, isBesideOthers })
    }
  }
  return found ?? NONE
}

const NONE: readonly PlacedToken[] = []

function textsAt(location: TokenLocation, places: TokenPlaces): readonly string[] {
  if (location.in === 'header') return headerValues(places.headers, location.name.toLowerCase())
  const values = valuesAt(location, places)
  return values.length < 2 ? values : [...new Set(values)]
}

function holdsToken(text: string, location: TokenLocation): boolean {
  return location.in !== 'header' || text.startsWith(location.prefix)
}

function tokenOf(text: string, location: TokenLocation): string {
  if (location.in !== 'header' || location.prefix === '') return text
  // As Envoy does: what is no letter of a token is skipped, and where nothing is left the whole value is looked at.
  let start = location.prefix.length
  while (start < text.length && !isTokenCharacter(text.charCodeAt(start))) start++
  return start === text.length ? text : text.slice(start)
}

/** Letters, digits, `-`, `_` and `.`. */
function isTokenCharacter(code: number): boolean {
  const lower = code | 0x20
  if (lower >= 0x61 && lower <= 0x7a) return true
  return (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x5f || code === 0x2e
}
