import type { AttributeSpec, TestSpec } from '../../policy/istio/index.ts'
import type { SourceNode } from '../source-node.ts'
import { suggestion } from '../suggestion.ts'
import { Fields } from './fields.ts'
import { readValue, refuseForCustom, type RuleContext } from './read-tests.ts'

/** Keys of `when` without brackets. */
const KEYS: Readonly<Record<string, Exclude<AttributeSpec['of'], 'header' | 'claim'>>> = {
  'source.ip': 'source-ip',
  'remote.ip': 'remote-ip',
  'source.namespace': 'namespace',
  'source.serviceAccount': 'service-account',
  'source.principal': 'principal',
  'source.trustDomain': 'trust-domain',
  'request.auth.principal': 'request-principal',
  'request.auth.audiences': 'audience',
  'request.auth.presenter': 'presenter',
  'destination.ip': 'destination-ip',
  'destination.port': 'port',
  'connection.sni': 'sni',
}

const HEADERS = 'request.headers'
const CLAIMS = 'request.auth.claims'

/** Reads one condition of `when`, into one test or two; undefined after an error. */
export function readCondition(node: SourceNode, context: RuleContext): readonly TestSpec[] | undefined {
  const fields = new Fields(node, ['key', 'values', 'notValues'])
  const place = fields.get('key')
  const key = fields.text('key')
  if (place === undefined || key === undefined) {
    node.error('a condition needs a `key`')
    return undefined
  }
  const attribute = readKey(place, key)
  if (attribute === undefined) return undefined
  const tests = (['values', 'notValues'] as const).flatMap((name): readonly TestSpec[] => {
    const values = fields.texts(name) ?? []
    const list = fields.get(name)
    if (values.length === 0 || list === undefined) return []
    return [
      {
        origin: list.origin,
        field: `${name} of ${key}`,
        attribute,
        values: values.map((value) => readValue(value, attribute.of, context)),
        negated: name === 'notValues',
      },
    ]
  })
  if (tests.length === 0) node.error('a condition needs `values` or `notValues`')
  refuseForCustom(place, key, attribute.of, context)
  return tests
}

function readKey(node: SourceNode, key: string): AttributeSpec | undefined {
  const plain = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined
  if (plain !== undefined) return { of: plain }
  if (key.startsWith(HEADERS)) {
    const name = bracketed(key.slice(HEADERS.length))
    if (name !== undefined) return readHeader(node, name.toLowerCase())
  }
  if (key.startsWith(CLAIMS)) {
    const path = claimPath(key.slice(CLAIMS.length))
    if (path !== undefined) return { of: 'claim', path }
  }
  const near = suggestion(key, [...Object.keys(KEYS), `${HEADERS}[name]`, `${CLAIMS}[name]`])
  if (key.startsWith('experimental.envoy.filters.'))
    node.error(`\`${key}\` is of a filter of Envoy, and there is none here`, 'leave the condition out')
  else
    node.error(
      `\`${key}\` is not a key of a condition`,
      near === undefined ? 'see docs/mesh.md for all keys' : `is \`${near}\` meant?`,
    )
  return undefined
}

/** What Envoy itself says of a request, before any policy: here it is never there, so that no rule could mean it. */
const OF_ENVOY = /^(?:x-envoy-.*|x-forwarded-client-cert)$/
const PSEUDO_HEADERS = [':authority', ':method']

function readHeader(node: SourceNode, name: string): AttributeSpec | undefined {
  if (OF_ENVOY.test(name)) {
    const hint =
      name === 'x-forwarded-client-cert'
        ? 'write `principals`, which are those of the client certificate'
        : 'leave the condition out; the address of the client is `remote.ip`'
    node.error(`\`${name}\` is a header that Envoy sets, and there is none here`, hint)
    return undefined
  }
  if (name.startsWith(':') && !PSEUDO_HEADERS.includes(name)) {
    node.error(
      `\`${name}\` cannot be a header of a condition`,
      'write `paths`, `hosts` or `methods` under `to`',
    )
    return undefined
  }
  return { of: 'header', name }
}

/** The text between the first and the last bracket: further ones are part of the name. */
function bracketed(text: string): string | undefined {
  return text.length > 2 && text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : undefined
}

/** `[a][b]`: each pair of brackets is one member name; `[[a]` is the name `[a`, and `[a]]` the name `a]`. */
function claimPath(text: string): readonly string[] | undefined {
  const inner = bracketed(text)
  const path = inner?.split('][')
  return path === undefined || path.includes('') ? undefined : path
}
