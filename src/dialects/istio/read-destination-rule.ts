import type { ClientTlsSpec } from '../../keys/index.ts'
import type { FileReader } from '../compiled.ts'
import type { SourceNode } from '../source-node.ts'
import { Fields } from './fields.ts'
import { isPort } from './read-service-entry.ts'
import type { DestinationRule, Resource, TlsSetting } from './schema.ts'

const SPEC_FIELDS = ['host', 'trafficPolicy', 'subsets', 'exportTo', 'workloadSelector']
const POLICY_FIELDS = [
  'loadBalancer',
  'connectionPool',
  'outlierDetection',
  'tls',
  'portLevelSettings',
  'tunnel',
  'proxyProtocol',
  'retryBudget',
]
const PORT_FIELDS = ['port', 'loadBalancer', 'connectionPool', 'outlierDetection', 'tls']
const TLS_FIELDS = [
  'mode',
  'clientCertificate',
  'privateKey',
  'caCertificates',
  'credentialName',
  'subjectAltNames',
  'sni',
  'insecureSkipVerify',
  'caCrl',
]

/** Reads how to speak to a host: TLS or not, with which authorities and which certificate. */
export async function readDestinationRule(resource: Resource, files: FileReader): Promise<DestinationRule> {
  const root = new Fields(resource.node, ['apiVersion', 'kind', 'metadata', 'spec', 'status'])
  const spec = root.object('spec', SPEC_FIELDS)
  const host = spec?.text('host') ?? ''
  if (host === '') (spec?.node ?? resource.node).error('a DestinationRule needs a `host`')
  const policy = spec?.object('trafficPolicy', POLICY_FIELDS)
  const tlsByPort = new Map<number, TlsSetting>()
  for (const item of policy?.items('portLevelSettings') ?? []) {
    const fields = new Fields(item, PORT_FIELDS)
    const port = fields.object('port', ['number'])?.get('number')?.value
    const tls = await readTls(fields, files)
    if (!isPort(port)) item.error('`port.number` must be a port, a number from 1 to 65535')
    else if (tls !== undefined) tlsByPort.set(port, tls)
  }
  return {
    ...resource,
    host: host.toLowerCase(),
    tls: policy === undefined ? undefined : await readTls(policy, files),
    tlsByPort,
  }
}

async function readTls(parent: Fields, files: FileReader): Promise<TlsSetting | undefined> {
  const tls = parent.object('tls', TLS_FIELDS)
  if (tls === undefined) return undefined
  const mode = tls.get('mode')?.word() ?? 'DISABLE'
  switch (mode) {
    case 'DISABLE':
      return { mode: 'disable' }
    case 'SIMPLE':
      return { mode: 'simple', client: await readClient(tls, undefined, files) }
    case 'MUTUAL':
      return { mode: 'mutual', client: await readClient(tls, await readCertificate(tls, files), files) }
    case 'ISTIO_MUTUAL':
      tls
        .get('mode')
        ?.error('`ISTIO_MUTUAL` needs certificates of the mesh, and there are none here', 'write MUTUAL')
      return undefined
    default:
      tls.get('mode')?.error(`\`${mode}\` is not a TLS mode`, 'it is DISABLE, SIMPLE or MUTUAL')
      return undefined
  }
}

async function readClient(
  tls: Fields,
  certificate: ClientTlsSpec['certificate'],
  files: FileReader,
): Promise<ClientTlsSpec> {
  tls
    .get('credentialName')
    ?.error(
      'secrets of Kubernetes cannot be read',
      'write `caCertificates`, `clientCertificate` and `privateKey`',
    )
  const skips = tls.flag('insecureSkipVerify') ?? false
  if (skips)
    tls
      .get('insecureSkipVerify')
      ?.warning('whoever is between here and the host can put keys of their own in', 'leave it out')
  tls.get('subjectAltNames')?.error('`subjectAltNames` is not supported', 'write the name as `sni`')
  tls.get('caCrl')?.error('`caCrl` is not supported', 'leave it out')
  const ca = tls.get('caCertificates')
  return {
    ca: ca === undefined ? undefined : await readPem(ca, files, 'CERTIFICATE'),
    certificate,
    serverName: tls.text('sni'),
    verifies: !skips,
  }
}

async function readCertificate(tls: Fields, files: FileReader): Promise<ClientTlsSpec['certificate']> {
  const cert = tls.get('clientCertificate')
  const key = tls.get('privateKey')
  if (cert === undefined || key === undefined) {
    tls.node.error('`MUTUAL` needs `clientCertificate` and `privateKey`', 'write the files of both')
    return undefined
  }
  const certText = await readPem(cert, files, 'CERTIFICATE')
  const keyText = await readPem(key, files, 'PRIVATE KEY')
  return certText === undefined || keyText === undefined ? undefined : { cert: certText, key: keyText }
}

async function readPem(node: SourceNode, files: FileReader, what: string): Promise<string | undefined> {
  const path = node.text()
  if (path === undefined) return undefined
  const file = await files.read(node.document.file, path)
  if ('failed' in file) node.error(file.failed)
  else if (new RegExp(`-----BEGIN [A-Z ]{0,20}${what}-----`).test(file.text)) return file.text
  else node.error(`\`${file.file}\` holds no ${what.toLowerCase()} in PEM`)
  return undefined
}
