import type { AuthenticationSpec, GuardSpec, RouteSpec } from '../../plan/spec.ts'
import type { Compiled, CompiledRoute, IfOpen, NameBook } from '../compiled.ts'
import { checkMappings } from '../forwarding.ts'
import { pathCovers } from '../patterns.ts'
import type { SourceNode } from '../source-node.ts'
import type { CustomDomain, FunctionComputeDocument, HttpTrigger, TriggerAuth } from './schema.ts'

/** Where the requests to a function go, and which the trigger's own address is here. */
export interface FunctionPlacement {
  /** Name of a backend of the plan. */
  readonly backend: string
  /** Canonical host and path patterns of HTTP triggers; everything where undefined. */
  readonly host?: string
  readonly path?: string
}

export interface FunctionPlacements {
  readonly byFunction: ReadonlyMap<string, FunctionPlacement>
  /** For the functions that have none of their own. */
  readonly other: FunctionPlacement | undefined
  /** What a person writes to name the backend of a function. */
  readonly howTo: (functionName: string) => string
}

/**
 * Compiles triggers and domains, each with the authentication that the product gives it: any issuer and audience,
 * tokens without `exp` let in, the token left where it was, and the product's own words in refusals.
 */
export function compileFunctionCompute(
  document: FunctionComputeDocument,
  placements: FunctionPlacements,
  names: NameBook,
): Compiled {
  const compiler = new Compiler(placements, names)
  for (const trigger of document.triggers) compiler.trigger(trigger)
  for (const domain of document.domains) compiler.domain(domain)
  warnOfOpenDomains(document)
  return { backends: [], authentications: compiler.authentications, guards: [], routes: compiler.routes }
}

/** The names of all functions, each once. */
export function functionNames({ triggers, domains }: FunctionComputeDocument): readonly string[] {
  const routes = [...triggers, ...domains.flatMap((domain) => domain.routes)]
  return [
    ...new Set(routes.flatMap(({ functionName }) => (functionName === undefined ? [] : [functionName]))),
  ]
}

class Compiler {
  readonly authentications: AuthenticationSpec[] = []
  readonly routes: CompiledRoute[] = []
  readonly #placements: FunctionPlacements
  readonly #names: NameBook

  constructor(placements: FunctionPlacements, names: NameBook) {
    this.#placements = placements
    this.#names = names
  }

  trigger({ node, triggerName, functionName, methods, auth }: HttpTrigger): void {
    const name = this.#names.take(functionName === undefined ? triggerName : `${functionName}/${triggerName}`)
    const guards = this.#guards(node, name, auth)
    const placement = this.#place(node, functionName)
    if (placement === undefined) return
    const route = {
      node,
      name,
      hosts: [placement.host ?? '*'],
      path: placement.path ?? '/*',
      methods,
      pathRewrites: [],
    }
    this.#route({ ...route, backend: placement.backend, guards }, auth)
    warnOfStray(name, auth, [route.path])
  }

  domain({ node, host, auth, routes }: CustomDomain): void {
    const guards = this.#guards(node, this.#names.take(host), auth)
    for (const route of routes) {
      const placement = this.#place(route.node, route.functionName)
      if (placement === undefined) continue
      const name = this.#names.take(`${host}${route.path}`)
      const { node: place, path, methods, pathRewrites } = route
      this.#route(
        { node: place, name, hosts: [host], path, methods, pathRewrites, backend: placement.backend, guards },
        auth,
      )
    }
    warnOfStray(
      host,
      auth,
      routes.map(({ path }) => path),
    )
  }

  #route(
    route: Omit<RouteSpec, 'origin' | 'refusals'> & { readonly node: SourceNode },
    auth: TriggerAuth | undefined,
  ): void {
    const { node, ...spec } = route
    this.routes.push({
      spec: { ...spec, origin: node.origin, refusals: 'function-compute' },
      openOnPurpose: auth?.kind === 'anonymous' && auth.isWritten,
      ifOpen: auth?.kind === 'jwt' ? LISTED_AWAY : NOT_WRITTEN,
    })
  }

  #guards(node: SourceNode, name: string, auth: TriggerAuth | undefined): readonly GuardSpec[] {
    if (auth?.kind !== 'jwt') return []
    const { origin } = node
    // The product compares neither `iss` nor `aud` and lets tokens live for ever; what it lets in is let in here.
    const rules = {
      issuer: undefined,
      subject: undefined,
      audiences: [],
      clockSkewSeconds: 60,
      expRequired: false,
    }
    auth.node.warning(`\`${name}\` lets tokens without \`exp\` in, which never expire, as the product does`)
    this.authentications.push({
      name,
      origin,
      keys: auth.keys,
      keySources: [],
      rules,
      locations: auth.locations,
      forward: checkMappings(auth.mappings, auth.locations, true),
      keepToken: true,
      refusals: 'function-compute',
    })
    return [{ name, origin, authentication: name, requirement: auth.requirement }]
  }

  #place(node: SourceNode, functionName: string | undefined): FunctionPlacement | undefined {
    const { byFunction, other, howTo } = this.#placements
    const placement = (functionName === undefined ? undefined : byFunction.get(functionName)) ?? other
    if (placement !== undefined) return placement
    const which = functionName === undefined ? 'this trigger' : `the function \`${functionName}\``
    node.error(`there is no backend for ${which}`, howTo(functionName ?? ''))
    return undefined
  }
}

/** As in the product, a domain without `authConfig` is open: its file must go on working. */
const NOT_WRITTEN: IfOpen = {
  severity: 'warning',
  hint: 'give the domain an `authConfig` with `authType: jwt`, or with `authType: anonymous` if that is meant',
}
const LISTED_AWAY: IfOpen = {
  severity: 'warning',
  hint: 'narrow the list, or write `authType: anonymous` if that is meant',
}

/** A listed path that no request to the trigger or domain has. */
function warnOfStray(name: string, auth: TriggerAuth | undefined, routePaths: readonly string[]): void {
  if (auth?.kind !== 'jwt') return
  const { requirement } = auth
  if (requirement.mode !== 'whitelist' && requirement.mode !== 'blacklist') return
  const { conditions, mode } = requirement
  for (const { path } of conditions) {
    if (routePaths.some((own) => pathCovers(path, own) || pathCovers(own, path))) continue
    const message = `\`${path}\` lists nothing, because no route of \`${name}\` has it`
    auth.node.find(mode)?.warning(message, 'listed paths are whole paths')
  }
}

/** One function may have a trigger that asks for a token and a domain that does not: the domain is then a way around. */
function warnOfOpenDomains({ triggers, domains }: FunctionComputeDocument): void {
  const guarded = new Set(
    triggers.filter(({ auth }) => auth?.kind === 'jwt').map(({ functionName }) => functionName),
  )
  for (const domain of domains.filter(({ auth }) => auth?.kind === 'anonymous')) {
    const open = domain.routes.find(
      ({ functionName }) => functionName !== undefined && guarded.has(functionName),
    )
    if (open === undefined) continue
    domain.node.warning(
      `\`${domain.host}\` needs no token, while the trigger of \`${open.functionName ?? ''}\` does`,
      'the rules of a trigger are not those of a domain; give the domain an `authConfig` of its own',
    )
  }
}
