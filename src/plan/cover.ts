import type { Guard } from './plan.ts'
import type { TokenLocation } from './spec.ts'

/** The guards that speak for one request, and where to look for their tokens. */
export interface Cover {
  /** Whether the request needs a token at all; otherwise `guards` are the optional ones, if any. */
  readonly required: boolean
  readonly guards: readonly Guard[]
  /** One for each different list of locations, in configured order. */
  readonly searches: readonly Search[]
  /** Where tokens are looked for that the backend must not get, verified or not. */
  readonly withheld: readonly TokenLocation[]
  /** Whether some location is a form field, so that the body must be read first. */
  readonly wantsForm: boolean
}

export interface Search {
  readonly locations: readonly TokenLocation[]
  /** One for each authentication: what two rules of one authentication make of a token is the same. */
  readonly guards: readonly Guard[]
  /** The guards that would verify a token of this `iss` found there: those of the issuer, then those that name none. */
  candidates(issuer: string | undefined): readonly Guard[]
}

/** INVARIANT: `guards` are all of one kind, needing a token or optional. */
export function coverOf(required: boolean, guards: readonly Guard[]): Cover {
  const byLocations = Map.groupBy(onePerAuthentication(guards), (guard) =>
    JSON.stringify(guard.authentication.spec.locations),
  )
  const searches = [...byLocations.values()].map((group) => searchOf(group))
  const wantsForm = searches.some(({ locations }) => locations.some((location) => location.in === 'form'))
  const withheld = guards.flatMap(({ authentication: { spec } }) => (spec.keepToken ? [] : spec.locations))
  return { required, guards, searches, withheld: [...new Set(withheld)], wantsForm }
}

/** What two sets of guards ask of one request together: a token if one of them asks for one, by a guard that asks. */
export function joinCovers(a: Cover, b: Cover): Cover {
  if (b.guards.length === 0 || (a.required && !b.required)) return a
  if (a.guards.length === 0 || (b.required && !a.required)) return b
  return coverOf(a.required, [...a.guards, ...b.guards])
}

/** A forged token costs one signature for each authentication, not for each of its rules. */
function onePerAuthentication(guards: readonly Guard[]): readonly Guard[] {
  const first = new Map<Guard['authentication'], Guard>()
  for (const guard of guards) if (!first.has(guard.authentication)) first.set(guard.authentication, guard)
  return first.size === guards.length ? guards : [...first.values()]
}

function searchOf(guards: readonly Guard[]): Search {
  const byIssuer = Map.groupBy(guards, (guard) => guard.authentication.spec.rules.issuer)
  const ofAnyIssuer = byIssuer.get(undefined) ?? NO_GUARDS
  return {
    locations: guards[0]?.authentication.spec.locations ?? [],
    guards,
    candidates(issuer) {
      const own = issuer === undefined ? undefined : byIssuer.get(issuer)
      if (own === undefined) return ofAnyIssuer
      // Joined here and not beforehand: a thousand issuers would each keep a list of all that name none.
      return ofAnyIssuer.length === 0 ? own : [...own, ...ofAnyIssuer]
    },
  }
}

const NO_GUARDS: readonly Guard[] = []
