import { isIP } from 'node:net'
import { isJsonObject, parseJson } from '../kernel/json.ts'
import { err, ok, type Err, type Result } from '../kernel/result.ts'
import { AddressSet } from '../policy/index.ts'
import { blockedHint, blockedKind } from './addresses.ts'
import { fetchFailure, type FetchFailure } from './failure.ts'
import { get, hostOf, type GetAnswer } from './http-get.ts'
import { freshMsOf, retryAfterMsOf } from './lifetime.ts'
import { shownUrl, type EndpointSpec, type KeySourceSpec } from './spec.ts'

/** A key document as it came. */
export interface FetchedText {
  readonly text: string
  /** How long it is fresh, as its server says; undefined where it does not. */
  readonly freshMs: number | undefined
}

/** Fetches the document of one source. Resolves always, within the time of the source. */
export type FetchKeys = (spec: KeySourceSpec) => Promise<Result<FetchedText, FetchFailure>>

const MAX_REDIRECTS = 5
const WHO_ASKS =
  'publish the keys for everybody, or name a `clientCertificate` if the server takes one; no password is sent'
const STATUS_HINTS: Readonly<Record<number, string>> = {
  401: WHO_ASKS,
  403: WHO_ASKS,
  404: 'is the path of the URL right',
  410: 'is the path of the URL right',
}
/** `Retry-After` may come with both: it is too much for the server now (RFC 6585 §4, RFC 9110 §15.6.4). */
const ASKS_FOR_PATIENCE: ReadonlySet<number> = new Set([429, 503])
/** `redirectsTo` takes no address of IPv6. */
const A_NAME = 'have it redirect to a name, and add that to `redirectsTo` of the source'
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export const fetchKeys: FetchKeys = async (spec) => {
  const journey = new Journey(spec, AbortSignal.timeout(spec.timeoutMs))
  if (spec.issuer === undefined) return textOf(await journey.to(spec.url))
  const metadata = textOf(await journey.to(spec.url))
  if (!metadata.ok) return metadata
  const url = keysUrlOf(metadata.value.text, spec.issuer, spec.url)
  if (!url.ok) return url
  const keys = textOf(await journey.to(url.value))
  if (!keys.ok) return keys
  // The place of the keys may change, too: whatever is stale first is asked again.
  const times = [metadata.value.freshMs, keys.value.freshMs].filter((each) => each !== undefined)
  return ok({ text: keys.value.text, freshMs: times.length === 0 ? undefined : Math.min(...times) })
}

/** The `jwks_uri` of an issuer's metadata (OpenID Connect Discovery §3, RFC 8414 §2). */
function keysUrlOf(text: string, issuer: string, metadataUrl: string): Result<string, FetchFailure> {
  const json = parseJson(text)
  const where = `the metadata at \`${shownUrl(metadataUrl)}\``
  if (!json.ok || !isJsonObject(json.value)) return fetchFailure(`${where} are not a JSON object`)
  const { issuer: said, jwks_uri: uri } = json.value
  if (said !== issuer) {
    const what =
      typeof said === 'string' ? `of the issuer ${JSON.stringify(said.slice(0, 200))}` : 'without issuer'
    return fetchFailure(
      `${where} are ${what}, which is not the one that is configured`,
      'write `issuer` to the letter as the metadata do, a `/` at the end included',
    )
  }
  const url = typeof uri === 'string' ? URL.parse(uri) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    return fetchFailure(`${where} have no \`jwks_uri\` that is an http or https URL`)
  if (metadataUrl.startsWith('https:') && url.protocol === 'http:')
    return fetchFailure(`${where} name a \`jwks_uri\` without TLS`)
  return ok(url.href)
}

function textOf(answer: Result<GetAnswer, FetchFailure>): Result<FetchedText, FetchFailure> {
  if (!answer.ok) return answer
  const { body, headers, receivedAtMs } = answer.value
  try {
    return ok({ text: UTF8.decode(body), freshMs: freshMsOf(headers, receivedAtMs) })
  } catch {
    return fetchFailure('the document is not UTF-8')
  }
}

