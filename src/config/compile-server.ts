import { createPrivateKey, X509Certificate } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import type { FileReader } from '../dialects/compiled.ts'
import type { NativeDocument } from '../dialects/native/index.ts'
import type { SourceNode } from '../dialects/source-node.ts'
import { AddressSet } from '../policy/index.ts'
import type {
  AdminSpec,
  CertificateSpec,
  ClientCertificatesSpec,
  KeyCacheSpec,
  ListenerSpec,
  ServerSpec,
} from './server-spec.ts'

type NativeListener = NonNullable<NativeDocument['listeners'][number]['value']>

/** Compiles what the process needs beyond the plan. Certificates are read and matched with their keys. */
export async function compileServer(document: NativeDocument, files: FileReader): Promise<ServerSpec> {
  const listeners: ListenerSpec[] = []
  for (const { node, value } of document.listeners) {
    if (value === undefined) continue
    const { host, port } = value.address
    if (isTaken({ host, port }, listeners))
      node.error(`another listener takes the same address`, 'keep one of the two')
    listeners.push({ host, port, tls: await compileTls(node, value.tls, files) })
  }
  const { limits, timeouts, log } = document
  return {
    engine: document.engine,
    workers: document.workers,
    listeners,
    admin: compileAdmin(document.admin, listeners),
    limits: {
      maxHeadBytes: limits.maxHeadBytes,
      maxHeaders: limits.maxHeaders,
      maxConnections: limits.maxConnections,
    },
    timeouts: {
      headMs: timeouts.head,
      bodyIdleMs: timeouts.body,
      keepAliveIdleMs: timeouts.idle,
      drainMs: timeouts.drain,
    },
    log,
    keyCache: keyCacheOf(document),
  }
}

function keyCacheOf({ root, keyCache }: NativeDocument): KeyCacheSpec {
  if (keyCache === undefined || keyCache === 'none') return { kind: keyCache ?? 'default' }
  return { kind: 'folder', path: resolve(dirname(root.document.file), keyCache) }
}

const LOOPBACK = new AddressSet(['127.0.0.0/8', '::1/128'])

/** Nobody is asked for a password there, so that strangers must not get there. */
function compileAdmin(
  admin: NativeDocument['admin'],
  listeners: readonly ListenerSpec[],
): AdminSpec | undefined {
  if (admin?.value === undefined) return undefined
  const { host, port } = admin.value.address
  const node = admin.node.find('address') ?? admin.node
  if (isTaken({ host, port }, listeners))
    node.error('a listener takes the same address', 'give `admin` a port of its own')
  if (host !== 'localhost' && !LOOPBACK.has(host)) {
    const hint = `write \`127.0.0.1:${port}\`, or let nobody but your monitoring reach it; no password is asked for`
    node.warning('others than this machine can read the metrics here', hint)
  }
  return { host, port }
}

function isTaken({ host, port }: AdminSpec, listeners: readonly ListenerSpec[]): boolean {
  return port !== 0 && listeners.some((other) => other.port === port && overlaps(other.host, host))
}

function overlaps(a: string, b: string): boolean {
  const every = ['', '::', '0.0.0.0']
  return a === b || every.includes(a) || every.includes(b)
}

async function compileTls(
  listener: SourceNode,
  tls: NativeListener['tls'],
  files: FileReader,
): Promise<ListenerSpec['tls']> {
  if (tls === undefined) return undefined
  const node = listener.find('tls')?.find('certificates') ?? listener
  const certificates: CertificateSpec[] = []
  for (const [index, written] of tls.certificates.entries()) {
    const certificate = await readCertificate(node.items()[index] ?? node, written, files)
    if (certificate !== undefined) certificates.push(certificate)
  }
  const clients = await readClients(listener.find('tls') ?? listener, tls, files)
  const minVersion = String(tls.minVersion) === '1.3' ? 'TLSv1.3' : 'TLSv1.2'
  return { certificates, minVersion, ...(clients === undefined ? {} : { clients }) }
}

async function readClients(
  node: SourceNode,
  { clientCa, clientCertificate = 'required' }: NonNullable<NativeListener['tls']>,
  files: FileReader,
): Promise<ClientCertificatesSpec | undefined> {
  const place = node.find('clientCa')
  if (clientCa === undefined || place === undefined) {
    node
      .find('clientCertificate')
      ?.error('`clientCertificate` needs `clientCa`', 'name the file of the authorities')
    return undefined
  }
  const ca = await files.read(node.document.file, clientCa)
  if ('failed' in ca) place.error(ca.failed)
  else if (attempt(() => new X509Certificate(ca.text)) === undefined)
    place.error(`\`${ca.file}\` holds no certificate in PEM`)
  else return { ca: ca.text, required: clientCertificate === 'required' }
  return undefined
}

async function readCertificate(
  node: SourceNode,
  written: { readonly cert: string; readonly key: string },
  files: FileReader,
): Promise<CertificateSpec | undefined> {
  const cert = await files.read(node.document.file, written.cert)
  const key = await files.read(node.document.file, written.key)
  if ('failed' in cert) node.find('cert')?.error(cert.failed)
  if ('failed' in key) node.find('key')?.error(key.failed)
  if ('failed' in cert || 'failed' in key) return undefined
  const x509 = attempt(() => new X509Certificate(cert.text))
  const keyObject = attempt(() => createPrivateKey(key.text))
  if (x509 === undefined) node.find('cert')?.error(`\`${cert.file}\` holds no certificate in PEM`)
  if (keyObject === undefined) {
    const hint = 'write it without one: `openssl pkey -in key.pem -out plain.pem`'
    node.find('key')?.error(`\`${key.file}\` holds no private key in PEM, or one with a password`, hint)
  }
  if (x509 === undefined || keyObject === undefined) return undefined
  if (!x509.checkPrivateKey(keyObject))
    node.error(`the private key in \`${key.file}\` is not that of the certificate in \`${cert.file}\``)
  return { certPem: cert.text, keyPem: key.text }
}

/** The crypto library's own messages may hold pieces of what it read: they are not looked at. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
