import type { IncomingMessage } from 'node:http'
import { refuse, type Refusal } from '../../errors/refusal.ts'
import { isHost } from '../../http1/index.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import type { InboundRequest, Peer } from '../request.ts'

export interface RequestHead {
  readonly request: InboundRequest
  /** Bytes of body to come: 0 for none, undefined where the client did not say (chunked). */
  readonly bodyLength: number | undefined
}

/**
 * A target in origin-form (RFC 9112 §3.2.1): a path of what RFC 3986 §3.3 allows and `[`, `]`, `|`, which browsers
 * leave as they are; then perhaps a query of any visible characters but `#`. The same as the http1 codec takes.
 */
const ORIGIN_FORM = /^\/[!$-;=@-[\]_a-z|~]*(?:\?[!"$-~]*)?$/

/**
 * Checks what node's parser lets through and RFC 9112 or this gateway does not: another version, a target that is not
 * a path, several Host fields, a transfer coding other than chunked, too many fields.
 */
export function readRequestHead(
  message: IncomingMessage,
  peer: Peer,
  maxHeaders: number,
): Result<RequestHead, Refusal> {
  const { rawHeaders } = message
  if (rawHeaders.length > 2 * maxHeaders) {
    const detail = `the request has more than ${maxHeaders} header fields; raise limits.maxHeaders if that is wanted`
    return err(refuse('GW_REQUEST_HEAD_TOO_LARGE', 'too-many-headers', { detail }))
  }
  const line = readRequestLine(message)
  if (!line.ok) return line
  const { httpVersion } = line.value
  const fields = readFields(rawHeaders)
  const host = readHost(fields.hosts, httpVersion)
  if (!host.ok) return host
  const bodyLength = readFraming(fields, httpVersion)
  if (!bodyLength.ok) return bodyLength
  const request = { ...line.value, authority: host.value, headers: rawHeaders, repeated: false, peer }
  return ok({ request, bodyLength: bodyLength.value })
}

function readRequestLine({
  method = '',
  url = '',
  httpVersion,
}: IncomingMessage): Result<Pick<InboundRequest, 'method' | 'target' | 'httpVersion'>, Refusal> {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') {
    return malformed('version', 'the request is neither HTTP/1.0 nor HTTP/1.1')
  }
  if (method === 'CONNECT')
    return malformed('method', 'this is no proxy that makes tunnels: CONNECT is not taken')
  if (!ORIGIN_FORM.test(url) && !(url === '*' && method === 'OPTIONS')) {
    return malformed(
      'target',
      'the request target is not a path of visible ASCII characters that begins with a slash',
    )
  }
  return ok({ method, target: url, httpVersion })
}

interface Fields {
  readonly hosts: readonly string[]
  readonly transferCodings: readonly string[]
  readonly contentLengths: readonly string[]
}

/** One pass over the fields. Names are told apart by their length first, since most are none of these. */
function readFields(rawHeaders: readonly string[]): Fields {
  const hosts: string[] = []
  const transferCodings: string[] = []
  const contentLengths: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    const value = rawHeaders[i + 1] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') hosts.push(value)
    else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') transferCodings.push(value)
    else if (name.length === 14 && name.toLowerCase() === 'content-length') contentLengths.push(value)
  }
  return { hosts, transferCodings, contentLengths }
}

function readHost(hosts: readonly string[], httpVersion: string): Result<string, Refusal> {
  const [host] = hosts
  if (host === undefined && httpVersion === '1.0') return ok('')
  if (host === undefined || hosts.length > 1) {
    return malformed('host', 'an HTTP/1.1 request has exactly one Host field (RFC 9112 §3.2)')
  }
  if (!isHost(host))
    return malformed('host', 'the Host field is not a host with an optional port (RFC 3986 §3.2)')
  return ok(host)
}

/** The length of the body (RFC 9112 §6.3), undefined where it is chunked. */
function readFraming(fields: Fields, httpVersion: string): Result<number | undefined, Refusal> {
  const { transferCodings, contentLengths } = fields
  const [coding] = transferCodings
  const [length] = contentLengths
  if (coding !== undefined) {
    if (length !== undefined) {
      return malformed('framing', 'the request has both Content-Length and Transfer-Encoding (RFC 9112 §6.3)')
    }
    if (transferCodings.length > 1 || coding.toLowerCase() !== 'chunked' || httpVersion === '1.0') {
      return malformed('transfer-encoding', 'the one transfer coding understood is `chunked`, in HTTP/1.1')
    }
    return ok(undefined)
  }
  // RFC 9110 §8.6 would allow the same number twice; nobody honest sends it, and it is how smuggling begins.
  if (length !== undefined && (contentLengths.length > 1 || !/^\d{1,15}$/.test(length))) {
    return malformed('content-length', 'the Content-Length is not one whole number')
  }
  return ok(length === undefined ? 0 : Number(length))
}

function malformed(reason: string, detail: string): Result<never, Refusal> {
  return err(refuse('GW_REQUEST_MALFORMED', reason, { detail }))
}
