import type { Authentication } from './plan.ts'
import type { TokenLocation } from './spec.ts'

/**
 * What a set of guards asks of one request, and where to look for tokens. It speaks of authentications alone: what two
 * rules of one make of a token is the same.
 */
export interface Cover {
  /** Whether the request needs a token at all; otherwise the authentications are the optional ones, if any. */
  readonly required: boolean
  /** How many rules ask. */
  readonly rules: number
  /** Those that may let the request in, each once, in configured order. */
  readonly authentications: readonly Authentication[]
  /** One for each different list of locations, in configured order. */
  readonly searches: readonly Search[]
  /** Where tokens are looked for that the backend must not get, verified or not. */
  readonly withheld: readonly TokenLocation[]
  /** Whether some location is a form field, so that the body must be read first. */
  readonly wantsForm: boolean
  /** What came of joining others to it, for `joinCovers` alone. */
  readonly joined: WeakMap<Cover, Cover>
}

/** Authentications that look for their tokens in the same places. */
export class Search {
  readonly locations: readonly TokenLocation[]
  readonly authentications: readonly Authentication[]
  readonly #byIssuer: ReadonlyMap<string | undefined, readonly Authentication[]>
  readonly #ofAnyIssuer: readonly Authentication[]

  /** INVARIANT: all of them have the same locations. */
  constructor(authentications: readonly Authentication[]) {
    this.locations = authentications[0]?.spec.locations ?? []
    this.authentications = authentications
    this.#byIssuer = Map.groupBy(authentications, ({ spec }) => spec.rules.issuer)
    this.#ofAnyIssuer = this.#byIssuer.get(undefined) ?? NOBODY
  }

  /** Who would verify a token of this `iss` found there: those of the issuer, then those that name none. */
  candidates(issuer: string | undefined): readonly Authentication[] {
    const own = issuer === undefined ? undefined : this.#byIssuer.get(issuer)
    if (own === undefined) return this.#ofAnyIssuer
    // Joined here and not beforehand: a thousand issuers would each keep a list of all that name none.
    return this.#ofAnyIssuer.length === 0 ? own : [...own, ...this.#ofAnyIssuer]
  }
}

/**
 * INVARIANT: all are of rules of one kind, needing a token or optional. An authentication of several rules may come as
 * often, and is tried once: a forged token costs one signature for each.
 */
export function coverOf(
  required: boolean,
  ofRules: readonly Authentication[],
  rules = ofRules.length,
): Cover {
  const authentications = [...new Set(ofRules)]
  const byLocations = Map.groupBy(authentications, ({ spec }) => JSON.stringify(spec.locations))
  const searches = [...byLocations.values()].map((group) => new Search(group))
  const wantsForm = searches.some(({ locations }) => locations.some((location) => location.in === 'form'))
  const withheld = authentications.flatMap(({ spec }) => (spec.keepToken ? [] : spec.locations))
  return {
    required,
    rules,
    authentications,
    searches,
    withheld: [...new Set(withheld)],
    wantsForm,
    joined: new WeakMap(),
  }
}

/**
 * What two sets of guards ask of one request together: a token if one of them asks for one, by those that ask. The same
 * object for the same two.
 */
export function joinCovers(a: Cover, b: Cover): Cover {
  if (b.rules === 0 || (a.required && !b.required)) return a
  if (a.rules === 0 || (b.required && !a.required)) return b
  let joined = b.joined.get(a)
  if (joined === undefined) {
    joined = coverOf(a.required, [...a.authentications, ...b.authentications], a.rules + b.rules)
    b.joined.set(a, joined)
  }
  return joined
}

/**
 * The covers of one plan. A hundred thousand routes of one authentication have one cover, which is at hand when the next
 * of them is asked for.
 */
export class Covers {
  readonly #ids = new Map<Authentication, number>()
  readonly #covers = new Map<string, Cover>()

  /** As `coverOf`, and the same object for the same. Nothing is forgotten: for what the plan says, not for requests. */
  of(required: boolean, ofRules: readonly Authentication[]): Cover {
    let name = String(required)
    for (const authentication of ofRules) name += ` ${this.#idOf(authentication)}`
    let cover = this.#covers.get(name)
    if (cover === undefined) this.#covers.set(name, (cover = coverOf(required, ofRules)))
    return cover
  }

  #idOf(authentication: Authentication): number {
    let id = this.#ids.get(authentication)
    if (id === undefined) this.#ids.set(authentication, (id = this.#ids.size))
    return id
  }
}

const NOBODY: readonly Authentication[] = []
