import type { ConditionSpec, RequirementSpec } from '../../plan/spec.ts'
import { embeddedJson } from '../embedded-json.ts'
import { checkLocations } from '../forwarding.ts'
import { checkKeysTogether, readJwks } from '../key-material.ts'
import { checkPath, PRODUCT_PATHS, warnOfBlacklist } from '../requirement.ts'
import type { SourceNode } from '../source-node.ts'
import { readClaimPassBy } from './claim-pass-by.ts'
import { plainText } from './plain-text.ts'
import { JWT_SETTINGS, type TriggerAuth } from './schema.ts'
import { readTokenLookup } from './token-lookup.ts'

/**
 * Reads the authentication of a trigger (`authType`, `authConfig`) or of a custom domain (`authType`, `authInfo`).
 * Undefined after an error.
 */
export function readAuth(node: SourceNode): TriggerAuth | undefined {
  const type = node.find('authType')
  const settings = node.find('authConfig') ?? node.find('authInfo')
  if (type === undefined) {
    node.error(
      '`authType` is missing, and the product would then ask for AK/SK signatures',
      'write `authType: jwt`, or `authType: anonymous` where no token is needed',
    )
    return undefined
  }
  const name = plainText(type)?.toLowerCase()
  switch (name) {
    case undefined:
      return undefined
    case 'anonymous':
      if (settings?.find('jwks') !== undefined)
        settings.warning('the key set is not used, because `authType` is anonymous')
      return { kind: 'anonymous', isWritten: true }
    case 'jwt':
      return readJwtAuth(type, settings)
    case 'function':
      type.error(
        '`authType: function` asks for AK/SK signatures, which are not verified here',
        'use `authType: jwt`, or keep such calls on the product itself',
      )
      return undefined
    default:
      type.error(
        `\`authType: ${name.slice(0, 40)}\` is not supported`,
        'write `authType: jwt`, or `authType: anonymous` where no token is needed',
      )
      return undefined
  }
}

function readJwtAuth(type: SourceNode, written: SourceNode | undefined): TriggerAuth | undefined {
  const node = typeof written?.value === 'string' ? embeddedJson(written, written.value) : written
  if (node === undefined || !node.isObject()) {
    if (written === undefined || node !== undefined) {
      ;(written ?? type).error(
        'the settings of the JWT authentication are missing',
        `they are ${listOf(JWT_SETTINGS)}`,
      )
    }
    return undefined
  }
  if (isConsoleForm(node)) return undefined
  // Without `claimPassBy` clients could send what the backend takes for claims.
  node.warnOfOthers(JWT_SETTINGS, ['claimPassBy'])
  const jwks = node.find('jwks')
  if (jwks === undefined) node.error('`jwks` is missing', 'write the public keys as `{"keys": [...]}`')
  const keys = jwks === undefined ? [] : readJwks(jwks)
  checkKeysTogether(jwks ?? node, keys)
  const locations = checkLocations(readTokenLookup(node))
  const requirement = readRequirement(node)
  if (requirement === undefined) return undefined
  return { kind: 'jwt', node, keys, locations, mappings: readClaimPassBy(node), requirement }
}

const LOOKUP_WORDS = ['readPosition', 'parameterName', 'removePrefix', 'prefix']
const MAPPING_WORDS = ['mappingParameterPosition', 'mappingParameterName', 'claimName']

/** The console asks for these words one by one; in a file they are items of two lists. One error is enough. */
function isConsoleForm(node: SourceNode): boolean {
  const lookup = LOOKUP_WORDS.flatMap((word) => node.find(word) ?? [])
  const mapping = MAPPING_WORDS.flatMap((word) => node.find(word) ?? [])
  const [first] = [...lookup, ...mapping]
  if (first === undefined) return false
  const hints = [
    ...(lookup.length === 0
      ? []
      : ['`tokenLookup: [{ readPosition: header, parameterName: Authorization, prefix: "Bearer " }]`']),
    ...(mapping.length === 0
      ? []
      : [
          '`claimPassBy: [{ mappingParameterPosition: header, claimName: sub, mappingParameterName: X-User }]`',
        ]),
  ]
  const list = lookup.length === 0 ? 'claimPassBy' : 'tokenLookup'
  first.error(`\`${first.name}\` stands in \`${list}\`, and not by itself`, `write ${hints.join(' and ')}`)
  return true
}

function listOf(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}

/** Match all, or one of the two lists. An empty list counts as not written: everything then needs a token. */
function readRequirement(node: SourceNode): RequirementSpec | undefined {
  const whitelist = readList(node.find('whitelist'))
  const blacklist = readList(node.find('blacklist'))
  if (whitelist !== undefined && blacklist !== undefined) {
    node.find('blacklist')?.error('`whitelist` and `blacklist` exclude each other', 'keep one of the two')
    return undefined
  }
  if (blacklist !== undefined) {
    warnOfBlacklist(node.find('blacklist') ?? node)
    return { mode: 'blacklist', conditions: blacklist }
  }
  return whitelist === undefined ? { mode: 'all' } : { mode: 'whitelist', conditions: whitelist }
}

function readList(list: SourceNode | undefined): readonly ConditionSpec[] | undefined {
  if (list === undefined) return undefined
  const items = list.isList() ? list.items() : [list]
  if (items.length === 0) {
    list.warning(`the empty \`${list.name}\` is read as none: every request needs a token`, 'leave it out')
    return undefined
  }
  return items.flatMap((item): readonly ConditionSpec[] => {
    const text = plainText(item)
    const path = text === undefined ? undefined : checkPath(item, text, PRODUCT_PATHS)
    return path === undefined ? [] : [{ host: '*', path }]
  })
}
