import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { z } from 'zod'
import type { ClientTlsSpec, KeySourceSpec } from '../../keys/index.ts'
import type { FileReader, ReadFile } from '../compiled.ts'
import type { SourceNode } from '../source-node.ts'
import type { keySourceSchema } from './key-source-schema.ts'

/** Settings of keys that are fetched, which say nothing of keys that stand in the configuration. */
export const FETCHED_ONLY = [
  'refresh',
  'minRefresh',
  'maxRefresh',
  'timeout',
  'cooldown',
  'serveStale',
  'maxSize',
  'maxKeys',
  'redirectsTo',
  'allowAddresses',
  'connectTo',
  'serverName',
  'ca',
  'clientCertificate',
] as const

interface WrittenSource {
  readonly name: string
  readonly node: SourceNode
  readonly value: z.output<typeof keySourceSchema>
  readonly issuer: string | undefined
}

/** Compiles a source whose keys are fetched; undefined after an error. */
export async function readKeySource(
  source: WrittenSource,
  files: FileReader,
): Promise<KeySourceSpec | undefined> {
  const { name, node, value } = source
  const url = urlOf(source)
  if (url === undefined) return undefined
  checkTimes(node, value)
  warnOfPlainHttp(node, url)
  warnOfUnusedTls(node, url)
  return {
    name,
    url,
    issuer: value.discovery === undefined ? undefined : source.issuer,
    kid: value.kid,
    alg: value.alg,
    refreshMs: value.refresh,
    minRefreshMs: value.minRefresh,
    maxRefreshMs: value.maxRefresh,
    timeoutMs: value.timeout,
    cooldownMs: value.cooldown,
    serveStaleMs: value.serveStale,
    maxBytes: value.maxSize,
    maxKeys: value.maxKeys,
    redirectHosts: value.redirectsTo ?? [],
    allowedAddresses: value.allowAddresses ?? [],
    endpoints: value.connectTo ?? [],
    tls: await readTls(source, files),
    keepAmbiguous: false,
  }
}

const WELL_KNOWN = '/.well-known/'

/** Metadata lie below their issuer (OpenID Connect Discovery §4); a URL that has the well-known part is theirs as it is. */
function urlOf({ node, value, issuer }: WrittenSource): string | undefined {
  if (value.discovery === undefined) return value.url
  const place = node.find('discovery') ?? node
  for (const setting of ['kid', 'alg'])
    node.find(setting)?.error(`\`${setting}\` is for one PEM block`, 'leave it out')
  if (issuer === undefined) {
    place.error('`discovery` needs the `issuer` of the authentication', 'write what `iss` is in the tokens')
    return undefined
  }
  const base = value.discovery === true ? issuer : value.discovery
  const url = URL.parse(base)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    place.error(`the issuer \`${issuer}\` is no URL to find metadata at`, 'write their URL as `discovery`')
    return undefined
  }
  return url.pathname.includes(WELL_KNOWN)
    ? url.href
    : `${url.origin}${url.pathname.replace(/\/$/, '')}${WELL_KNOWN}openid-configuration`
}

function checkTimes(node: SourceNode, value: WrittenSource['value']): void {
  if (value.minRefresh > value.maxRefresh) {
    const [min, max] = [node.find('minRefresh'), node.find('maxRefresh')]
    const hint =
      min === undefined
        ? '`minRefresh` is `1m` where it is not written'
        : max === undefined
          ? '`maxRefresh` is `24h` where it is not written'
          : 'turn them round'
    ;(min ?? max ?? node).error('`minRefresh` is more than `maxRefresh`', hint)
  }
  for (const [setting, why] of WHY_NOT_LESS)
    if (value[setting] < LEAST_MS)
      node.find(setting)?.error(`\`${setting}\` is \`1s\` at the least`, `${why}; write \`1s\` or more`)
}

/** Between two fetches of one source. */
const LEAST_MS = 1000
const WHY_NOT_LESS = [
  ['refresh', 'with less, the server would be asked all the time; is `m` meant, for minutes'],
  ['minRefresh', 'with less, a server that forbids caching would be asked all the time'],
  ['cooldown', 'with less, tokens of strangers could have the server asked all the time'],
] as const

/** Whoever is on the way could give keys of their own, and so let in whomever they like. */
function warnOfPlainHttp(node: SourceNode, url: string): void {
  const { protocol, hostname } = new URL(url)
  if (protocol === 'https:' || LOCAL.test(hostname)) return
  ;(node.find('url') ?? node.find('discovery') ?? node).warning(
    'the keys are fetched without TLS: whoever is between can let anybody in',
    'use https, if need be with `ca`',
  )
}

/** A redirect to https would use them; who relies on that writes https. */
function warnOfUnusedTls(node: SourceNode, url: string): void {
  if (new URL(url).protocol === 'https:') return
  for (const setting of ['ca', 'serverName', 'clientCertificate'])
    node
      .find(setting)
      ?.warning(
        `\`${setting}\` is for TLS, and the URL is \`http://\``,
        `write \`https://\` if the server speaks it, or leave \`${setting}\` out`,
      )
}

const LOCAL = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

async function readTls(source: WrittenSource, files: FileReader): Promise<ClientTlsSpec | undefined> {
  const { node, value } = source
  const { serverName, ca, clientCertificate } = value
  if (serverName === undefined && ca === undefined && clientCertificate === undefined) return undefined
  return {
    ca: ca === undefined ? undefined : (await readCertificates(node.find('ca') ?? node, ca, files))?.text,
    certificate:
      clientCertificate === undefined
        ? undefined
        : await readClientCertificate(node.find('clientCertificate') ?? node, clientCertificate, files),
    serverName,
    verifies: true,
  }
}

async function readCertificates(
  node: SourceNode,
  path: string,
  files: FileReader,
): Promise<ReadFile | undefined> {
  const file = await files.read(node.document.file, path)
  if ('failed' in file) node.error(file.failed)
  else if (isReadable(() => new X509Certificate(file.text))) return file
  else node.error(`\`${file.file}\` holds no certificate in PEM`)
  return undefined
}

async function readClientCertificate(
  node: SourceNode,
  written: { readonly cert: string; readonly key: string },
  files: FileReader,
): Promise<ClientTlsSpec['certificate']> {
  const cert = await readCertificates(node.find('cert') ?? node, written.cert, files)
  const place = node.find('key') ?? node
  const key = await files.read(node.document.file, written.key)
  if ('failed' in key) place.error(key.failed)
  else if (!isReadable(() => createPrivateKey(key.text)))
    place.error(`\`${key.file}\` holds no private key in PEM, or one with a password`)
  else if (cert !== undefined && !new X509Certificate(cert.text).checkPrivateKey(createPrivateKey(key.text)))
    node.error(`the private key in \`${key.file}\` is not that of the certificate in \`${cert.file}\``)
  else if (cert !== undefined && !isReadable(() => createSecureContext({ cert: cert.text, key: key.text })))
    node.error(
      `TLS does not take the certificate in \`${cert.file}\`: its key is too short, or its chain is broken`,
      'make one with a key of RSA 2048, P-256 or more',
    )
  else if (cert !== undefined) return { cert: cert.text, key: key.text }
  return undefined
}

/** The crypto library's own messages may hold pieces of what it read: they are not looked at. */
function isReadable(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch {
    return false
  }
}
