import { cookieValues } from '../inbound/fields/cookie.ts'
import type { Form } from '../inbound/fields/form.ts'
import { headerValues } from '../inbound/fields/headers.ts'
import { queryValues } from '../inbound/fields/query.ts'
import type { TokenLocation } from '../plan/spec.ts'

/** What a request holds at the places where a token may be. */
export interface TokenPlaces {
  readonly headers: readonly string[]
  readonly query: string | undefined
  readonly form: Form | undefined
}

export type TokenSearch =
  /** `text` is the whole value at the location: the token, with the prefix before it in a header. */
  | {
      readonly kind: 'found'
      readonly text: string
      readonly token: string
      readonly location: TokenLocation
    }
  | { readonly kind: 'missing' }
  /** Something is there, and it is not one token. */
  | {
      readonly kind: 'unreadable'
      readonly reason: 'prefix-mismatch' | 'several-tokens'
      readonly location: TokenLocation
    }

const MISSING: TokenSearch = { kind: 'missing' }

/**
 * Looks at the locations in order; the first that holds anything decides, with no falling through to the next.
 * Two different tokens in one location are refused, because gateway and backend might each believe another one.
 */
export function findToken(locations: readonly TokenLocation[], places: TokenPlaces): TokenSearch {
  for (const location of locations) {
    const first = single(valuesAt(location, places))
    if (first === undefined) continue
    if (first === SEVERAL) return { kind: 'unreadable', reason: 'several-tokens', location }
    if (location.in !== 'header') return { kind: 'found', text: first, token: first, location }
    if (!first.startsWith(location.prefix)) return { kind: 'unreadable', reason: 'prefix-mismatch', location }
    return { kind: 'found', text: first, token: first.slice(location.prefix.length), location }
  }
  return MISSING
}

/** `header Authorization`, `query parameter token`: a location in words. */
export function describeLocation(location: TokenLocation): string {
  switch (location.in) {
    case 'header':
      return location.prefix === ''
        ? `header \`${location.name}\``
        : `header \`${location.name}\` with prefix \`${location.prefix}\``
    case 'query':
      return `query parameter \`${location.name}\``
    case 'cookie':
      return `cookie \`${location.name}\``
    case 'form':
      return `form field \`${location.name}\``
  }
}

export function valuesAt(location: TokenLocation, places: TokenPlaces): readonly string[] {
  switch (location.in) {
    case 'header':
      return headerValues(places.headers, location.name.toLowerCase())
    case 'query':
      return places.query === undefined ? [] : queryValues(places.query, location.name)
    case 'cookie':
      return headerValues(places.headers, 'cookie').flatMap((header) => cookieValues(header, location.name))
    case 'form':
      return places.form?.values(location.name) ?? []
  }
}

const SEVERAL = Symbol('several')

/** The one value that is not empty, undefined where there is none. A repeated equal value is one value. */
function single(values: readonly string[]): string | typeof SEVERAL | undefined {
  let found: string | undefined
  for (const value of values) {
    if (value === '' || value === found) continue
    if (found !== undefined) return SEVERAL
    found = value
  }
  return found
}
