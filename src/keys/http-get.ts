import { lookup as resolveName, type LookupAddress } from 'node:dns'
import {
  request as requestPlain,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http'
import { request as requestSecured, type RequestOptions } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { checkServerIdentity, type ConnectionOptions as TlsOptions } from 'node:tls'
import { systemClock } from '../kernel/clock.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import type { AddressSet } from '../policy/index.ts'
import { blockedHint, blockedKind } from './addresses.ts'
import { fetchFailure, type FetchFailure } from './failure.ts'
import type { ClientTlsSpec, EndpointSpec } from './spec.ts'

/** One request for a key document or metadata. */
export interface GetRequest {
  readonly url: URL
  /** Where to connect instead of the addresses of the URL's name; whoever configured it has allowed it. */
  readonly endpoint: EndpointSpec | undefined
  /** Whether the host was configured, and not come by on the way: a literal address there is allowed. */
  readonly isConfigured: boolean
  readonly allowed: AddressSet
  readonly tls: ClientTlsSpec | undefined
  readonly maxBytes: number
  readonly signal: AbortSignal
}

export interface GetAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Empty where the status is not 200: what else a server has to say is not read. */
  readonly body: Buffer
  /** When the head had come. */
  readonly receivedAtMs: number
}

/** A key server has no reason to send more. */
const MAX_HEADER_BYTES = 16_384

/**
 * Sends one GET over a connection of its own and reads the answer whole, within the limits. Redirects are answers like
 * others. Resolves always.
 */
export async function get(request: GetRequest): Promise<Result<GetAnswer, FetchFailure>> {
  const blocked = blockedLiteral(request)
  if (blocked !== undefined) return blocked
  const begun = begin(request)
  if (!begun.ok) return begun
  const sent = begun.value
  return new Promise((resolve) => {
    sent.on('error', (cause) => resolve(failureOf(cause, request)))
    sent.on('response', (answer) => {
      resolve(readAnswer(answer, request).finally(() => sent.destroy()))
    })
    // Where the server changes the protocol (101), there is neither an error nor an answer.
    sent.on('close', () => resolve(failed('ECONNRESET', request)))
    sent.end()
  })
}

function begin(request: GetRequest): Result<ClientRequest, FetchFailure> {
  const send = request.url.protocol === 'https:' ? requestSecured : requestPlain
  try {
    return ok(send(optionsOf(request)))
  } catch (cause) {
    // A key that is too short or a chain that is broken is seen only when the connection is made.
    return fetchFailure(
      `the certificates for \`${request.url.host}\` cannot be used (${codeOf(cause) || 'unknown'})`,
      'check `ca` and `clientCertificate` of the source',
    )
  }
}

/** A name, or an address without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}

/** A literal is not looked up, so the lookup does not see it. */
function blockedLiteral({
  url,
  endpoint,
  isConfigured,
  allowed,
}: GetRequest): ReturnType<typeof blockedFailure> | undefined {
  const host = hostOf(url)
  if (endpoint !== undefined || isConfigured || isIP(host) === 0) return undefined
  const kind = blockedKind(host, allowed)
  return kind === undefined ? undefined : blockedFailure(host, host, kind)
}

function blockedFailure(host: string, address: string, kind: string): ReturnType<typeof fetchFailure> {
  const what = host === address ? `\`${host}\` is` : `\`${host}\` is at ${address},`
  return fetchFailure(
    `${what} ${kind} address, which is not connected to`,
    blockedHint(address, `add \`allowAddresses: [${address}]\` to the source if it is yours`),
  )
}

function optionsOf(request: GetRequest): RequestOptions {
  const { url, endpoint, signal, tls } = request
  const host = hostOf(url)
  return {
    method: 'GET',
    host: endpoint?.address ?? host,
    port: endpoint?.port ?? (url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)),
    path: `${url.pathname}${url.search}`,
    headers: {
      host: url.host,
      accept: 'application/jwk-set+json, application/json, application/x-pem-file;q=0.9, */*;q=0.1',
      'accept-encoding': 'identity',
      'user-agent': 'claimgate',
    },
    // A connection of its own: what an earlier answer left on one cannot become part of this.
    agent: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    signal,
    lookup: lookupAllowed(request),
    ...tlsOptions(tls?.serverName ?? host, tls),
  }
}

function tlsOptions(name: string, tls: ClientTlsSpec | undefined): TlsOptions {
  return {
    // An address is no server name (RFC 6066 §3).
    servername: isIP(name) === 0 ? name : '',
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    rejectUnauthorized: tls?.verifies ?? true,
    ca: tls?.ca,
    cert: tls?.certificate?.cert,
    key: tls?.certificate?.key,
  }
}

class Blocked extends Error {
  readonly failure: ReturnType<typeof blockedFailure>

  constructor(failure: ReturnType<typeof blockedFailure>) {
    super('blocked')
    this.failure = failure
  }
}

