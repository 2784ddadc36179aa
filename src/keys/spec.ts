import { createHash } from 'node:crypto'
import type { Algorithm } from '../jwt/index.ts'

/** Where keys are fetched from, and how: plain data, part of the plan. Times are milliseconds. */
export interface KeySourceSpec {
  /** For people: the name of the authentication, or `name[1]` where it has several sources. */
  readonly name: string
  /** The key document, or where `issuer` is set the metadata that name it. `http:` or `https:`. */
  readonly url: string
  /** The issuer that the metadata must be of (OpenID Connect Discovery §4.3); undefined where `url` is the key document. */
  readonly issuer: string | undefined
  /** For a document that is one PEM block: what tokens call the key, and the one algorithm to allow. */
  readonly kid: string | undefined
  readonly alg: Algorithm | undefined
  /** How long keys are fresh where the server does not say. */
  readonly refreshMs: number
  /** Bounds of what the server may say. */
  readonly minRefreshMs: number
  readonly maxRefreshMs: number
  /** Of one whole fetch, with redirects and metadata. */
  readonly timeoutMs: number
  /** The least time between two fetches that tokens ask for. */
  readonly cooldownMs: number
  /** How long keys serve on, after they were fresh, while fetches fail. */
  readonly serveStaleMs: number
  readonly maxBytes: number
  readonly maxKeys: number
  /** Hosts, beside the one of `url`, that a redirect may lead to; lower case. */
  readonly redirectHosts: readonly string[]
  /** Blocks of addresses that are no public ones and may be connected to all the same. */
  readonly allowedAddresses: readonly string[]
  /** Addresses to connect to instead of those of the URL's name, with their port. */
  readonly endpoints: readonly EndpointSpec[]
  readonly tls: ClientTlsSpec | undefined
  /** Whether keys that a token could not choose between are kept, for those who try them all. */
  readonly keepAmbiguous: boolean
}

export interface EndpointSpec {
  readonly address: string
  readonly port: number
}

export interface ClientTlsSpec {
  /** PEM text of the authorities to believe instead of the system's. */
  readonly ca: string | undefined
  /** PEM text with which the gateway shows who it is. SECRET: `key` is never printed, never exported. */
  readonly certificate: { readonly cert: string; readonly key: string } | undefined
  /** The name to ask for and to check, where it is not that of the URL. */
  readonly serverName: string | undefined
  readonly verifies: boolean
}

/** The most that can be configured: how long keys may be fresh, and how long they may serve after that. */
export const LONGEST_FRESH_MS = 30 * 24 * 3_600_000
export const LONGEST_STALE_MS = 30 * 24 * 3_600_000

/** What is the same where nothing else is said. */
export const KEY_SOURCE_DEFAULTS = {
  refreshMs: 5 * 60_000,
  minRefreshMs: 60_000,
  maxRefreshMs: 24 * 3_600_000,
  timeoutMs: 5000,
  cooldownMs: 5000,
  serveStaleMs: 24 * 3_600_000,
  maxBytes: 64 * 1024,
  maxKeys: 100,
} as const

/** Two sources of one id are the same in everything but their name, and are fetched as one. */
export function sourceId(spec: KeySourceSpec): string {
  return hashOf(Object.entries(spec).filter(([member]) => member !== 'name'))
}

/** Each source once, by the name that comes first. One may serve many authentications. */
export function distinctSources(specs: readonly KeySourceSpec[]): readonly KeySourceSpec[] {
  const first = new Map<string, KeySourceSpec>()
  for (const spec of specs) {
    const id = sourceId(spec)
    if (!first.has(id)) first.set(id, spec)
  }
  return [...first.values()]
}

/**
 * Two sources of one origin have the same keys: it covers where they come from and whom they are believed from, and not
 * when they are fetched, how much is read or who the gateway says it is. Keys of before are taken over, in memory and from
 * disk, by what has their origin and by nothing else.
 */
export function originId({ tls, ...spec }: KeySourceSpec): string {
  const { url, issuer, kid, alg, redirectHosts, allowedAddresses, endpoints, keepAmbiguous } = spec
  const trust = tls && { ca: tls.ca, serverName: tls.serverName, verifies: tls.verifies }
  return hashOf(
    Object.entries({
      url,
      issuer,
      kid,
      alg,
      redirectHosts,
      allowedAddresses,
      endpoints,
      keepAmbiguous,
      ...(trust ?? { ca: undefined, serverName: undefined, verifies: true }),
    }),
  )
}

function hashOf(members: readonly (readonly [name: string, value: unknown])[]): string {
  const sorted = members.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 32)
}

/** A URL for people: without what may be a secret in it. */
export function shownUrl(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null) return url
  return `${parsed.origin}${parsed.pathname}${parsed.search === '' ? '' : '?…'}`
}
