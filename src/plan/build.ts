import { createKeySet, DEFAULT_TOKEN_LIMITS } from '../jwt/index.ts'
import { AddressSet, spellingOf } from '../policy/index.ts'
import { GuardSet, RouteGuards } from './guard-set.ts'
import type { Authentication, Guard, Plan, ReservedNames, Route } from './plan.ts'
import { RouteIndex } from './route-index.ts'
import type { AuthenticationSpec, ClaimMapping, GuardSpec, PlanSpec, RouteSpec } from './spec.ts'

/**
 * Indexes a plan. INVARIANT: the configuration was checked: names are unique, each guard names an authentication of
 * the plan and each route a backend; a name that is not there is a bug and throws.
 */
export function buildPlan(spec: PlanSpec): Plan {
  const authentications = new Map(spec.authentications.map((each) => [each.name, buildAuthentication(each)]))
  const global = new GuardSet(spec.guards.map((guard) => buildGuard(guard, authentications)))
  const reserved = reservedByBackend(spec, authentications)
  const routes = spec.routes.map((route) => buildRoute(route, authentications, global, reserved))
  return {
    spec,
    trustedPeers: new AddressSet(spec.http.trustedPeers),
    tokenLimits: { ...DEFAULT_TOKEN_LIMITS, maxTokenBytes: spec.http.maxTokenBytes },
    routes: new RouteIndex(routes),
  }
}

function buildAuthentication(spec: AuthenticationSpec): Authentication {
  return { spec, keys: createKeySet(spec.keys) }
}

function buildGuard(spec: GuardSpec, authentications: ReadonlyMap<string, Authentication>): Guard {
  const authentication = authentications.get(spec.authentication)
  if (authentication === undefined)
    throw new Error(`guard \`${spec.name}\` names no authentication of the plan`)
  return { spec, authentication }
}

const NO_GUARDS = new GuardSet([])

function buildRoute(
  spec: RouteSpec,
  authentications: ReadonlyMap<string, Authentication>,
  global: GuardSet,
  reserved: ReadonlyMap<string, ReservedNames>,
): Route {
  const own =
    spec.guards.length === 0
      ? NO_GUARDS
      : new GuardSet(spec.guards.map((each) => buildGuard(each, authentications)))
  return {
    spec,
    guards: new RouteGuards(own, global),
    reserved: reserved.get(spec.backend) ?? NOTHING_RESERVED,
  }
}

/**
 * The names of all routes that lead to a backend, for each of them: a backend believes a name wherever it comes from,
 * so an open route beside a guarded one must not let it in.
 */
function reservedByBackend(
  { guards, routes }: PlanSpec,
  authentications: ReadonlyMap<string, Authentication>,
): ReadonlyMap<string, ReservedNames> {
  const global = guards.map((guard) => guard.authentication)
  const namesOf = new Map(routes.map(({ backend }) => [backend, new Set(global)]))
  for (const route of routes) {
    for (const guard of route.guards) namesOf.get(route.backend)?.add(guard.authentication)
  }
  const mappings = (names: ReadonlySet<string>): readonly ClaimMapping[] =>
    [...names].flatMap((name) => authentications.get(name)?.spec.forward ?? [])
  return new Map([...namesOf].map(([backend, names]) => [backend, reservedNames(mappings(names))]))
}

const NOTHING_RESERVED = reservedNames([])

function reservedNames(mappings: readonly ClaimMapping[]): ReservedNames {
  const names = (place: ClaimMapping['in']): ReadonlySet<string> =>
    new Set(mappings.filter((mapping) => mapping.in === place).map((mapping) => spellingOf(mapping.name)))
  return { header: names('header'), query: names('query'), form: names('form'), cookie: names('cookie') }
}
