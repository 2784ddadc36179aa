import { suggestion } from '../../dialects/suggestion.ts'
import { canonicalHost, canonicalPath } from '../../policy/index.ts'
import type { RouteSpec } from '../../plan/spec.ts'
import type { Advisor, Case } from './case.ts'

/** Enough to see a slip, few enough to read. */
const SHOWN = 8

export const adviseHost: Advisor = ({ plan, request }) => {
  const hosts = [...new Set(plan.spec.routes.flatMap((route) => route.hosts))]
  const asked = hostOf(request.authority)
  const first = hosts.find((host) => !host.startsWith('*')) ?? 'api.example.com'
  // People paste the address of the listener, while routes go by the name that clients know.
  if (/^[\d.]+$|^\[|^localhost$/.test(asked))
    return [
      `routes go by the host that clients name: try \`-H 'Host: ${first}'\` (routed are ${listed(hosts)})`,
    ]
  const near = suggestion(asked, hosts)
  return [
    near === undefined ? `routed are ${listed(hosts)}` : `is \`${near}\` meant? Routed are ${listed(hosts)}`,
    'a route for all hosts has `hosts: ["*"]`, or none',
  ]
}

export const advisePath: Advisor = (the) => {
  const path = pathOf(the)
  const routes = routesOfHost(the)
  const paths = [...new Set(routes.map((route) => route.path))]
  const twin = path.endsWith('/') ? path.slice(0, -1) : `${path}/`
  if (paths.includes(twin)) return [`\`${twin}\` is routed: the slash at the end counts`]
  if (paths.includes(`${path}/*`))
    return [`\`${path}/*\` takes what is below \`${path}\`, and not \`${path}\` itself: add a route for it`]
  const cased = paths.find((each) => covers(each.toLowerCase(), path.toLowerCase()))
  if (cased !== undefined) return [`\`${cased}\` is routed: the case of letters counts in a path`]
  const near = suggestion(path, paths)
  const meant = near === undefined ? '' : `is \`${near}\` meant? `
  return [`${meant}${meant === '' ? 'routed' : 'Routed'} on this host are ${listed(paths)}`]
}

export const adviseMethod: Advisor = (the) => {
  const path = pathOf(the)
  // The most specific path decides alone; of two patterns that cover it, the longer one is that.
  const [route] = routesOfHost(the)
    .filter((each) => covers(each.path, path))
    .sort((a, b) => b.path.length - a.path.length)
  const where = route === undefined ? '' : ` of \`${route.name}\` (${route.origin.file}:${route.origin.line})`
  return [`add \`${the.request.method}\` to the \`methods\`${where}, or send another method`]
}

/** The routes that would have the request by its host: those of the most specific one that any route names. */
function routesOfHost({ plan, request }: Case): readonly RouteSpec[] {
  const host = hostOf(request.authority)
  const { routes } = plan.spec
  const fits = (pattern: string): boolean =>
    pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)))
  const fitting = routes.flatMap((route) => route.hosts).filter(fits)
  const best = fitting.includes(host) ? host : fitting.sort((a, b) => b.length - a.length)[0]
  return routes.filter((route) => route.hosts.includes(best ?? '*'))
}

function covers(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path
}

function hostOf(authority: string): string {
  const host = canonicalHost(authority)
  return host.ok ? host.value.host : authority
}

function pathOf({ request, plan }: Case): string {
  const raw = request.target.split('?', 1)[0] ?? ''
  const path = canonicalPath(raw, plan.spec.http)
  return path.ok ? path.value : raw
}

function listed(texts: readonly string[]): string {
  const shown = texts.slice(0, SHOWN).map((text) => `\`${text}\``)
  return shown.join(', ') + (texts.length > SHOWN ? ` and ${texts.length - SHOWN} more` : '')
}
