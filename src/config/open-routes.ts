import type { Problem } from '../errors/problem.ts'
import type { Compiled, CompiledRoute } from '../dialects/compiled.ts'
import { hostCovers, pathCovers } from '../dialects/patterns.ts'
import type { GuardSpec, RouteSpec } from '../plan/spec.ts'

/**
 * Finds the routes that nobody needs a token for: those that nobody said so of, and those that lead around one that needs
 * a token.
 */
export function openRoutes({ routes, guards }: Compiled): readonly Problem[] {
  const open: CompiledRoute[] = []
  const closed: RouteSpec[] = []
  for (const route of routes) {
    const all = [...route.spec.guards, ...guards]
    if (all.some((guard) => needsSomewhere(guard, route.spec))) closed.push(route.spec)
    else open.push(route)
  }
  return [...open.filter(isUnsaid).map(openRoute), ...open.flatMap(({ spec }) => wayAround(spec, closed))]
}

function isUnsaid({ spec, openOnPurpose }: CompiledRoute): boolean {
  return !openOnPurpose && !spec.guards.some(({ requirement }) => requirement.mode === 'optional')
}

function openRoute({ spec, ifOpen }: CompiledRoute): Problem {
  const { severity, hint } = ifOpen
  return { severity, ...spec.origin, message: `nobody needs a token for \`${spec.name}\``, hint }
}

/**
 * A path that the gateway takes for another than the protected one goes to the open route. Where both lead to one
 * backend, it is the backend's reading of the path that decides then.
 */
function wayAround(open: RouteSpec, closed: readonly RouteSpec[]): readonly Problem[] {
  const [first, ...more] = closed.filter((route) => isAround(open, route))
  if (first === undefined) return []
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`
  const message =
    `\`${first.path}\`${others} needs a token, and \`${open.path}\` leads to the same backend without one: ` +
    `what the backend reads as the same path (${spellings(first.path)}) is open`
  const hint = `let \`${open.name}\` need a token too, list the paths that it is for, or give it a backend of its own`
  return [{ severity: 'warning', ...open.origin, message, hint }]
}

function isAround(open: RouteSpec, closed: RouteSpec): boolean {
  return (
    open.backend === closed.backend &&
    open.path !== closed.path &&
    pathCovers(open.path, closed.path) &&
    (open.methods === undefined ||
      closed.methods === undefined ||
      open.methods.some((method) => closed.methods?.includes(method))) &&
    open.hosts.some((host) => closed.hosts.some((other) => hostCovers(host, other)))
  )
}

/** How else a backend may be asked for a path: letters in another case, and a parameter that it cuts off. */
function spellings(path: string): string {
  const stem = path.replace(/\/?\*$/, '')
  const cased = stem.replace(/[a-z](?=[^/]*$)/i, (letter) => otherCase(letter))
  return [...new Set([cased, `${stem === '' ? '/' : stem};x`])]
    .filter((each) => each !== stem)
    .map((each) => `\`${each}\``)
    .join(', ')
}

function otherCase(letter: string): string {
  return letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()
}

/** Whether at least one request of the route needs a token by this guard. */
function needsSomewhere({ requirement }: GuardSpec, route: RouteSpec): boolean {
  switch (requirement.mode) {
    case 'all':
      return true
    case 'optional':
      return false
    case 'whitelist':
      return !route.hosts.every((host) =>
        requirement.conditions.some(
          (listed) => hostCovers(listed.host, host) && pathCovers(listed.path, route.path),
        ),
      )
    case 'blacklist':
      return route.hosts.some((host) =>
        requirement.conditions.some(
          (listed) => meet(hostCovers, listed.host, host) && meet(pathCovers, listed.path, route.path),
        ),
      )
  }
}

/** Two patterns have a value in common where one of them covers the other. */
function meet(covers: (outer: string, inner: string) => boolean, a: string, b: string): boolean {
  return covers(a, b) || covers(b, a)
}
