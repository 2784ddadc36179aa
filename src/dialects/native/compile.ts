import type { z } from 'zod'
import type { BackendSpec, ConditionSpec, GuardSpec, HttpSpec } from '../../plan/spec.ts'
import type { PathOptions } from '../../policy/index.ts'
import type { Compiled, CompiledRoute, FileReader, IfOpen, NameBook } from '../compiled.ts'
import { pathCovers } from '../patterns.ts'
import { checkPath, requirementOf, warnOfBlacklist } from '../requirement.ts'
import type { SourceNode } from '../source-node.ts'
import { suggestion } from '../suggestion.ts'
import { compileAuthentication } from './compile-authentication.ts'
import { compileBackend } from './compile-backend.ts'
import type { NativeDocument, Part } from './read.ts'
import type { routeSchema, ruleSchema } from './schema.ts'

/** Compiles a native configuration, but for its imports and what is not of the plan. */
export async function compileNative(
  document: NativeDocument,
  files: FileReader,
  names: NameBook,
): Promise<Compiled> {
  warnOfTrust(document)
  const backends: BackendSpec[] = []
  for (const part of document.backends) {
    const backend = await compileBackend(part, files)
    if (backend !== undefined) backends.push(backend)
  }
  const authentications = []
  for (const part of document.authentications) {
    const authentication = await compileAuthentication(part, files)
    if (authentication !== undefined) authentications.push(authentication)
  }
  const known: Known = {
    backends: document.backends.map(({ name }) => name),
    authentications: document.authentications.map(({ name }) => name),
    paths: document.http,
  }
  const guards = document.rules.flatMap((part) => compileRule(part, known))
  const routes = document.routes.flatMap((part) => compileRoute(part, known))
  for (const name of known.authentications) names.take(name)
  for (const { name } of [...guards, ...routes.map(({ spec }) => spec)]) names.take(name)
  return { backends, authentications, guards, routes }
}

/** What is the same for every request. */
export function httpSpec(document: NativeDocument): HttpSpec {
  const { maxTokenBytes, maxFormBytes } = document.limits
  const { pathNormalization } = document.mesh
  return {
    ...document.http,
    pathNormalization,
    trustedPeers: document.trustedProxies,
    maxTokenBytes,
    maxFormBytes,
  }
}

/** A block that holds every address makes each client a proxy, whose word about itself counts. */
function warnOfTrust({ root, trustedProxies }: NativeDocument): void {
  const items = root.find('trustedProxies')?.items() ?? []
  for (const [index, block] of trustedProxies.entries()) {
    if (!/\/0+$/.test(block)) continue
    items[index]?.warning(
      `\`${block}\` holds every address: each client can say which address, host and scheme it comes with`,
      'list the addresses of your own proxies',
    )
  }
}

/** What the rest of the file may refer to: all names, also those of parts with errors. */
interface Known {
  readonly backends: readonly string[]
  readonly authentications: readonly string[]
  readonly paths: PathOptions
}

function compileRule({ node, value }: Part<z.output<typeof ruleSchema>>, known: Known): readonly GuardSpec[] {
  if (value === undefined) return []
  const { name, authentication, mode } = value
  checkName(node.find('authentication') ?? node, 'authentication', authentication, known.authentications)
  const list = node.find('conditions')
  const places = list?.items()
  const conditions = value.conditions?.flatMap((condition, index): readonly ConditionSpec[] => {
    const item = places?.[index] ?? node
    if (condition.host === undefined && condition.path === undefined) {
      item.error('a condition needs a `host`, a `path` or both', 'write `path: /*` for every request')
    }
    const path = checkPath(item.find('path') ?? item, condition.path ?? '/*', known.paths)
    return path === undefined ? [] : [{ host: condition.host ?? '*', path }]
  })
  const requirement = requirementOf(list ?? node, mode, conditions, 'conditions')
  if (mode === 'blacklist' && value.enabled) warnOfBlacklist(node.find('mode') ?? node)
  // A rule that is switched off was still checked, so that switching it on cannot fail.
  return requirement === undefined || !value.enabled
    ? []
    : [{ name, origin: node.origin, authentication, requirement }]
}

