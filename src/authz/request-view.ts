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

/** The fields and the query of a request as the next to look at it sees them. Worked out only for who looks. */
export class RequestView {
  readonly #make: () => readonly string[]
  readonly query: string | undefined
  #headers: readonly string[] | undefined

  constructor(make: () => readonly string[], query: string | undefined) {
    this.#make = make
    this.query = query
  }

  get headers(): readonly string[] {
    return (this.#headers ??= this.#make())
  }

  after({ withheld, fields }: RequestChange): RequestView {
    if (withheld.length === 0 && fields.length === 0) return this
    return new RequestView(
      () => changedHeaders(this.headers, withheld, fields),
      this.query === undefined ? undefined : withoutTokens(this.query, withheld),
    )
  }
}

/** A client's request without the names that are not its to say. */
export function viewOf(
  headers: readonly string[],
  query: string | undefined,
  reserved: ReadonlySet<string>,
): RequestView {
  if (reserved.size === 0) return new RequestView(() => headers, query)
  return new RequestView(() => kept(headers, (name) => !reserved.has(spellingOf(name))), query)
}

function changedHeaders(
  headers: readonly string[],
  withheld: readonly TokenLocation[],
  set: readonly string[],
): readonly string[] {
  const names = new Set(set.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()))
  const rest = kept(
    headers,
    (name, value) => !names.has(name.toLowerCase()) && !isToken(name, value, withheld),
  )
  return [...withoutCookies(rest, withheld), ...set]
}

/** Fields without those in which a token stands that does not go on: what was set for a rule to see, too. */
export function takenOff(pairs: readonly string[], withheld: readonly TokenLocation[]): readonly string[] {
  if (pairs.length === 0 || withheld.length === 0) return pairs
  return kept(pairs, (name, value) => !isToken(name, value, withheld))
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

function kept(headers: readonly string[], test: (name: string, value: string) => boolean): readonly string[] {
  const rest: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? ''
    const value = headers[i + 1] ?? ''
    if (test(name, value)) rest.push(name, value)
  }
  return rest
}
