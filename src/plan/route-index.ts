import { HostIndex, PathIndex } from '../policy/index.ts'
import type { Route } from './plan.ts'

export type RouteMatch =
  | { readonly kind: 'route'; readonly route: Route }
  | { readonly kind: 'no-host' | 'no-path' }
  /** Routes lead here, for these methods only. */
  | { readonly kind: 'no-method'; readonly allowed: readonly string[] }

const NO_HOST: RouteMatch = { kind: 'no-host' }
const NO_PATH: RouteMatch = { kind: 'no-path' }

/**
 * Routes by host and path. The most specific host that any route names has the request (exact, then the longest
 * wildcard, then `*`), and its routes alone are looked at, as a virtual host's are: a path that a guarded host does
 * not route must not reach an open route of all hosts. Among its routes: the exact path, then the longest prefix
 * that takes the method.
 */
export class RouteIndex {
  readonly #hosts: HostIndex<PathIndex<RouteMatch & { readonly kind: 'route' }>>

  constructor(routes: readonly Route[]) {
    const byHost = new Map<string, { path: string; value: RouteMatch & { kind: 'route' } }[]>()
    for (const route of routes) {
      const value = { kind: 'route', route } as const
      for (const host of route.spec.hosts) {
        const entries = byHost.get(host) ?? []
        byHost.set(host, entries)
        entries.push({ path: route.spec.path, value })
      }
    }
    this.#hosts = new HostIndex(
      [...byHost].map(([host, entries]) => ({ host, value: new PathIndex(entries) })),
    )
  }

  /** `host` and `path` are canonical. */
  match(host: string, path: string, method: string): RouteMatch {
    const paths = this.#hosts.find(host)
    if (paths === undefined) return NO_HOST
    const match = paths.find(path, ({ route }) => takes(route, method))
    return match ?? this.#refusal(paths, path)
  }

  #refusal(paths: PathIndex<RouteMatch & { readonly kind: 'route' }>, path: string): RouteMatch {
    const allowed = new Set<string>()
    paths.find(path, ({ route }) => {
      for (const method of route.spec.methods ?? []) allowed.add(method)
      return false
    })
    return allowed.size === 0 ? NO_PATH : { kind: 'no-method', allowed: [...allowed] }
  }
}

function takes(route: Route, method: string): boolean {
  return route.spec.methods === undefined || route.spec.methods.includes(method)
}
