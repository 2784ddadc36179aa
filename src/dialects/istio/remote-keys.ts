import {
  KEY_SOURCE_DEFAULTS,
  type ClientTlsSpec,
  type EndpointSpec,
  type KeySourceSpec,
} from '../../keys/index.ts'
import { mostSpecific, type NamedHost } from './mesh-hosts.ts'
import type { DestinationRule, JwtRule, MeshResources, ServiceEntry, TlsSetting } from './schema.ts'

/**
 * Where the keys of a rule are fetched from: `jwksUri`, or what the issuer's own metadata say. A ServiceEntry for its
 * host says which addresses that host has, and a DestinationRule how to speak to them.
 */
export function remoteKeys(
  name: string,
  rule: JwtRule,
  namespace: string,
  resources: MeshResources,
): KeySourceSpec | undefined {
  const { node, issuer, jwksUri, timeoutMs } = rule
  const url = keyUrl(rule)
  if (url === undefined) {
    if (jwksUri === undefined)
      node.error(
        `there is neither \`jwks\` nor \`jwksUri\`, and the issuer \`${issuer}\` is no URL to find the keys at`,
        'write `jwksUri`',
      )
    return undefined
  }
  const port = Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port)
  const asked = { host: hostOf(url), namespace }
  const entry = mostSpecific(resources.serviceEntries, hostsOfEntry, asked)
  const destination = mostSpecific(resources.destinationRules, (each) => [each], asked)
  const tls = destination === undefined ? undefined : (destination.tlsByPort.get(port) ?? destination.tls)
  const secured = securedUrl(url, port, tls, destination)
  return {
    ...KEY_SOURCE_DEFAULTS,
    name,
    url: secured.href,
    issuer: jwksUri === undefined ? issuer : undefined,
    kid: undefined,
    alg: undefined,
    refreshMs: REFRESH_MS,
    serveStaleMs: STALE_MS,
    timeoutMs,
    redirectHosts: [],
    allowedAddresses: NETWORK_OF_THE_MESH,
    keepAmbiguous: true,
    endpoints: entry === undefined ? [] : endpointsOf(entry, port),
    tls: secured.protocol === 'https:' ? clientOf(tls) : undefined,
  }
}

/** The host from which keys of a rule are fetched; undefined where none are. */
export function keyHost(rule: JwtRule): string | undefined {
  const url = rule.keys === undefined ? keyUrl(rule) : undefined
  return url === undefined ? undefined : hostOf(url)
}

function keyUrl({ issuer, jwksUri }: JwtRule): URL | undefined {
  const url = URL.parse(jwksUri ?? discoveryUrl(issuer))
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined
}

/** As in Istio (`PILOT_JWT_PUB_KEY_REFRESH_INTERVAL`). */
const REFRESH_MS = 20 * 60_000

/** Istio lets go of keys that it could not refresh for a week. */
const STALE_MS = 7 * 24 * 3_600_000

/** Services of a cluster have private addresses. What is link-local, such as a cloud's metadata, none of them has. */
const NETWORK_OF_THE_MESH = [
  '127.0.0.0/8',
  '::1/128',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
]

function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}

function hostsOfEntry({ hosts, namespace }: ServiceEntry): readonly NamedHost[] {
  return hosts.map((host) => ({ host, namespace }))
}

/** TLS that a DestinationRule adds; what the URL says already is never taken away. */
function securedUrl(
  url: URL,
  port: number,
  tls: TlsSetting | undefined,
  rule: DestinationRule | undefined,
): URL {
  if (tls === undefined) return url
  if (tls.mode === 'disable') {
    if (url.protocol === 'https:')
      rule?.node.warning(
        'the rule switches TLS off for a host whose keys are fetched by https; it stays on',
        'write `http://` as the jwksUri if that is meant',
      )
    return url
  }
  const secured = new URL(url)
  secured.protocol = 'https:'
  // The scheme's own port is left out of a URL, and 80 is not that of https.
  secured.port = String(port)
  return secured
}

function clientOf(tls: TlsSetting | undefined): ClientTlsSpec | undefined {
  return tls === undefined || tls.mode === 'disable' ? undefined : tls.client
}

function endpointsOf({ ports, endpoints, node }: ServiceEntry, port: number): readonly EndpointSpec[] {
  if (endpoints.length === 0) return []
  const entryPort = ports.find(({ number }) => number === port)
  if (entryPort === undefined) {
    node.warning(
      `the ServiceEntry has no port ${port}, at which keys are fetched: its addresses are not used`,
      'write the port under `ports`',
    )
    return []
  }
  return endpoints.map(({ address, ports: own }) => ({
    address,
    port: own.get(entryPort.name) ?? entryPort.targetPort ?? port,
  }))
}
