import type { ClaimHeaderSpec } from '../../plan/checkpoint-spec.ts'
import type { TokenLocation } from '../../plan/spec.ts'
import { checkFieldName, checkTargetName } from '../field-names.ts'
import { readJwks } from '../key-material.ts'
import type { SourceNode } from '../source-node.ts'
import { Fields } from './fields.ts'
import { readDuration } from './read-duration.ts'
import { ATTACHMENT_FIELDS, readAttachment } from './read-attachment.ts'
import type { JwtRule, RequestAuthentication, Resource } from './schema.ts'

const MAX_RULES = 4096
const MAX_SPACE_DELIMITED = 64
const MAX_URL_CHARS = 2048
const DEFAULT_TIMEOUT_MS = 5000

const RULE_FIELDS = [
  'issuer',
  'audiences',
  'jwksUri',
  'jwks',
  'fromHeaders',
  'fromParams',
  'fromCookies',
  'outputPayloadToHeader',
  'outputClaimToHeaders',
  'forwardOriginalToken',
  'timeout',
  'spaceDelimitedClaims',
]

export function readRequestAuthentication(resource: Resource): RequestAuthentication {
  const root = new Fields(resource.node, ['apiVersion', 'kind', 'metadata', 'spec', 'status'])
  const spec = root.object('spec', [...ATTACHMENT_FIELDS, 'jwtRules'])
  if (spec === undefined) {
    return { ...resource, attachment: { matchLabels: undefined, gateways: undefined }, rules: [] }
  }
  const items = spec.items('jwtRules') ?? []
  if (items.length > MAX_RULES)
    spec.get('jwtRules')?.error(`\`jwtRules\` may have ${MAX_RULES} items at most`)
  return { ...resource, attachment: readAttachment(spec), rules: items.map((item) => readRule(item)) }
}

function readRule(node: SourceNode): JwtRule {
  const fields = new Fields(node, RULE_FIELDS)
  const issuer = fields.text('issuer') ?? ''
  const jwks = fields.get('jwks')
  const jwksUri = readUrl(fields)
  checkKeySources(fields, issuer)
  const spaceDelimited = fields.texts('spaceDelimitedClaims') ?? []
  if (spaceDelimited.length > MAX_SPACE_DELIMITED)
    fields
      .get('spaceDelimitedClaims')
      ?.error(`\`spaceDelimitedClaims\` may have ${MAX_SPACE_DELIMITED} items at most`)
  return {
    node,
    issuer,
    audiences: (fields.texts('audiences') ?? []).map(({ text }) => text),
    keys: jwks === undefined ? undefined : readJwks(jwks, { keepAmbiguous: true }),
    jwksUri,
    locations: readLocations(fields),
    keepToken: fields.flag('forwardOriginalToken') ?? false,
    payloadHeader: readPayloadHeader(fields),
    claimHeaders: readClaimHeaders(fields),
    timeoutMs: readDuration(fields, 'timeout') ?? DEFAULT_TIMEOUT_MS,
    spaceDelimited: ['scope', 'permission', ...spaceDelimited.map(({ text }) => text)],
  }
}

function checkKeySources(fields: Fields, issuer: string): void {
  const { node } = fields
  const jwks = fields.get('jwks')
  if (jwks !== undefined && fields.has('jwksUri'))
    jwks.error('`jwks` and `jwksUri` exclude each other', 'keep one')
  else if (issuer === '' && jwks !== undefined)
    node.error('a rule with `jwks` needs an `issuer`', 'write what `iss` is in the tokens')
  else if (issuer === '' && !fields.has('jwksUri'))
    node.error('`issuer` and `jwksUri` are both missing', 'write what `iss` is in the tokens')
}

function readUrl(fields: Fields): string | undefined {
  const node = fields.get('jwksUri')
  const text = node?.text()
  if (node === undefined || text === undefined) return undefined
  const url = URL.parse(text)
  if (text.length > MAX_URL_CHARS) node.error(`\`jwksUri\` is longer than ${MAX_URL_CHARS} characters`)
  else if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '')
    node.error(
      '`jwksUri` is not an http or https URL',
      'write one such as `https://issuer.example/jwks.json`',
    )
  else if (url.username !== '' || url.password !== '')
    node.error('`jwksUri` has a user or password in it', 'leave it out')
  else return text
  return undefined
}

/** Only where no place is named the defaults of RFC 6750 stand. */
function readLocations(fields: Fields): readonly TokenLocation[] {
  const headers = (fields.items('fromHeaders') ?? []).flatMap((node): readonly TokenLocation[] => {
    const header = new Fields(node, ['name', 'prefix'])
    const name = checkedName(header, 'name', (text) => checkFieldName('header', text))
    return name === undefined ? [] : [{ in: 'header', name, prefix: header.text('prefix') ?? '' }]
  })
  const params = (fields.texts('fromParams') ?? []).map(({ text }): TokenLocation => ({
    in: 'query',
    name: text,
  }))
  const cookies = (fields.texts('fromCookies') ?? []).map(({ text }): TokenLocation => ({
    in: 'cookie',
    name: text,
  }))
  const written = [...headers, ...params, ...cookies]
  const isDefault = ['fromHeaders', 'fromParams', 'fromCookies'].every(
    (name) => (fields.items(name) ?? []).length === 0,
  )
  return isDefault ? DEFAULT_LOCATIONS : written
}

const DEFAULT_LOCATIONS: readonly TokenLocation[] = [
  { in: 'header', name: 'Authorization', prefix: 'Bearer ' },
  { in: 'query', name: 'access_token' },
]

function readPayloadHeader(fields: Fields): string | undefined {
  if (!fields.has('outputPayloadToHeader')) return undefined
  return checkedName(fields, 'outputPayloadToHeader', (text) => checkTargetName('header', text))
}

const OUTPUT_HEADER = /^[-_A-Za-z0-9]+$/

function readClaimHeaders(fields: Fields): readonly ClaimHeaderSpec[] {
  return (fields.items('outputClaimToHeaders') ?? []).flatMap((node): readonly ClaimHeaderSpec[] => {
    const output = new Fields(node, ['header', 'claim'])
    const header = checkedName(output, 'header', (text) => checkTargetName('header', text))
    const claim = output.text('claim')
    if (claim === undefined || claim === '') node.error('`claim` is missing', 'name a claim')
    if (header === undefined || claim === undefined || claim === '') return []
    if (!OUTPUT_HEADER.test(header)) {
      output.get('header')?.error(`\`${header}\` is not a header name; use letters, digits, \`-\` and \`_\``)
      return []
    }
    return [{ claim: claim.split('.'), header }]
  })
}

function checkedName(
  fields: Fields,
  member: string,
  check: (text: string) => ReturnType<typeof checkFieldName>,
): string | undefined {
  const text = fields.text(member)
  if (text === undefined || text === '') {
    ;(fields.get(member) ?? fields.node).error(`\`${member}\` is missing or empty`)
    return undefined
  }
  const checked = check(text)
  if (checked.ok) return checked.value
  fields.get(member)?.error(checked.error)
  return undefined
}
