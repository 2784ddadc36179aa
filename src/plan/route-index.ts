import { comparablePattern, HostIndex, PathIndex, type PathEntry } from '../policy/index.ts'
import type { Route } from './plan.ts'

export type RouteMatch = Route | Unrouted

export type Unrouted =
  | { readonly kind: 'no-host' | 'no-path' }
  /** Routes lead here, for these methods only. */
  | { readonly kind: 'no-method'; readonly allowed: readonly string[] }

const NO_HOST: Unrouted = { kind: 'no-host' }
const NO_PATH: Unrouted = { kind: 'no-path' }

/** The routes of one path, nearly always one; several differ in their methods. */
type PathRoutes = Route | readonly Route[]

/**
 * Routes by host and path. The most specific host that any route names has the request (exact, then the longest
 * wildcard, then `*`), and its routes alone are looked at, as a virtual host's are; among them the most specific path
 * (exact, then the longest prefix). There is no falling back: a path or a method that a guarded route does not take
 * must not reach an open one.
 */
export class RouteIndex {
  readonly #hosts: HostIndex<PathIndex<PathRoutes>>

  constructor(routes: readonly Route[]) {
    const byHost = new Map<string, Map<string, PathEntry<Route[]>>>()
    for (const route of routes) {
      for (const host of route.spec.hosts) {
        const paths = byHost.get(host) ?? new Map<string, PathEntry<Route[]>>()
        byHost.set(host, paths)
        const { path } = route.spec
        // Where two routes spell one path in two ways, the one must not hide the other's methods.
        const spelled = comparablePattern(path)
        const others = paths.get(spelled)
        if (others === undefined) paths.set(spelled, { path, value: [route] })
        else others.value.push(route)
      }
    }
    this.#hosts = new HostIndex(
      [...byHost].map(([host, paths]) => ({
        host,
        value: new PathIndex(
          [...paths.values()].map(({ path, value }) => ({ path, value: oneOrAll(value) })),
        ),
      })),
    )
  }

  /** `host` and `path` are canonical. */
  match(host: string, path: string, method: string): RouteMatch {
    const paths = this.#hosts.find(host)
    if (paths === undefined) return NO_HOST
    const routes = paths.find(path)
    if (routes === undefined) return NO_PATH
    if ('kind' in routes) return takes(routes, method) ? routes : noMethod([routes])
    return routes.find((route) => takes(route, method)) ?? noMethod(routes)
  }
}

function oneOrAll(routes: readonly Route[]): PathRoutes {
  const [first, ...others] = routes
  return first === undefined || others.length > 0 ? routes : first
}

function takes({ methods }: Route, method: string): boolean {
  return methods === undefined || methods.includes(method)
}

function noMethod(routes: readonly Route[]): Unrouted {
  return { kind: 'no-method', allowed: [...new Set(routes.flatMap(({ methods }) => methods ?? []))] }
}
