import { catalogEntry } from '../errors/catalog.ts'
import type { Refusal } from '../errors/refusal.ts'
import { FieldList } from '../http1/index.ts'
import type { ResponseSink } from '../inbound/exchange.ts'
import type { RefusalStyle } from '../plan/spec.ts'

export interface RefusalAnswer {
  readonly refusal: Refusal
  readonly style: RefusalStyle
  readonly requestId: string
  /** Fields beside the usual ones, names and values in turn. */
  readonly headers: readonly string[]
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
export function errorResponse({ refusal, style, requestId, headers }: RefusalAnswer): ErrorResponse {
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
      ...headers,
    ],
    body,
  }
}

/** Sends the answer to a refusal and returns its status. */
export function respond(sink: ResponseSink, answer: RefusalAnswer): number {
  const { status, headers, body } = errorResponse(answer)
  const bytes = Buffer.from(body, 'utf8')
  sink.head(status, new FieldList(headers), bytes.length)
  sink.write(bytes)
  sink.end()
  return status
}

function challenge(entry: { readonly title: string; readonly challenge?: string }): string {
  const realm = 'Bearer realm="claimgate"'
  return entry.challenge === undefined
    ? realm
    : `${realm}, error="${entry.challenge}", error_description="${entry.title}"`
}

type Body = (refusal: Refusal, requestId: string) => { readonly contentType: string; readonly body: string }

const BODIES: Readonly<Record<RefusalStyle, Body>> = {
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
