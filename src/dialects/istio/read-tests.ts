import { parseAddressBlock } from '../../policy/index.ts'
import {
  isPathTemplate,
  pathTemplateProblem,
  type AttributeSpec,
  type PolicySpec,
  type TestSpec,
} from '../../policy/istio/index.ts'
import type { SourceNode } from '../source-node.ts'
import type { Fields, PlacedText } from './fields.ts'

/** What the fields of a rule are read within. */
export interface RuleContext {
  /** That of the policy, which service accounts without one are in. */
  readonly namespace: string
  readonly action: PolicySpec['action']
}

type SimpleAttribute = Exclude<AttributeSpec['of'], 'header' | 'claim'>

const ATTRIBUTES: Readonly<Record<string, SimpleAttribute>> = {
  principals: 'principal',
  requestPrincipals: 'request-principal',
  namespaces: 'namespace',
  serviceAccounts: 'service-account',
  trustDomains: 'trust-domain',
  ipBlocks: 'source-ip',
  remoteIpBlocks: 'remote-ip',
  hosts: 'host',
  ports: 'port',
  methods: 'method',
  paths: 'path',
}

const SOURCES = [
  'principals',
  'requestPrincipals',
  'namespaces',
  'serviceAccounts',
  'trustDomains',
  'ipBlocks',
  'remoteIpBlocks',
]
const OPERATIONS = ['hosts', 'ports', 'methods', 'paths']

const withNot = (names: readonly string[]): readonly string[] =>
  names.flatMap((name) => [name, `not${name.charAt(0).toUpperCase()}${name.slice(1)}`])

export const SOURCE_FIELDS = withNot(SOURCES)
export const OPERATION_FIELDS = withNot(OPERATIONS)

/** Reads the fields of a `source` or an `operation`, each into a test. */
export function readTests(
  fields: Fields,
  known: readonly string[],
  context: RuleContext,
): readonly TestSpec[] {
  refuseAccountsBesideOthers(fields)
  return known.flatMap((field): readonly TestSpec[] => {
    const values = fields.texts(field)
    const node = fields.get(field)
    if (values === undefined || node === undefined) return []
    const negated = field.startsWith('not')
    const attribute = ATTRIBUTES[negated ? field.charAt(3).toLowerCase() + field.slice(4) : field]
    if (attribute === undefined) return []
    // As in Istio an empty list is as if it were not written, which could only be meant otherwise.
    if (values.length === 0 && fields.items(field)?.length === 0)
      node.error(`\`${field}\` has no items`, `leave \`${field}\` out for any`)
    refuseForCustom(node, field, attribute, context)
    return [
      {
        origin: node.origin,
        field,
        attribute: { of: attribute },
        values: values.map((value) => readValue(value, attribute, context)),
        negated,
      },
    ]
  })
}

/** An account says its namespace itself. */
function refuseAccountsBesideOthers(fields: Fields): void {
  const accounts = fields.get('serviceAccounts') ?? fields.get('notServiceAccounts')
  const others = ['principals', 'notPrincipals', 'namespaces', 'notNamespaces']
  if (accounts !== undefined && others.some((name) => fields.has(name)))
    accounts.error('`serviceAccounts` cannot stand beside `principals` or `namespaces`', 'keep one of them')
  for (const name of ['serviceAccounts', 'notServiceAccounts']) {
    if ((fields.items(name) ?? []).length > MAX_ACCOUNTS)
      fields.get(name)?.error(`\`${name}\` may have ${MAX_ACCOUNTS} items at most`)
  }
}

const MAX_ACCOUNTS = 16
const MAX_ACCOUNT_CHARS = 320

/** What is known only once a token or a certificate was looked at, which is after CUSTOM policies had their say. */
const NOT_FOR_CUSTOM: ReadonlySet<AttributeSpec['of']> = new Set<AttributeSpec['of']>([
  'request-principal',
  'principal',
  'namespace',
  'service-account',
  'trust-domain',
  'claim',
  'audience',
  'presenter',
])

export function refuseForCustom(
  node: SourceNode,
  field: string,
  attribute: AttributeSpec['of'],
  { action }: RuleContext,
): void {
  if (action !== 'custom' || !NOT_FOR_CUSTOM.has(attribute)) return
  node.error(
    `\`${field}\` cannot stand in a CUSTOM policy`,
    'such a policy is asked before the token and the certificate are looked at',
  )
}

/** A value as the matchers take it; an error where it is none. */
export function readValue(
  { node, text }: PlacedText,
  attribute: AttributeSpec['of'],
  { namespace }: RuleContext,
): string {
  switch (attribute) {
    case 'source-ip':
    case 'remote-ip':
    case 'destination-ip': {
      const block = parseAddressBlock(text)
      if (!block.ok) node.error(block.error)
      return block.ok ? text : '0.0.0.0/32'
    }
    case 'port':
      if (!/^(?:0|[1-9]\d{0,4})$/.test(text) || Number(text) > 65_535)
        node.error(`\`${text}\` is not a port`, 'write a number from 0 to 65535')
      return text
    case 'service-account':
      return readAccount(node, text, namespace)
    case 'path':
      checkPath(node, text)
      return text
    default:
      return text
  }
}

function readAccount(node: SourceNode, text: string, namespace: string): string {
  const parts = text.split('/')
  if (text.length > MAX_ACCOUNT_CHARS)
    node.error(`the account is longer than ${MAX_ACCOUNT_CHARS} characters`)
  else if (parts.length > 2 || parts.includes('') || text.includes('*'))
    node.error(`\`${text}\` is not a service account`, 'write `account` or `namespace/account`, no wildcards')
  return parts.length === 1 ? `${namespace}/${text}` : text
}

function checkPath(node: SourceNode, text: string): void {
  if (isPathTemplate(text)) {
    const problem = pathTemplateProblem(text)
    if (problem !== undefined) node.error(`\`${text}\` is not a path template: ${problem}`)
    return
  }
  if (/[{}]/.test(text)) node.error(`\`${text}\` has a brace in it`, 'write `{*}` or `{**}` for a template')
  else if (!text.startsWith('/') && !text.startsWith('*'))
    node.warning(`\`${text}\` matches no path: a path starts with \`/\``, `write \`/${text}\``)
  else if (/[?#]/.test(text))
    node.warning(`\`${text}\` matches no path: what follows \`?\` or \`#\` is not compared`)
}
