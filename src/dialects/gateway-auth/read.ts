import type { TokenLocation } from '../../plan/spec.ts'
import { checkLocations } from '../forwarding.ts'
import { checkKeysTogether, readJwks } from '../key-material.ts'
import type { SourceNode } from '../source-node.ts'
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
  node.warnOfOthers([...RULE_SETTINGS, ...CALL_SETTINGS])
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
  const position = (textAt(node, 'TokenPosition') ?? 'HEADER').toUpperCase()
  const name = textAt(node, 'TokenName') ?? 'Authorization'
  const written = node.find('TokenNamePrefix')
  // An empty prefix was written on purpose; one that is missing is the console's default.
  const prefix = (written === undefined ? 'Bearer' : (written.text() ?? '')).trim()
  const place = node.find('TokenName') ?? node
  switch (position) {
    case 'HEADER':
      return checkLocations([
        { node: place, value: { in: 'header', name, prefix: prefix === '' ? '' : `${prefix} ` } },
      ])[0]
    case 'QUERY':
    case 'COOKIE':
    case 'FORM': {
      if (written !== undefined && prefix !== '')
        written.warning('the prefix is not read', 'only headers have a prefix')
      const where = ({ QUERY: 'query', COOKIE: 'cookie', FORM: 'form' } as const)[position]
      return checkLocations([{ node: place, value: { in: where, name } }])[0]
    }
    default:
      node
        .find('TokenPosition')
        ?.error(
          `\`${position.slice(0, 40)}\` is not a position`,
          'a position is HEADER, QUERY, COOKIE or FORM',
        )
      return undefined
  }
}

/** The text of a member; undefined where it is missing, empty or, after an error, no text. */
function textAt(node: SourceNode, name: string): string | undefined {
  const text = node.find(name)?.text()
  return text === '' ? undefined : text
}

function flagAt(node: SourceNode, name: string, otherwise: boolean): boolean {
  return node.find(name)?.flag() ?? otherwise
}
