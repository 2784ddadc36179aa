import { DEFAULT_TOKEN_LIMITS } from '../jwt/index.ts'
import { KeyStore } from '../keys/index.ts'
import { AddressSet, spellingOf } from '../policy/index.ts'
import { checkpointsOf, type Checkpoint } from './checkpoint.ts'
import { Covers } from './cover.ts'
import { GuardSet, RouteGuards } from './guard-set.ts'
import type { Authentication, Guard, Plan, ReservedNames, Route } from './plan.ts'
import { RouteIndex } from './route-index.ts'
import type { CheckpointSpec, ExternalAuthorizerSpec } from './checkpoint-spec.ts'
import { outputHeaders } from './token-rules.ts'
import type {
  AuthenticationSpec,
  ClaimMapping,
  GuardSpec,
  PathRewriteSpec,
  PlanSpec,
  RouteSpec,
} from './spec.ts'

/**
 * Indexes a plan. INVARIANT: the configuration was checked: names are unique, each guard names an authentication of
 * the plan and each route a backend; a name that is not there is a bug and throws. Fetched keys are those of `keys`, as
 * they are at each time; of a store that nobody feeds there are none.
 */
export function buildPlan(spec: PlanSpec, keys = new KeyStore()): Plan {
  const authentications = new Map(
    spec.authentications.map((each) => [each.name, buildAuthentication(each, keys)]),
  )
  const covers = new Covers()
  const guardSet = (specs: readonly GuardSpec[]): GuardSet =>
    new GuardSet(
      specs.map((each) => buildGuard(each, authentications)),
      covers,
    )
  const [global, none] = [guardSet(spec.guards), guardSet([])]
  const guardsOf = ({ guards }: RouteSpec): RouteGuards =>
    new RouteGuards(guards.length === 0 ? none : guardSet(guards), global)
  const reserved = reservedByBackend(spec, authentications)
  const checkpoints = checkpointsOf(spec.checkpoints, spec.backends, keys)
  // One text for all routes to a backend, and not one each.
  const names = new Map(spec.backends.map(({ name }) => [name, name]))
  const nameOf = (backend: string): string => names.get(backend) ?? backend
  const routes = spec.routes.map((route) =>
    buildRoute(route, nameOf(route.backend), guardsOf(route), reserved, checkpoints(route.backend)),
  )
  return {
    spec,
    trustedPeers: new AddressSet(spec.http.trustedPeers),
    tokenLimits: { ...DEFAULT_TOKEN_LIMITS, maxTokenBytes: spec.http.maxTokenBytes },
    routes: new RouteIndex(routes),
    authentications,
  }
}

function buildAuthentication(spec: AuthenticationSpec, keys: KeyStore): Authentication {
  return { spec, keys: keys.liveKeys(spec.keys, spec.keySources) }
}

function buildGuard(spec: GuardSpec, authentications: ReadonlyMap<string, Authentication>): Guard {
  const authentication = authentications.get(spec.authentication)
  if (authentication === undefined)
    throw new Error(`guard \`${spec.name}\` names no authentication of the plan`)
  return { spec, authentication }
}

const NO_REWRITES: readonly PathRewriteSpec[] = []

function buildRoute(
  spec: RouteSpec,
  backend: string,
  guards: RouteGuards,
  reserved: ReadonlyMap<string, ReservedNames>,
  checkpoints: readonly Checkpoint[],
): Route {
  return {
    kind: 'route',
    spec,
    methods: spec.methods,
    backend,
    pathRewrites: spec.pathRewrites.length === 0 ? NO_REWRITES : spec.pathRewrites,
    guards,
    checkpoints,
    reserved: reserved.get(spec.backend) ?? NOTHING_RESERVED,
  }
}

/**
 * The names of all routes that lead to a backend, for each of them: a backend believes a name wherever it comes from,
 * so an open route beside a guarded one must not let it in.
 */
function reservedByBackend(
  { guards, routes, checkpoints }: PlanSpec,
  authentications: ReadonlyMap<string, Authentication>,
): ReadonlyMap<string, ReservedNames> {
  const global = guards.map((guard) => guard.authentication)
  const namesOf = new Map(routes.map(({ backend }) => [backend, new Set(global)]))
  for (const route of routes) {
    for (const guard of route.guards) namesOf.get(route.backend)?.add(guard.authentication)
  }
  const mappings = (names: ReadonlySet<string>): readonly ClaimMapping[] =>
    [...names].flatMap((name) => authentications.get(name)?.spec.forward ?? [])
  return new Map(
    [...namesOf].map(([backend, names]) => [
      backend,
      reservedNames(mappings(names), outputsTo(backend, checkpoints)),
    ]),
  )
}

/** The header names in which checkpoints on the way to a backend hand tokens on. */
function outputsTo(backend: string, checkpoints: PlanSpec['checkpoints']): readonly string[] {
  const places = checkpoints?.places.filter(
    (place) => place.backend === undefined || place.backend === backend,
  )
  const rules = places?.flatMap(({ tokenRules }) => tokenRules) ?? []
  const brought = rules.flatMap(({ locations }) => locations.map(({ name }) => name.toLowerCase()))
  return (places ?? []).flatMap((place) => [
    ...place.tokenRules.flatMap((rule) => outputHeaders(rule)),
    ...answeredHeaders(place, checkpoints?.authorizers ?? [], brought),
  ])
}

/** What an authorizer may say of a client, which then has no say in it; but for what the client has to bring itself. */
function answeredHeaders(
  { policies }: CheckpointSpec,
  authorizers: readonly ExternalAuthorizerSpec[],
  brought: readonly string[],
): readonly string[] {
  const asked = new Set(policies.map(({ provider }) => provider))
  return authorizers
    .filter(({ name }) => asked.has(name))
    .flatMap(({ forwardHeaders }) => forwardHeaders)
    .filter((name) => !CREDENTIALS.has(name) && !brought.includes(name))
}

const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie'])

const NOTHING_RESERVED = reservedNames([], [])

function reservedNames(mappings: readonly ClaimMapping[], headers: readonly string[]): ReservedNames {
  const names = (place: ClaimMapping['in']): readonly string[] =>
    mappings.filter((mapping) => mapping.in === place).map((mapping) => spellingOf(mapping.name))
  return {
    header: new Set([...names('header'), ...headers.map((name) => spellingOf(name))]),
    query: new Set(names('query')),
    form: new Set(names('form')),
    cookie: new Set(names('cookie')),
  }
}
