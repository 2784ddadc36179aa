import { catalogEntry } from '../errors/catalog.ts'
import type { Refusal } from '../errors/refusal.ts'
import { FieldList } from '../http1/index.ts'
import type { ExternalResponse } from '../authz/index.ts'
import type { Exchange } from '../inbound/exchange.ts'
import { headerValues } from '../inbound/fields/headers.ts'
import type { InboundRequest } from '../inbound/request.ts'
import type { RefusalStyle } from '../plan/spec.ts'
import { envoyWords } from './envoy-words.ts'

export interface RefusalAnswer {
  readonly refusal: Refusal
  readonly style: RefusalStyle
  readonly requestId: string
  /** Fields beside the usual ones, names and values in turn. */
  readonly headers: readonly string[]
  /** The request that is refused; undefined for what never became one. */
  readonly request?: InboundRequest
  /** What somebody else has answered, who was asked; then only the request id is added. */
  readonly response?: ExternalResponse
}

/** A refusal as HTTP has it: the only place where an error answer is made. */
export interface ErrorResponse {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string
}

/**
 * Words a refusal in its dialect's style. Nothing private goes in, and nothing of the request: the texts come from
 * the catalogue. 401 carries the Bearer challenge of RFC 6750 §3.
 */
export function errorResponse(answer: RefusalAnswer): ErrorResponse {
  const { refusal, style, requestId, headers, response } = answer
  if (response !== undefined)
    return { ...response, headers: [...response.headers, 'X-Request-Id', requestId] }
  if (style === 'envoy') return envoyResponse(answer)
  const entry = catalogEntry(refusal.code)
  const { contentType, body } = BODIES[style](refusal, requestId)
  return {
    status: entry.status,
    headers: [
      'Content-Type',
      contentType,
      'Cache-Control',
      'no-store',
      'X-Request-Id',
      requestId,
      ...(entry.status === 401 ? ['WWW-Authenticate', challenge(entry)] : []),
      ...retryAfter(refusal),
      ...headers,
    ],
    body,
  }
}

/**
 * Envoy's words: one text, and for gRPC a status in the header of an answer that is fine by itself. The realm is the URL
 * that was asked for, without its query, in which a token might be.
 */
function envoyResponse({ refusal, requestId, headers, request }: RefusalAnswer): ErrorResponse {
  const { status, text, challenge: challenged } = envoyWords(refusal)
  const fields = ['Cache-Control', 'no-store', 'X-Request-Id', requestId, ...retryAfter(refusal), ...headers]
  if (challenged && request !== undefined)
    fields.push('WWW-Authenticate', `Bearer realm="${realmOf(request)}", error="invalid_token"`)
  if (request !== undefined && isGrpc(request))
    return {
      status: 200,
      headers: [
        'Content-Type',
        'application/grpc',
        'Grpc-Status',
        String(GRPC_STATUS.get(status) ?? GRPC_UNKNOWN),
        'Grpc-Message',
        encodeURIComponent(text),
        ...fields,
      ],
      body: '',
    }
  return { status, headers: ['Content-Type', 'text/plain', ...fields], body: text }
}

/** Of the gRPC protocol: what an HTTP status means for a call. */
const GRPC_STATUS: ReadonlyMap<number, number> = new Map([
  [400, 13],
  [401, 16],
  [403, 7],
  [404, 12],
  [429, 14],
  [502, 14],
  [503, 14],
  [504, 14],
])
const GRPC_UNKNOWN = 2

function isGrpc({ headers }: InboundRequest): boolean {
  return /^application\/grpc(?:[+;]|$)/i.test(headerValues(headers, 'content-type')[0] ?? '')
}

const MAX_REALM_CHARS = 256

function realmOf({ peer, authority, target }: InboundRequest): string {
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const url = `${peer.tls ? 'https' : 'http'}://${authority}${path}`
  // A quote or a backslash would end the text early (RFC 9110 §5.6.4).
  return url.slice(0, MAX_REALM_CHARS).replaceAll(/["\\]/g, '')
}

/** What a refusal needs of its exchange: the rest of it may be forgotten before it is answered. */
export type Refusable = Pick<Exchange, 'body' | 'response'>

/** Sends the answer to a refusal, whatever of the request is still to come. */
export function respond(
  { body: unread, response }: Refusable,
  { status, headers, body }: ErrorResponse,
): void {
  unread.discard()
  const bytes = Buffer.from(body, 'utf8')
  response.head(status, new FieldList(headers), bytes.length)
  response.write(bytes)
  response.end()
}

function retryAfter({ code, retryAfterSeconds: known }: Refusal): readonly string[] {
  const retryAfterSeconds = known ?? catalogEntry(code).retryAfterSeconds
  return retryAfterSeconds === undefined ? [] : ['Retry-After', String(retryAfterSeconds)]
}

function challenge(entry: { readonly title: string; readonly challenge?: string }): string {
  const realm = 'Bearer realm="claimgate"'
  return entry.challenge === undefined
    ? realm
    : `${realm}, error="${entry.challenge}", error_description="${entry.title}"`
}

type Body = (refusal: Refusal, requestId: string) => { readonly contentType: string; readonly body: string }

const BODIES: Readonly<Record<Exclude<RefusalStyle, 'envoy'>, Body>> = {
  /** RFC 9457 problem details; without a `type` the title and the stable code say what it is. */
  problem: ({ code }, requestId) => {
    const { status, title } = catalogEntry(code)
    return {
      contentType: 'application/problem+json',
      body: `${JSON.stringify({ title, status, code, requestId })}\n`,
    }
  },
  /** Function Compute's error body, with its two messages for tokens. */
  'function-compute': ({ code }, requestId) => {
    const { status, title } = catalogEntry(code)
    const message = status === 401 && code !== 'GW_TOKEN_MISSING' ? 'invalid or expired jwt' : title
    return {
      contentType: 'application/json',
      body: `${JSON.stringify({ RequestId: requestId, Code: code, Message: message })}\n`,
    }
  },
}
