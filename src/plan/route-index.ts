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
 * wildcard, then `*`), and its routes alone are looked at, as a virtual host's are; among them the most specific path
 * (exact, then the longest prefix). There is no falling back: a path or a method that a guarded route does not take
 * must not reach an open one.
 */
export class RouteIndex {
  /** The routes of one path differ in their methods. */
  readonly #hosts: HostIndex<PathIndex<readonly RouteMatch[]>>

  constructor(routes: readonly Route[]) {
    const byHost = new Map<string, Map<string, (RouteMatch & { readonly kind: 'route' })[]>>()
    for (const route of routes) {
      const match = { kind: 'route', route } as const
      for (const host of route.spec.hosts) {
        const paths = byHost.get(host) ?? new Map()
        byHost.set(host, paths)
        const matches = paths.get(route.spec.path)
        if (matches === undefined) paths.set(route.spec.path, [match])
        else matches.push(match)
      }
    }
    this.#hosts = new HostIndex(
      [...byHost].map(([host, paths]) => ({
        host,
        value: new PathIndex([...paths].map(([path, value]) => ({ path, value }))),
      })),
    )
  }

  /** `host` and `path` are canonical. */
  match(host: string, path: string, method: string): RouteMatch {
    const paths = this.#hosts.find(host)
    if (paths === undefined) return NO_HOST
    const matches = paths.find(path)
    if (matches === undefined) return NO_PATH
    for (const match of matches) if (match.kind === 'route' && takes(match.route, method)) return match
    return { kind: 'no-method', allowed: methodsOf(matches) }
  }
}

function takes(route: Route, method: string): boolean {
  return route.spec.methods === undefined || route.spec.methods.includes(method)
}

function methodsOf(matches: readonly RouteMatch[]): readonly string[] {
  return [
    ...new Set(matches.flatMap((match) => (match.kind === 'route' ? (match.route.spec.methods ?? []) : []))),
  ]
}