/** Resolves names to the addresses that may be connected to: the very ones that are then connected to. */
function lookupAllowed({ allowed, isConfigured }: GetRequest): LookupFunction {
  return (host, options, callback) => {
    resolveName(host, { ...options, all: true }, (error, addresses: readonly LookupAddress[]) => {
      if (error !== null) return callback(error, [])
      const mayBeLocal = isConfigured && host === 'localhost'
      const usable = addresses.filter(
        ({ address }) => mayBeLocal || blockedKind(address, allowed) === undefined,
      )
      const [first] = usable
      if (first !== undefined && options.all === true) return callback(null, usable)
      if (first !== undefined) return callback(null, first.address, first.family)
      const [unusable] = addresses
      const address = unusable?.address ?? ''
      const failure = blockedFailure(host, address, blockedKind(address, allowed) ?? 'an unusable')
      callback(new Blocked(failure), [])
    })
  }
}

async function readAnswer(
  answer: IncomingMessage,
  request: GetRequest,
): Promise<Result<GetAnswer, FetchFailure>> {
  const { maxBytes, url, signal } = request
  const { statusCode: status = 0, headers } = answer
  const receivedAtMs = systemClock.now()
  if (status !== 200) return ok({ status, headers, receivedAtMs, body: Buffer.alloc(0) })
  const tooLarge = fetchFailure(
    `the answer of \`${url.host}\` is larger than ${maxBytes} bytes`,
    'raise `maxSize` of the source if its key set is so large',
  )
  if (Number(headers['content-length'] ?? 0) > maxBytes) return tooLarge
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding.toLowerCase() !== 'identity')
    return fetchFailure(`\`${url.host}\` sends its answer compressed, though that was not accepted`)
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxBytes) return tooLarge
      chunks.push(chunk)
    }
  } catch {
    if (signal.aborted) return late(request)
    return fetchFailure(`\`${url.host}\` broke its answer off`)
  }
  return ok({ status, headers, receivedAtMs, body: Buffer.concat(chunks) })
}

function late(request: GetRequest): ReturnType<typeof fetchFailure> {
  return fetchFailure(`${whereOf(request)} did not answer in time`)
}

/** With where `connectTo` leads: a name alone says nothing of which of its addresses fails. */
function whereOf({ url, endpoint }: GetRequest): string {
  if (endpoint === undefined) return `\`${url.host}\``
  const { address, port } = endpoint
  return `\`${url.host}\` at ${isIP(address) === 6 ? `[${address}]` : address}:${port}`
}

function failureOf(cause: Error, request: GetRequest): ReturnType<typeof fetchFailure> {
  return cause instanceof Blocked ? cause.failure : failed(codeOf(cause), request)
}

/** In words of our own: those of the system may repeat what was sent. */
function failed(code: string, request: GetRequest): ReturnType<typeof fetchFailure> {
  if (request.signal.aborted) return late(request)
  const known = CAUSES[code]
  const what =
    known?.[0] ?? (code.startsWith('HPE_') ? BROKEN_HTTP : `the connection failed (${code || 'unknown'})`)
  const error = { message: `${whereOf(request)}: ${what}`, unreachable: true }
  const hint = known?.[1] === CA_HINT && request.tls?.ca !== undefined ? OTHER_CA_HINT : known?.[1]
  return err(hint === undefined ? error : { ...error, hint })
}

const BROKEN_HTTP = 'what comes is not HTTP'

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return ''
  if ('code' in cause && typeof cause.code === 'string') return cause.code
  // Of several addresses that were tried, the first stands for all.
  return cause instanceof AggregateError ? codeOf(cause.errors[0]) : ''
}

const CLOSED = [
  'the connection was closed before the answer',
  'is the other of `http://` and `https://` meant?',
] as const
const CA_HINT = 'name the file of its authority as `ca` of the source'
const OTHER_CA_HINT = 'the file that is `ca` of the source has other authorities: add its own there'
const CAUSES: Readonly<Record<string, readonly [what: string, hint?: string]>> = {
  ENOTFOUND: ['there is no such name'],
  EAI_AGAIN: ['the name cannot be resolved now'],
  ECONNREFUSED: ['nobody listens there'],
  ECONNRESET: CLOSED,
  EPIPE: CLOSED,
  ETIMEDOUT: ['the connection takes too long'],
  EHOSTUNREACH: ['no way leads there'],
  ENETUNREACH: ['no way leads there'],
  EPROTO: ['what comes is not TLS', 'is `http://` meant?'],
  ERR_SSL_WRONG_VERSION_NUMBER: ['what comes is not TLS', 'is `http://` meant?'],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['what comes is not TLS', 'is `http://` meant?'],
  CERT_HAS_EXPIRED: ['its certificate has expired'],
  CERT_NOT_YET_VALID: ['its certificate is not valid yet; are the clocks right'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['its certificate is self-signed', CA_HINT],
  SELF_SIGNED_CERT_IN_CHAIN: ['its certificate is of an authority that is not known', CA_HINT],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['its certificate is of an authority that is not known', CA_HINT],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['its certificate is of an authority that is not known', CA_HINT],
  UNABLE_TO_GET_ISSUER_CERT: ['its certificate is of an authority that is not known', CA_HINT],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'its certificate is for another name',
    'say which as `serverName` of the source',
  ],
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: [
    'it wants a client certificate',
    'name one as `clientCertificate`',
  ],
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: ['it refuses the TLS handshake'],
  HPE_HEADER_OVERFLOW: ['its header fields are too large'],
}
