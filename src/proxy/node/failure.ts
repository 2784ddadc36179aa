import { errors } from 'undici'
import { refuse, type Refusal } from '../../errors/refusal.ts'
import { CarriedRefusal } from './carried-refusal.ts'
import type { ErrorCode } from '../../errors/catalog.ts'

/** The backend in words, for the detail of a refusal. */
export interface FailingBackend {
  readonly name: string
  /** The configured URL; it has no user and no query, so there is nothing secret in it. */
  readonly url: string
}

interface Failure {
  readonly code: ErrorCode
  readonly reason: string
  /** What happened and what to do; `{url}` becomes the URL. */
  readonly detail: string
}

const UNTRUSTED: Failure = {
  code: 'GW_UPSTREAM_UNREACHABLE',
  reason: 'certificate-untrusted',
  detail:
    'the certificate of {url} is not signed by a known authority; set `ca` of the backend to the authority that signed it',
}

const NO_TLS: Failure = {
  code: 'GW_UPSTREAM_UNREACHABLE',
  reason: 'not-tls',
  detail: 'no TLS connection to {url} can be made; if it speaks plain HTTP, write http: in its url',
}

const BROKE_OFF: Failure = {
  code: 'GW_UPSTREAM_PROTOCOL',
  reason: 'closed',
  detail: '{url} closed the connection before its answer was complete; its own log may say why',
}

const NO_ROUTE: Failure = {
  code: 'GW_UPSTREAM_UNREACHABLE',
  reason: 'no-route',
  detail: 'there is no way through the network to {url}; check the address and the network of this machine',
}

/** Error codes of undici, node:net, node:tls and OpenSSL. */
const FAILURES: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: {
    code: 'GW_UPSTREAM_UNREACHABLE',
    reason: 'connection-refused',
    detail: 'nothing listens at {url}; start the backend or correct its url',
  },
  ENOTFOUND: {
    code: 'GW_UPSTREAM_UNREACHABLE',
    reason: 'name-unknown',
    detail: 'the host name of {url} does not resolve; correct it or the name service of this machine',
  },
  EAI_AGAIN: {
    code: 'GW_UPSTREAM_UNREACHABLE',
    reason: 'name-service',
    detail: 'the name service did not answer for {url}; check that this machine reaches it',
  },
  EHOSTUNREACH: NO_ROUTE,
  ENETUNREACH: NO_ROUTE,
  EADDRNOTAVAIL: {
    code: 'GW_UPSTREAM_UNREACHABLE',
    reason: 'no-local-port',
    detail:
      'this machine has no free port for another connection to {url}; lower `maxConnections` of the backend',
  },
  EMFILE: {
    code: 'GW_UPSTREAM_UNREACHABLE',
    reason: 'no-file-descriptor',
    detail: 'the gateway may open no more files for a connection to {url}; raise its limit (ulimit -n)',
  },
  UND_ERR_CONNECT_TIMEOUT: {
    code: 'GW_UPSTREAM_TIMEOUT',
    reason: 'connect-timeout',
    detail:
      '{url} took no connection within `connectTimeout`; check that it runs and that no firewall drops the packets',
  },
  ETIMEDOUT: {
    code: 'GW_UPSTREAM_TIMEOUT',
    reason: 'connection-timeout',
    detail: 'the connection to {url} timed out; check that it runs and that no firewall drops the packets',
  },
  CERT_HAS_EXPIRED: {
    code: 'GW_UPSTREAM_UNREACHABLE',
    reason: 'certificate-expired',
    detail: 'the certificate of {url} has expired; the backend needs a new one',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    code: 'GW_UPSTREAM_UNREACHABLE',
    reason: 'certificate-name',
    detail:
      'the certificate of {url} is for another name; use in the url a name that stands in the certificate',
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ECONNRESET: BROKE_OFF,
  EPIPE: BROKE_OFF,
  UND_ERR_SOCKET: BROKE_OFF,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: {
    code: 'GW_UPSTREAM_PROTOCOL',
    reason: 'body-length',
    detail:
      'the answer of {url} broke off, or broke the rules of HTTP, before the end that its Content-Length set',
  },
  UND_ERR_HEADERS_TIMEOUT: {
    code: 'GW_UPSTREAM_TIMEOUT',
    reason: 'first-byte-timeout',
    detail: '{url} did not begin its answer within `firstByteTimeout`',
  },
  UND_ERR_BODY_TIMEOUT: {
    code: 'GW_UPSTREAM_TIMEOUT',
    reason: 'idle-timeout',
    detail:
      '{url} was silent in the middle of its answer for longer than `idleTimeout`; set it to 0 for event streams',
  },
  UND_ERR_HEADERS_OVERFLOW: {
    code: 'GW_UPSTREAM_PROTOCOL',
    reason: 'head-too-large',
    detail: 'the head of the answer of {url} is larger than 64 KiB',
  },
  UND_ERR_INVALID_ARG: {
    code: 'GW_INTERNAL',
    reason: 'unsendable-request',
    detail: 'the request to {url} cannot be written as HTTP/1.1',
  },
}

