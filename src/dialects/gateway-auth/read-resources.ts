import type { ConditionSpec, RequirementSpec } from '../../plan/spec.ts'
import { embeddedJson } from '../embedded-json.ts'
import { hostPattern } from '../patterns.ts'
import { checkPath, PRODUCT_PATHS, warnOfBlacklist } from '../requirement.ts'
import type { SourceNode } from '../source-node.ts'
import { RESOURCE_SETTINGS } from './schema.ts'

/** Host patterns by `DomainId`: the number is known to the product alone. */
export type DomainHosts = ReadonlyMap<string, string>

/**
 * Reads `IsWhite` and `AuthResourceList`. What cannot be said here is an error wherever leaving it out would let somebody
 * in without a token, and a warning where it asks for more tokens.
 */
export function readRequirement(node: SourceNode, domains: DomainHosts): RequirementSpec | undefined {
  const config = node.find('AuthResourceConfig')
  if (config !== undefined && config.value !== '') {
    config.error('`AuthResourceConfig` cannot be read', 'write the hosts and paths as `AuthResourceList`')
  }
  const list = readList(node)
  const white = node.find('IsWhite')
  const isWhite = white?.flag()
  if (list.length === 0) {
    if (isWhite !== false) return { mode: 'all' }
    white?.error(
      'a blacklist without resources protects nothing',
      'list what needs a token in `AuthResourceList`',
    )
    return undefined
  }
  if (isWhite === undefined) {
    if (white === undefined) {
      node.error('`IsWhite` is missing', 'true: the listed need no token; false: the listed alone need one')
    }
    return undefined
  }
  const conditions = list.flatMap((resource) => readResource(resource, isWhite, domains))
  if (!isWhite) warnOfBlacklist(white ?? node)
  return { mode: isWhite ? 'whitelist' : 'blacklist', conditions }
}

function readList(node: SourceNode): readonly SourceNode[] {
  const written = node.find('AuthResourceList')
  if (written === undefined || written.value === '') return []
  const list = typeof written.value === 'string' ? embeddedJson(written, written.value) : written
  if (list !== undefined && !list.isList()) list.error('`AuthResourceList` must be a list')
  return list?.items() ?? []
}

function readResource(node: SourceNode, isWhite: boolean, domains: DomainHosts): readonly ConditionSpec[] {
  if (!node.isObject()) node.error('a resource is an object with a domain and `Path`')
  // A domain or header that is not read would widen a whitelist, a casing that is not read narrow a blacklist.
  node.warnOfOthers(RESOURCE_SETTINGS, RESOURCE_SETTINGS)
  checkHeaders(node, isWhite)
  const host = readHost(node, domains)
  const path = readPath(node, isWhite)
  return host === undefined || path === undefined ? [] : [{ host, path }]
}

function readHost(node: SourceNode, domains: DomainHosts): string | undefined {
  const name = node.find('DomainName') ?? node.find('Domain')
  if (name !== undefined) {
    const host = hostPattern(name.text() ?? '')
    if (host.ok) return host.value
    name.error(host.error)
    return undefined
  }
  const id = node.find('DomainId')
  if (id === undefined) {
    node.warning('the resource names no domain, so that it stands for every host', 'write `DomainName`')
    return '*'
  }
  const host = domains.get(id.word())
  if (host !== undefined) return host
  const shown =
    typeof id.value === 'number' || typeof id.value === 'string' ? id.word().slice(0, 40) : 'the id'
  id.error(
    `the product alone knows which domain \`DomainId\` ${shown} is`,
    `write \`domains: { "${shown}": api.example.com }\` beside \`gatewayAuth\`, or \`DomainName\` in its place`,
  )
  return undefined
}

function readPath(node: SourceNode, isWhite: boolean): string | undefined {
  const written = node.find('Path')
  const text = written?.text()
  if (written === undefined) node.error('`Path` is missing', 'write `/` with `MatchType: PRE` for every path')
  if (written === undefined || text === undefined) return undefined
  const pattern = patternOf(node, written, text)
  if (pattern === undefined) return undefined
  const path = checkPath(written, pattern, PRODUCT_PATHS)
  if (path !== undefined) checkCase(node, path, isWhite)
  return path
}

function patternOf(node: SourceNode, written: SourceNode, text: string): string | undefined {
  const type = node.find('MatchType')
  const match = type === undefined ? (text.endsWith('*') ? 'PRE' : 'EQUAL') : type.word().toUpperCase()
  switch (match) {
    case 'EQUAL':
      if (!text.includes('*')) return text
      written.error(
        'with `MatchType: EQUAL` a `*` is no wildcard',
        'write `MatchType: PRE` and the path up to the `*`',
      )
      return undefined
    case 'PRE':
      return text.endsWith('*') ? text : `${text}*`
    case 'ERGULAR':
    case 'REGULAR':
      type?.error(
        'regular expressions are not carried over: one path can take seconds, and stall the gateway',
        'write the paths with `MatchType: EQUAL` or `PRE`',
      )
      return undefined
    default:
      type?.error('`MatchType` must be EQUAL or PRE')
      return undefined
  }
}

/** Paths are compared letter for letter: that lists fewer requests than `IgnoreCase` does. */
function checkCase(node: SourceNode, path: string, isWhite: boolean): void {
  const setting = node.find('IgnoreCase')
  if (setting?.flag() !== true || !/[a-z]/i.test(path)) return
  const hint = 'list every spelling that is meant, and write `IgnoreCase: false`'
  if (isWhite)
    setting.warning('`IgnoreCase` is not carried over: other spellings of the path need a token', hint)
  else
    setting.error('`IgnoreCase` is not carried over: other spellings of the path would need no token', hint)
}

function checkHeaders(node: SourceNode, isWhite: boolean): void {
  const headers = node.find('AuthResourceHeaderList')
  if (headers === undefined || headers.value === '' || (headers.isList() && headers.items().length === 0))
    return
  const hint = 'leave them out; a client can send any header'
  if (isWhite)
    headers.error(
      'conditions on headers are not carried over: without them more requests would need no token',
      hint,
    )
  else
    headers.warning(
      'conditions on headers are not carried over: the path needs a token whatever the headers',
      hint,
    )
}
