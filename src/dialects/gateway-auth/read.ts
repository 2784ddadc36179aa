import type { TokenLocation } from '../../plan/spec.ts'
import { checkLocations } from '../forwarding.ts'
import { checkKeysTogether, readJwks } from '../key-material.ts'
import { readPlace } from '../position.ts'
import { bareName, type SourceNode } from '../source-node.ts'
import { readRequirement, type DomainHosts } from './read-resources.ts'
import { CALL_SETTINGS, RULE_SETTINGS, type GatewayAuthRule } from './schema.ts'

/**
 * Reads gateway authentication rules as `AddGatewayAuth` takes them: one rule, or a list of rules, in every document.
 * A rule with an error is left out.
 */
export function readGatewayAuth(
  roots: readonly SourceNode[],
  domains: DomainHosts,
): readonly GatewayAuthRule[] {
  return roots
    .flatMap((root) => (root.isList() ? root.items() : [root]))
    .flatMap((node) => readRule(node, domains) ?? [])
}

function readRule(node: SourceNode, domains: DomainHosts): GatewayAuthRule | undefined {
  if (!node.isObject()) {
    node.error('a rule is an object with `Name`, `Issuer`, `Jwks` and the rest')
    return undefined
  }
  const type = node.find('Type')
  if (type !== undefined && type.word().toUpperCase() !== 'JWT') {
    type.error('only rules of `Type: JWT` can be read', 'leave rules of other types on the product itself')
    return undefined
  }
  refuseOtherWords(node)
  const issuer = textAt(node, 'Issuer')
  if (issuer === undefined) node.error('`Issuer` is missing', 'write what `iss` is in the tokens')
  const jwks = node.find('Jwks')
  if (jwks === undefined) node.error('`Jwks` is missing', 'write the public keys as `{"keys": [...]}`')
  const keys = jwks === undefined ? [] : readJwks(jwks)
  checkKeysTogether(jwks ?? node, keys)
  const location = readLocation(node)
  const requirement = readRequirement(node, domains)
  const name = textAt(node, 'Name') ?? 'gateway-auth'
  const enabled = flagAt(node, 'Status', true)
  const keepToken = flagAt(node, 'TokenPass', false)
  if (issuer === undefined || location === undefined || requirement === undefined) return undefined
  return {
    node,
    name,
    enabled,
    issuer,
    subject: subjectOf(node, issuer),
    keys,
    location,
    keepToken,
    requirement,
  }
}

/** The product compares `sub` with the issuer where no subject is given: hardly any token has that. */
function subjectOf(node: SourceNode, issuer: string): string {
  const subject = textAt(node, 'Sub')
  if (subject !== undefined) return subject
  ;(node.find('Sub') ?? node).warning(
    '`Sub` is empty, so that `sub` in the token must be the text of `Issuer`, as in the product',
    'write the subject; a rule that takes every subject is one of a native configuration, without `subject`',
  )
  return issuer
}

function readLocation(node: SourceNode): TokenLocation | undefined {
  const written = node.find('TokenPosition')
  const position = readPlace(
    written ?? node,
    textAt(node, 'TokenPosition') ?? 'HEADER',
    'HEADER, QUERY, COOKIE or FORM',
  )
  const name = textAt(node, 'TokenName') ?? 'Authorization'
  const writtenPrefix = node.find('TokenNamePrefix')
  // An empty prefix was written on purpose; one that is missing is the console's default.
  const prefix = (writtenPrefix === undefined ? 'Bearer' : (writtenPrefix.text() ?? '')).trim()
  const place = node.find('TokenName') ?? node
  if (position === undefined) return undefined
  if (position === 'header') {
    const spaced = prefix === '' ? '' : `${prefix} `
    return checkLocations([{ node: place, value: { in: 'header', name, prefix: spaced } }])[0]
  }
  if (prefix !== '') writtenPrefix?.warning('the prefix is not read', 'only headers have a prefix')
  return checkLocations([{ node: place, value: { in: position, name } }])[0]
}

/** What the console and other products call a setting whose other value lets more through. */
const OTHER_WORDS: ReadonlyMap<string, string> = new Map([
  ['enable', 'Status'],
  ['enabled', 'Status'],
  ['disable', 'Status'],
  ['disabled', 'Status'],
  ['passthrough', 'TokenPass'],
  ['enablepassthrough', 'TokenPass'],
  ['tokenpassthrough', 'TokenPass'],
])
/** A rule that is on or off, or lists, in another way than it is written. */
const VITAL = ['Status', 'TokenPass', 'IsWhite', 'AuthResourceList']

function refuseOtherWords(node: SourceNode): void {
  const others = node.members().filter(({ name }) => OTHER_WORDS.has(bareName(name)))
  for (const member of others) {
    const meant = OTHER_WORDS.get(bareName(member.name)) ?? ''
    member.error(`\`${member.name}\` is not read`, `is \`${meant}\` meant?`)
  }
  node.warnOfOthers([...RULE_SETTINGS, ...CALL_SETTINGS, ...others.map(({ name }) => name)], VITAL)
}

/** The text of a member; undefined where it is missing, empty or, after an error, no text. */
function textAt(node: SourceNode, name: string): string | undefined {
  const text = node.find(name)?.text()
  return text === '' ? undefined : text
}

function flagAt(node: SourceNode, name: string, otherwise: boolean): boolean {
  return node.find(name)?.flag() ?? otherwise
}