/** Turns what node or undici says of a failed request into the refusal that the client and the log get. */
export function refusalOf(error: unknown, backend: FailingBackend): Refusal {
  if (error instanceof CarriedRefusal) return error.refusal
  const code = errorCode(error)
  const failure = FAILURES[code] ?? (isParserError(error) ? notHttp(error) : UNKNOWN)
  return refuse(failure.code, failure.reason, {
    by: backend.name,
    detail: failure.detail.replace('{url}', () => `\`${backend.url}\``),
  })
}

/** What llhttp found wrong, through undici or through node:http: in its own words, never a byte of the answer. */
function notHttp(error: Error): Failure {
  const inNode = 'reason' in error && typeof error.reason === 'string' ? error.reason : undefined
  const word = inNode ?? /\(([^)]*)\)$/.exec(error.message)?.[1] ?? ''
  const what = /^[\w ,'/-]{1,80}$/.test(word) ? ` (${word})` : ''
  return {
    code: 'GW_UPSTREAM_PROTOCOL',
    reason: 'not-http',
    detail: `what {url} answered is not well-formed HTTP/1.1${what}; check that its url is that of an HTTP service`,
  }
}

/** undici leaves the code of its parser's errors undefined. */
function isParserError(error: unknown): error is Error {
  return (
    error instanceof errors.HTTPParserError || (error instanceof Error && errorCode(error).startsWith('HPE_'))
  )
}

const UNKNOWN: Failure = {
  code: 'GW_UPSTREAM_PROTOCOL',
  reason: 'unknown',
  detail: 'the exchange with {url} failed in a way that has no name here',
}

/** Whether the connection broke without a word, as a kept-alive one does that the backend has just closed. */
export function isReset(error: unknown): boolean {
  return RESETS.has(errorCode(error))
}

const RESETS: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** The backend as a whole has too much to do; the request was not sent. */
export function busyRefusal(backend: FailingBackend, reason: 'queue-full' | 'queue-timeout'): Refusal {
  const detail = `all connections to \`${backend.url}\` are in use; raise \`maxConnections\` or make the backend faster`
  return refuse('GW_UPSTREAM_BUSY', reason, { by: backend.name, detail })
}

/** The backend's answer is HTTP, and yet nothing that may be passed on. */
export function protocolRefusal(backend: FailingBackend, reason: string): Refusal {
  const detail = `the answer of \`${backend.url}\` breaks the rules of HTTP (${reason.replaceAll('-', ' ')})`
  return refuse('GW_UPSTREAM_PROTOCOL', reason, { by: backend.name, detail })
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Whether the request itself cannot be written, so that another URL would not help. */
export function isUnsendable(error: unknown): boolean {
  return errorCode(error) === 'UND_ERR_INVALID_ARG' || error instanceof CarriedRefusal
}

/** Whether the broken connection had served before: what breaks on its first request is not a stale connection. */
export function wasReused(error: unknown): boolean {
  // Without an account of the socket (ECONNRESET, EPIPE) it may have been.
  if (!(error instanceof errors.SocketError)) return true
  const bytesRead = error.socket?.bytesRead
  return bytesRead === undefined || bytesRead > 0
}

/** An error that `refusalOf` reads as undici's or node's own of that code: for what this engine notices itself. */
export function codedError(code: string): Error {
  return Object.assign(new Error(code), { code })
}
