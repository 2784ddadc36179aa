import { SourceNode } from '../source-node.ts'
import { Fields } from './fields.ts'
import type { Resource, ServiceEndpoint, ServiceEntry, ServicePort } from './schema.ts'

const SPEC_FIELDS = [
  'hosts',
  'addresses',
  'ports',
  'location',
  'resolution',
  'endpoints',
  'workloadSelector',
  'exportTo',
  'subjectAltNames',
]

const PROTOCOLS = ['HTTP', 'HTTPS', 'GRPC', 'GRPC-WEB', 'HTTP2', 'MONGO', 'TCP', 'TLS', 'HTTP_PROXY']
const RESOLUTIONS = ['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS']

/** Reads what says how to reach the hosts of an entry. */
export function readServiceEntry(resource: Resource): ServiceEntry {
  const root = new Fields(resource.node, ['apiVersion', 'kind', 'metadata', 'spec', 'status'])
  const spec =
    root.object('spec', SPEC_FIELDS) ??
    new Fields(new SourceNode(resource.node.document, resource.node.path, {}), [])
  const hosts = spec.texts('hosts') ?? []
  if (hosts.length === 0) spec.node.error('a ServiceEntry needs `hosts`')
  const endpoints = (spec.items('endpoints') ?? []).map((item) => readEndpoint(item))
  checkResolution(spec, endpoints.length)
  return {
    ...resource,
    hosts: hosts.map(({ text }) => text.toLowerCase()),
    ports: (spec.items('ports') ?? []).flatMap((item) => readPort(item)),
    endpoints,
  }
}

function checkResolution(spec: Fields, endpoints: number): void {
  const node = spec.get('resolution')
  const resolution = node?.word() ?? 'NONE'
  if (!RESOLUTIONS.includes(resolution))
    node?.error(`\`${resolution}\` is not a resolution`, `it is ${RESOLUTIONS.join(', ')}`)
  if (resolution === 'STATIC' && endpoints === 0 && !spec.has('workloadSelector'))
    node?.error('`resolution: STATIC` needs `endpoints`', 'write their addresses')
}

function readPort(node: SourceNode): readonly ServicePort[] {
  const fields = new Fields(node, ['number', 'protocol', 'name', 'targetPort'])
  const number = portOf(fields, 'number')
  const protocol = (fields.get('protocol')?.word() ?? 'TCP').toUpperCase()
  if (!PROTOCOLS.includes(protocol))
    fields.get('protocol')?.error(`\`${protocol}\` is not a protocol`, `it is ${PROTOCOLS.join(', ')}`)
  if (number === undefined) return []
  return [{ name: fields.text('name') ?? '', number, targetPort: portOf(fields, 'targetPort') }]
}

function readEndpoint(node: SourceNode): ServiceEndpoint {
  const fields = new Fields(node, [
    'address',
    'ports',
    'labels',
    'network',
    'locality',
    'weight',
    'serviceAccount',
  ])
  const address = fields.text('address')
  if (address === undefined || address === '') node.error('an endpoint needs an `address`')
  const ports = (fields.get('ports')?.members() ?? []).flatMap((member): readonly [string, number][] => {
    if (isPort(member.value)) return [[member.name, member.value]]
    member.error('a port is a number from 1 to 65535')
    return []
  })
  return { address: address ?? '', ports: new Map(ports) }
}

function portOf(fields: Fields, name: string): number | undefined {
  const node = fields.get(name)
  if (node === undefined && name !== 'number') return undefined
  if (isPort(node?.value)) return node.value
  ;(node ?? fields.node).error(`\`${name}\` must be a port, a number from 1 to 65535`)
  return undefined
}

export function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535
}
