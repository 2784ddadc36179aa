import type { PathRewriteSpec } from '../../plan/spec.ts'
import { hostPattern } from '../patterns.ts'
import { checkPath, PRODUCT_PATHS } from '../requirement.ts'
import type { SourceNode } from '../source-node.ts'
import { readMethods } from './methods.ts'
import { warnOfOthers } from './other-settings.ts'
import { plainText } from './plain-text.ts'
import { readAuth } from './read-auth.ts'
import { readRewrites } from './read-rewrites.ts'
import {
  AUTH_SETTINGS,
  DOMAIN_SETTINGS,
  NOT_CARRIED_OVER,
  ROUTE_SETTINGS,
  SAID_BY_THE_PRODUCT,
  type CustomDomain,
  type DomainRoute,
  type TriggerAuth,
} from './schema.ts'

/** Reads a custom domain with its routes; undefined after an error, or for a name that the product makes up. */
export function readDomain(node: SourceNode, ownFunction: string | undefined): CustomDomain | undefined {
  warnOfOthers(node, [...DOMAIN_SETTINGS, ...SAID_BY_THE_PRODUCT])
  for (const [setting, hint] of Object.entries(NOT_CARRIED_OVER)) {
    node.find(setting)?.warning(`\`${setting}\` is not carried over`, hint)
  }
  const name = node.find('domainName') ?? node
  const text = plainText(name)
  if (text === undefined) return undefined
  if (text === 'auto') {
    name.warning(
      'the domain is not read, because `auto` is a name that the product makes up',
      'write the name itself',
    )
    return undefined
  }
  const host = hostPattern(text)
  if (!host.ok) {
    name.error(host.error)
    return undefined
  }
  return { node, host: host.value, auth: domainAuth(node), routes: readRoutes(node, ownFunction) }
}

/** A domain without `authConfig` is open, unlike a trigger. */
function domainAuth(node: SourceNode): TriggerAuth | undefined {
  const auth = single(node.find('authConfig'))
  if (auth === undefined) return { kind: 'anonymous', isWritten: false }
  warnOfOthers(auth, AUTH_SETTINGS)
  return readAuth(auth)
}

function readRoutes(node: SourceNode, ownFunction: string | undefined): readonly DomainRoute[] {
  const config = single(node.find('routeConfig')) ?? node
  const list = config.find('routes') ?? config.find('route')
  const routes = list?.isList() === true ? list.items() : list === undefined ? [] : [list]
  if (routes.length === 0) {
    node.warning(
      'the domain has no routes, so that all of its paths go to one backend',
      'list them under `routeConfig.routes`',
    )
    return [{ node, path: '/*', functionName: ownFunction, methods: undefined, pathRewrites: [] }]
  }
  return routes.flatMap((route) => readRoute(route, ownFunction))
}

function readRoute(node: SourceNode, ownFunction: string | undefined): readonly DomainRoute[] {
  warnOfOthers(node, ROUTE_SETTINGS)
  const written = node.find('path')
  const text = written === undefined ? undefined : plainText(written)
  if (written === undefined) node.error('`path` is missing', 'write `/*` for every path')
  const path = text === undefined ? undefined : checkPath(written ?? node, text, PRODUCT_PATHS)
  const name = node.find('functionName')
  const qualifier = node.find('qualifier')
  if (qualifier !== undefined && qualifier.value !== 'LATEST') {
    qualifier.warning(
      '`qualifier` is not carried over',
      'the backend that is named for the function decides which version serves',
    )
  }
  const rewrites: readonly PathRewriteSpec[] = readRewrites(single(node.find('rewriteConfig')))
  if (path === undefined) return []
  return [
    {
      node,
      path,
      functionName: name === undefined ? ownFunction : plainText(name),
      methods: readMethods(node),
      pathRewrites: rewrites,
    },
  ]
}

/** A block of Terraform's JSON is an object, or a list of one. */
function single(node: SourceNode | undefined): SourceNode | undefined {
  return node?.isList() === true ? node.items()[0] : node
}
