import {
  KEY_SOURCE_DEFAULTS,
  type ClientTlsSpec,
  type EndpointSpec,
  type KeySourceSpec,
} from '../../keys/index.ts'
import type { DestinationRule, JwtRule, MeshResources, ServiceEntry, TlsSetting } from './schema.ts'

/**
 * Where the keys of a rule are fetched from: `jwksUri`, or what the issuer's own metadata say. A ServiceEntry for its
 * host says which addresses that host has, and a DestinationRule how to speak to them.
 */
export function remoteKeys(
  name: string,
  { node, issuer, jwksUri, timeoutMs }: JwtRule,
  namespace: string,
  resources: MeshResources,
): KeySourceSpec | undefined {
  const url = URL.parse(jwksUri ?? discoveryUrl(issuer))
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    if (jwksUri === undefined)
      node.error(
        `there is neither \`jwks\` nor \`jwksUri\`, and the issuer \`${issuer}\` is no URL to find the keys at`,
        'write `jwksUri`',
      )
    return undefined
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port)
  const names = [host, `${host}.${namespace}.svc.cluster.local`]
  const entry = resources.serviceEntries.find(({ hosts }) => hosts.some((each) => covers(each, names)))
  const rule = resources.destinationRules.find((each) => covers(each.host, names))
  const tls = rule === undefined ? undefined : (rule.tlsByPort.get(port) ?? rule.tls)
  const secured = securedUrl(url, port, tls, rule)
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

function covers(pattern: string, names: readonly string[]): boolean {
  if (!pattern.startsWith('*.')) return names.includes(pattern)
  return names.some((name) => name.endsWith(pattern.slice(1)))
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
