import type { InboundRequest } from '../../inbound/request.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { parseCurl, type CurlRequest } from '../curl.ts'
import type { Complaint } from '../terminal.ts'
import { readConnection, type ConnectionOptions } from './read-connection.ts'

/** A request as it is described on the command line: a pasted curl command, or an address and its options. */
export interface RequestOptions extends ConnectionOptions {
  readonly curl?: string
  /** A whole address, or a path alone, which is then asked of the first listener. */
  readonly url?: string
  readonly method?: string
  /** `name: value` each. */
  readonly header?: readonly string[]
  readonly token?: string
  readonly data?: string
}

export interface DescribedRequest {
  readonly request: InboundRequest
  readonly body: Buffer | undefined
  /** The port in the address, or that of its scheme. */
  readonly port: number
}

/** The request as a listener would hand it on. `firstListener` (`127.0.0.1:8080`) is asked where no host is named. */
export function readRequest(
  options: RequestOptions,
  firstListener: string,
): Result<DescribedRequest, Complaint> {
  const described = options.curl === undefined ? fromOptions(options) : fromCurl(options.curl, options)
  return described.ok ? toInbound(described.value, options, firstListener) : described
}

function fromCurl(curl: string, options: RequestOptions): Result<CurlRequest, Complaint> {
  const others = [options.url, options.method, options.token, options.data]
  if (others.some((each) => each !== undefined) || options.header !== undefined) {
    return err({
      message: '`--curl` holds the whole request',
      hint: 'leave the address and the other options out',
    })
  }
  return parseCurl(curl)
}

function fromOptions(options: RequestOptions): Result<CurlRequest, Complaint> {
  const { url, token, data } = options
  if (url === undefined) {
    return err({
      message: 'the request is missing',
      hint: "give its address, or a pasted command with `--curl '…'`; `--curl -` reads it from the standard input",
    })
  }
  const headers: string[] = []
  for (const line of options.header ?? []) {
    const colon = line.indexOf(':')
    if (colon < 1) return err({ message: 'a header is written `name: value`' })
    headers.push(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  if (token !== undefined) headers.push('Authorization', `Bearer ${token.trim()}`)
  if (data !== undefined && valueOf(headers, 'content-type') === undefined) {
    headers.push('Content-Type', 'application/x-www-form-urlencoded')
  }
  const body = data === undefined ? undefined : Buffer.from(data)
  return ok({ method: options.method ?? (body === undefined ? 'GET' : 'POST'), url, headers, body })
}

interface Address {
  readonly scheme: 'http' | 'https' | undefined
  /** `user:password` before an `@`. */
  readonly user: string | undefined
  readonly authority: string
  readonly target: string
  /** Whether it named no host, so that the first listener is asked. */
  readonly isPath: boolean
}

/** Scheme, user, host and port, path and query. The target is cut out as it is, because URL parsers change paths. */
const ADDRESS = /^(?:(https?):\/\/)?(?:([^/?#@]*)@)?([^/?#@]*)([^#]*)/i

function readAddress(url: string, firstListener: string): Result<Address, Complaint> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url) && !/^https?:/i.test(url))
    return err({ message: 'the address is not one of http or https' })
  const [, scheme, user, host = '', rest = ''] = ADDRESS.exec(url) ?? []
  const isPath = url.startsWith('/')
  if (host === '' && !isPath) {
    return err({
      message: 'the address names no host',
      hint: 'write the whole address, such as http://api.example.com/path',
    })
  }
  return ok({
    scheme: scheme === undefined ? undefined : scheme.toLowerCase() === 'https' ? 'https' : 'http',
    user,
    authority: isPath ? firstListener : host,
    target: rest.startsWith('/') ? rest : `/${rest}`,
    isPath,
  })
}

function toInbound(
  { method, url, headers, body }: CurlRequest,
  options: ConnectionOptions,
  firstListener: string,
): Result<DescribedRequest, Complaint> {
  const address = readAddress(url, firstListener)
  if (!address.ok) return address
  const { scheme, user, authority, target, isPath } = address.value
  const lines = [...headers]
  if (valueOf(lines, 'host') === undefined) lines.unshift('Host', authority)
  if (user !== undefined && valueOf(lines, 'authorization') === undefined)
    lines.push('Authorization', `Basic ${Buffer.from(user).toString('base64')}`)
  if (body !== undefined && valueOf(lines, 'content-length') === undefined)
    lines.push('Content-Length', String(body.length))
  const host = valueOf(lines, 'host') ?? authority
  // Who writes a path and a Host means the client that would ask for that host.
  const peer = readConnection(options, { scheme, authority, named: isPath ? host : authority })
  if (!peer.ok) return peer
  const request = {
    method,
    target: bytes(target),
    authority: host,
    headers: lines.map(bytes),
    repeated: false,
    httpVersion: '1.1' as const,
    peer: peer.value,
  }
  return ok({ request, body, port: peer.value.local.port })
}

/** One character per byte of UTF-8: what goes over the wire is not encoded any further, as with curl. */
function bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function valueOf(headers: readonly string[], lowerName: string): string | undefined {
  const index = headers.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === lowerName)
  return index === -1 ? undefined : headers[index + 1]
}
