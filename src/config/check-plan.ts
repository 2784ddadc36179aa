import type { Origin, Problem } from '../errors/problem.ts'
import type { Compiled } from '../dialects/compiled.ts'
import type { RouteSpec } from '../plan/spec.ts'
import { comparablePattern } from '../policy/index.ts'
import { openRoutes } from './open-routes.ts'

/** Finds what two parts of a plan, perhaps of two files, take from each other. */
export function checkConflicts(compiled: Compiled): readonly Problem[] {
  return [...sameNames(compiled), ...takenRoutes(compiled.routes.map(({ spec }) => spec))]
}

/** Finds what is weak or idle in a plan. INVARIANT: it is whole: a part that an error left out would look unused. */
export function checkUse(compiled: Compiled): readonly Problem[] {
  return [...openRoutes(compiled), ...unused(compiled)]
}

/** Names stand in logs: one that two routes have says nothing. */
function sameNames({ routes, guards }: Compiled): readonly Problem[] {
  return [
    ...repeated(
      'route',
      routes.map(({ spec }) => spec),
    ),
    ...repeated('rule', guards),
  ]
}

function repeated(what: string, parts: readonly Named[]): readonly Problem[] {
  const seen = new Set<string>()
  return parts.flatMap((part): readonly Problem[] => {
    if (seen.has(part.name)) {
      return [
        problemAt(part, 'error', `another ${what} is named \`${part.name}\``, 'give each a name of its own'),
      ]
    }
    seen.add(part.name)
    return []
  })
}

interface Named {
  readonly name: string
  readonly origin: Origin
}

function problemAt({ origin }: Named, severity: Problem['severity'], message: string, hint: string): Problem {
  return { severity, file: origin.file, line: origin.line, message, hint }
}

/**
 * Routes of one host and path are tried in order: a later one gets the methods that are left, if any. Routes of other
 * paths take nothing from each other: the most specific path decides, whatever its methods.
 */
function takenRoutes(routes: readonly RouteSpec[]): readonly Problem[] {
  const problems: Problem[] = []
  const earlier = new Map<string, RouteSpec[]>()
  for (const route of routes) {
    for (const host of route.hosts) {
      const place = `${host} ${comparablePattern(route.path)}`
      const before = earlier.get(place) ?? []
      const taker = before.find((other) => overlaps(other.methods, route.methods))
      if (taker !== undefined) problems.push(takenRoute(route, taker, host))
      earlier.set(place, [...before, route])
    }
  }
  return problems
}

function takenRoute(route: RouteSpec, taker: RouteSpec, host: string): Problem {
  const where = `\`${host === '*' ? '' : host}${route.path}\``
  const by = `\`${taker.name}\` (${taker.origin.file}:${taker.origin.line})`
  if (sorted(taker.methods) === sorted(route.methods)) {
    const hint =
      'keep one of the two, or tell them apart by host, path or methods; for functions, under `backends` of their import'
    return problemAt(route, 'error', `${where} is taken by the route ${by} already`, hint)
  }
  const left =
    taker.methods === undefined ? [] : route.methods?.filter((method) => !taker.methods?.includes(method))
  const message =
    left?.length === 0
      ? `the route is never reached, because the earlier ${by} takes ${where} with all its methods`
      : `the earlier route ${by} takes some methods of ${where}`
  return problemAt(route, 'warning', message, 'put the route with fewer methods first')
}

/** Whether `later` loses something to `earlier`. A later route for all methods is one for the rest, and meant so. */
function overlaps(earlier: RouteSpec['methods'], later: RouteSpec['methods']): boolean {
  if (earlier === undefined) return true
  return later !== undefined && later.some((method) => earlier.includes(method))
}

function sorted(methods: RouteSpec['methods']): string {
  return methods === undefined ? '*' : [...methods].sort().join(' ')
}

function unused({ backends, authentications, guards, routes }: Compiled): readonly Problem[] {
  const allGuards = [...guards, ...routes.flatMap(({ spec }) => spec.guards)]
  return [
    ...idle('backend', backends, new Set(routes.map(({ spec }) => spec.backend))),
    ...idle('authentication', authentications, new Set(allGuards.map((guard) => guard.authentication))),
  ]
}

function idle(what: string, parts: readonly Named[], used: ReadonlySet<string>): readonly Problem[] {
  const places = what === 'backend' ? 'a route' : 'a route or a rule'
  return parts
    .filter(({ name }) => !used.has(name))
    .map((part) =>
      problemAt(
        part,
        'warning',
        `the ${what} \`${part.name}\` is not used`,
        `name it in ${places}, or leave it out`,
      ),
    )
}
