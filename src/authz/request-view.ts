import { isField } from '../inbound/fields/headers.ts'
import { removePairs } from '../inbound/fields/query.ts'
import { removeCookies } from '../inbound/fields/cookie.ts'
import type { TokenLocation } from '../plan/spec.ts'
import { spellingOf } from '../policy/index.ts'

/** What a checkpoint changes of a request before it goes on. */
export interface RequestChange {
  readonly withheld: readonly TokenLocation[]
  /** Names and values in turn, which take the place of all others of their names. */
  readonly fields: readonly string[]
}

/** What is asked for, and where. */
export interface Asked {
  /** With the port, where one is named. */
  readonly authority: string
  readonly path: string
}

/** What costs something to say. */
export interface FieldsAndQuery {
  readonly headers: readonly string[]
  /** Without the question mark; undefined where there is none. */
  readonly query: string | undefined
}

/** A request as the next to look at it sees it. Fields and query are worked out only for who looks. */
export class RequestView {
  readonly asked: Asked
  readonly #make: () => FieldsAndQuery
  #made: FieldsAndQuery | undefined

  constructor(asked: Asked, make: () => FieldsAndQuery) {
    this.asked = asked
    this.#make = make
  }

  get headers(): readonly string[] {
    return (this.#made ??= this.#make()).headers
  }

  get query(): string | undefined {
    return (this.#made ??= this.#make()).query
  }

  after({ withheld, fields }: RequestChange): RequestView {
    if (withheld.length === 0 && fields.length === 0) return this
    return new RequestView(this.asked, () => ({
      headers: changedHeaders(this.headers, withheld, fields),
      query: this.query === undefined ? undefined : withoutTokens(this.query, withheld),
    }))
  }
}

/** A client's request without the names that are not its to say. */
export function viewOf(
  asked: Asked,
  { headers, query }: FieldsAndQuery,
  reserved: ReadonlySet<string>,
): RequestView {
  return new RequestView(asked, () => ({
    headers: reserved.size === 0 ? headers : pairsWhere(headers, (name) => !reserved.has(spellingOf(name))),
    query,
  }))
}

function changedHeaders(
  headers: readonly string[],
  withheld: readonly TokenLocation[],
  set: readonly string[],
): readonly string[] {
  const names = new Set(set.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()))
  const rest = pairsWhere(
    headers,
    (name, value) => !names.has(name.toLowerCase()) && !isToken(name, value, withheld),
  )
  return [...withoutCookies(rest, withheld), ...set]
}

/** Fields without those in which a token stands that does not go on: what was set for a rule to see, too. */
export function takenOff(pairs: readonly string[], withheld: readonly TokenLocation[]): readonly string[] {
  if (pairs.length === 0 || withheld.length === 0) return pairs
  return pairsWhere(pairs, (name, value) => !isToken(name, value, withheld))
}

function isToken(name: string, value: string, withheld: readonly TokenLocation[]): boolean {
  return withheld.some(
    (location) =>
      location.in === 'header' &&
      isField(name, location.name.toLowerCase()) &&
      value.startsWith(location.prefix),
  )
}

function withoutCookies(headers: readonly string[], withheld: readonly TokenLocation[]): readonly string[] {
  const names = new Set(withheld.flatMap((each) => (each.in === 'cookie' ? [spellingOf(each.name)] : [])))
  if (names.size === 0) return headers
  return headers.map((text, index) =>
    index % 2 === 1 && isField(headers[index - 1] ?? '', 'cookie')
      ? removeCookies(text, (name) => names.has(spellingOf(name)))
      : text,
  )
}

function withoutTokens(query: string, withheld: readonly TokenLocation[]): string {
  const names = new Set(withheld.flatMap((each) => (each.in === 'query' ? [spellingOf(each.name)] : [])))
  return names.size === 0 ? query : removePairs(query, (name) => names.has(spellingOf(name)))
}

/** The fields whose name and value pass a test. */
export function pairsWhere(
  headers: readonly string[],
  test: (name: string, value: string) => boolean,
): readonly string[] {
  const rest: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? ''
    const value = headers[i + 1] ?? ''
    if (test(name, value)) rest.push(name, value)
  }
  return rest
}