function compileRoute(
  { node, value }: Part<z.output<typeof routeSchema>>,
  known: Known,
): readonly CompiledRoute[] {
  if (value === undefined) return []
  checkName(node.find('backend') ?? node, 'backend', value.backend, known.backends)
  const path = checkPath(node.find('path') ?? node, value.path, known.paths)
  if (path === undefined) return []
  const name = value.name ?? routeName(value, path)
  const spec = {
    name,
    origin: node.origin,
    hosts: [...new Set(value.hosts)],
    path,
    methods: value.methods === undefined ? undefined : [...new Set(value.methods)],
    backend: value.backend,
    guards: compileAuth(node, name, path, value.auth, known),
    pathRewrites: [],
    refusals: 'problem' as const,
  }
  return [{ spec, openOnPurpose: value.auth === 'none', ifOpen: ifOpen(value.auth) }]
}

/** Nothing written is an error: a file that is saved half-written must not open the gateway when it is reloaded. */
function ifOpen(auth: z.output<typeof routeSchema>['auth']): IfOpen {
  const none = 'write `auth: none` if that is meant'
  return auth === undefined
    ? { severity: 'error', hint: `name an authentication under \`auth\`, or ${none}` }
    : { severity: 'warning', hint: `narrow what is listed, or ${none}` }
}

function routeName(route: z.output<typeof routeSchema>, path: string): string {
  const methods = route.methods === undefined ? '' : `${route.methods.join(',')} `
  const hosts = route.hosts.filter((host) => host !== '*').join(',')
  return `${methods}${hosts}${path}`
}

/** The guards of a route: one for each authentication that it may be entered with. */
function compileAuth(
  route: SourceNode,
  name: string,
  routePath: string,
  auth: z.output<typeof routeSchema>['auth'],
  known: Known,
): readonly GuardSpec[] {
  const node = route.find('auth') ?? route
  if (auth === undefined || auth === 'none') return []
  const settings = typeof auth === 'string' ? { use: [auth] } : Array.isArray(auth) ? { use: auth } : auth
  const { use, mode, paths } = { mode: 'all' as const, paths: undefined, ...settings }
  for (const authentication of use) {
    if (authentication !== 'none') checkName(node, 'authentication', authentication, known.authentications)
    else node.error('`none` cannot stand among authentications', 'write `auth: none`, or `mode: optional`')
  }
  const list = node.find('paths')
  const places = list?.items()
  const conditions = paths?.flatMap((text, index): readonly ConditionSpec[] => {
    const item = places?.[index] ?? list ?? node
    const path = checkPath(item, text, known.paths)
    if (path === undefined) return []
    warnOfStray(item, path, routePath)
    return [{ host: '*', path }]
  })
  const requirement = requirementOf(list ?? node, mode, conditions, 'paths')
  if (requirement === undefined) return []
  if (mode === 'blacklist') warnOfBlacklist(node.find('mode') ?? node)
  return [...new Set(use)].map((authentication) => ({
    name,
    origin: node.origin,
    authentication,
    requirement,
  }))
}

/** A listed path that the route never sees is a mistake: often the route's own path is missing before it. */
function warnOfStray(node: SourceNode, path: string, routePath: string): void {
  if (pathCovers(path, routePath) || pathCovers(routePath, path)) return
  node.warning(
    `\`${path}\` lists nothing, because the route takes \`${routePath}\` alone`,
    'listed paths are whole paths',
  )
}

function checkName(node: SourceNode, what: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return
  const near = suggestion(name, known)
  const all =
    known.length === 0
      ? `there is none; write one under \`${what}s\``
      : `there are: ${known.slice(0, 20).join(', ')}`
  node.error(`there is no ${what} \`${name}\``, near === undefined ? all : `is \`${near}\` meant?`)
}
