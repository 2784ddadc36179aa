import { cookieValues } from '../../inbound/fields/cookie.ts'
import type { Form } from '../../inbound/fields/form.ts'
import { headerValues } from '../../inbound/fields/headers.ts'
import { queryValues } from '../../inbound/fields/query.ts'
import type { InboundRequest } from '../../inbound/request.ts'
import type { TokenLocation } from '../../plan/spec.ts'

/** A text of a request where a token is, or might be. */
export interface LocatedText {
  readonly location: TokenLocation
  /** With the prefix that it came with, if any. */
  readonly text: string
}

/** What stands at a location, the empty left out. */
export function textsAt(
  location: TokenLocation,
  request: InboundRequest,
  form: Form | undefined,
): readonly LocatedText[] {
  return valuesAt(location, request, form)
    .filter((text) => text !== '')
    .map((text) => ({ location, text }))
}

function valuesAt(
  location: TokenLocation,
  request: InboundRequest,
  form: Form | undefined,
): readonly string[] {
  const { headers, target } = request
  switch (location.in) {
    case 'header':
      return headerValues(headers, location.name.toLowerCase())
    case 'query':
      return queryValues(queryOf(target), location.name)
    case 'cookie':
      return headerValues(headers, 'cookie').flatMap((header) => cookieValues(header, location.name))
    case 'form':
      return form?.values(location.name) ?? []
  }
}

/** More than anybody's request has; what comes after is not looked through. */
const MAX_NAMES = 200

/** Every text of the request that has the shape of a token, wherever it stands. */
export function strayTokens(request: InboundRequest, body: Buffer | undefined): readonly LocatedText[] {
  const found: LocatedText[] = []
  const { headers, target } = request
  for (let i = 0; i < headers.length; i += 2) {
    const [name = '', text = ''] = [headers[i], headers[i + 1]]
    if (name.toLowerCase() === 'cookie') found.push(...pairs('cookie', text, ';'))
    else found.push({ location: { in: 'header', name, prefix: '' }, text })
  }
  found.push(...pairs('query', queryOf(target), '&'))
  if (body !== undefined) found.push(...pairs('form', body.toString('latin1'), '&'))
  return found.filter(({ text }) => holdsToken(text))
}

function pairs(place: 'query' | 'cookie' | 'form', text: string, separator: string): readonly LocatedText[] {
  return text
    .split(separator, MAX_NAMES)
    .map((piece) => piece.trim())
    .filter((piece) => piece.includes('='))
    .map((piece) => {
      const equals = piece.indexOf('=')
      return { location: { in: place, name: piece.slice(0, equals) }, text: piece.slice(equals + 1) }
    })
}

/** The first part of every JWT is an object in base64url, which begins with `{"`. */
export function holdsToken(text: string): boolean {
  return /(?:^|[\s:="'])eyJ[\w-]+\.[\w-]+\.[\w-]*["']?$/.test(text.trim())
}

function queryOf(target: string): string {
  const mark = target.indexOf('?')
  return mark === -1 ? '' : target.slice(mark + 1)
}

/** Where it is, in words: `the header \`Authorization\``. */
export function placeOf({ in: place, name }: TokenLocation): string {
  const words = { header: 'header', query: 'query parameter', cookie: 'cookie', form: 'form field' }
  return `the ${words[place]} \`${name}\``
}

/** How a client sends a token there. */
export function howToSend(location: TokenLocation): string {
  switch (location.in) {
    case 'header':
      return `the header \`${location.name}: ${location.prefix}<token>\``
    case 'query':
      return `the query parameter \`${location.name}=<token>\``
    case 'cookie':
      return `the cookie \`${location.name}=<token>\``
    case 'form':
      return `the form field \`${location.name}=<token>\``
  }
}