function statusFailure(url: URL, { status, headers, receivedAtMs }: GetAnswer): Err<FetchFailure> {
  const message = `\`${shownUrl(url.href)}\` answers with status ${status}`
  const retryAfterMs = ASKS_FOR_PATIENCE.has(status) ? retryAfterMsOf(headers, receivedAtMs) : undefined
  if (retryAfterMs === undefined) return fetchFailure(message, STATUS_HINTS[status])
  const seconds = Math.ceil(retryAfterMs / 1000)
  return err({ message: `${message}, and wants to be asked again in ${seconds} s`, retryAfterMs })
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** One fetch with everything on its way; all of it within one time. */
class Journey {
  readonly #spec: KeySourceSpec
  readonly #configured: URL
  readonly #allowed: AddressSet
  readonly #signal: AbortSignal

  constructor(spec: KeySourceSpec, signal: AbortSignal) {
    this.#spec = spec
    this.#configured = new URL(spec.url)
    this.#allowed = new AddressSet(spec.allowedAddresses)
    this.#signal = signal
  }

  /** Follows redirects to an answer of 200. */
  async to(start: string): Promise<Result<GetAnswer, FetchFailure>> {
    let url = new URL(start)
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await this.#ask(url)
      if (!answer.ok) return answer
      const { status, headers } = answer.value
      if (status === 200) return answer
      if (!REDIRECTS.has(status)) return statusFailure(url, answer.value)
      const next = this.#redirected(url, headers.location)
      if (!next.ok) return next
      url = next.value
    }
    return fetchFailure(`\`${this.#configured.host}\` redirects more than ${MAX_REDIRECTS} times`)
  }

  #redirected(from: URL, location: string | undefined): Result<URL, FetchFailure> {
    if (location === undefined) return fetchFailure(`\`${from.host}\` redirects and does not say where to`)
    const to = URL.parse(location, from.href)
    if (to === null || (to.protocol !== 'http:' && to.protocol !== 'https:'))
      return fetchFailure(`\`${from.host}\` redirects to what is no http or https URL`)
    if (from.protocol === 'https:' && to.protocol === 'http:')
      return fetchFailure(`\`${from.host}\` redirects from https to http, which is not followed`)
    const hosts = [from.hostname, this.#configured.hostname, ...this.#spec.redirectHosts]
    if (!hosts.includes(to.hostname))
      return fetchFailure(
        `\`${from.host}\` redirects to \`${to.host}\`, which is not followed`,
        this.#redirectHint(to),
      )
    return ok(to)
  }

  #redirectHint(to: URL): string {
    const host = hostOf(to)
    const setting = `\`redirectsTo: [${host}]\``
    const allow = `add ${setting} to the source if that is right`
    if (isIP(host) === 0 || blockedKind(host, this.#allowed) === undefined)
      return isIP(host) === 6 ? A_NAME : allow
    const own = `add ${setting} and \`allowAddresses: [${host}]\` to the source if it is yours`
    return blockedHint(host, isIP(host) === 6 ? A_NAME : own)
  }

  /** Of several addresses that were configured, one after the other until one answers, each within its share of the time. */
  async #ask(url: URL): Promise<Result<GetAnswer, FetchFailure>> {
    const isConfigured = url.hostname === this.#configured.hostname
    const endpoints: readonly (EndpointSpec | undefined)[] =
      isConfigured && this.#spec.endpoints.length > 0 ? this.#spec.endpoints : [undefined]
    let last: Result<GetAnswer, FetchFailure> = err({ message: 'there is no address to ask' })
    for (const [index, endpoint] of endpoints.entries()) {
      const share = AbortSignal.timeout(Math.ceil(this.#spec.timeoutMs / endpoints.length))
      const isLast = index === endpoints.length - 1
      last = await get({
        url,
        endpoint,
        isConfigured,
        allowed: this.#allowed,
        tls: this.#tlsFor(isConfigured),
        maxBytes: this.#spec.maxBytes,
        // INVARIANT: `share` is looked at below, which keeps it: a joined signal holds what it is made of weakly.
        signal: isLast ? this.#signal : AbortSignal.any([this.#signal, share]),
      })
      if (last.ok || this.#signal.aborted || !(last.error.unreachable === true || share.aborted)) break
    }
    return last
  }

  /** Who the gateway is, and by which name, is a matter of the configured host alone. */
  #tlsFor(isConfigured: boolean): KeySourceSpec['tls'] {
    const { tls } = this.#spec
    if (tls === undefined || isConfigured) return tls
    return { ...tls, certificate: undefined, serverName: undefined }
  }
}
