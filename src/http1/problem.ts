import { err, type Err } from '../kernel/result.ts'

/** The status that a request with a problem is answered with. For a response with one, the gateway answers 502. */
export type HttpProblemStatus = 400 | 413 | 414 | 431 | 501 | 505

interface ProblemEntry {
  readonly status: HttpProblemStatus
  /** For the log. Constant, so that nothing a peer sent can be in it. */
  readonly detail: string
}

/** Every way in which a message can break the rules, by its private reason. After each the connection is closed. */
export const HTTP_PROBLEMS = {
  // The start of a message and its lines (RFC 9112 §2.2).
  'bare-lf': { status: 400, detail: 'a line feed without a carriage return before it' },
  'bare-cr': { status: 400, detail: 'a carriage return without a line feed after it' },
  'head-too-large': { status: 431, detail: 'the head is longer than the limit' },
  'head-incomplete': { status: 400, detail: 'the connection ended inside a head' },
  // The request line (RFC 9112 §3).
  'request-line': {
    status: 400,
    detail: 'the first line is not method, target and version with one space between',
  },
  method: { status: 400, detail: 'the method is not a token' },
  'method-too-long': { status: 501, detail: 'the method is longer than the limit' },
  'method-connect': { status: 501, detail: 'the method CONNECT is for forward proxies' },
  version: { status: 505, detail: 'the version is neither HTTP/1.0 nor HTTP/1.1' },
  'target-form': { status: 400, detail: 'the target does not begin with a slash' },
  'target-character': { status: 400, detail: 'the target has a character that must be percent-encoded' },
  'target-too-long': { status: 414, detail: 'the target is longer than the limit' },
  // The status line (RFC 9112 §4).
  'status-line': { status: 400, detail: 'the first line is not version, status code and reason phrase' },
  // Fields (RFC 9112 §5).
  'header-name': {
    status: 400,
    detail: 'a field name is empty, has a character that is not of a token, or has no colon',
  },
  'header-name-space': { status: 400, detail: 'white space between a field name and its colon' },
  'header-value': { status: 400, detail: 'a control character in a field value' },
  'obs-fold': { status: 400, detail: 'a field line that begins with white space' },
  'too-many-headers': { status: 431, detail: 'more field lines than the limit' },
  'host-missing': { status: 400, detail: 'no Host field in a request of HTTP/1.1' },
  'host-repeated': { status: 400, detail: 'more than one Host field' },
  'host-invalid': { status: 400, detail: 'the Host field is not a host and an optional port' },
  'connection-option': {
    status: 400,
    detail: 'the Connection field has an element that cannot be a connection option, or too many',
  },
  // Framing (RFC 9112 §6).
  'content-length': { status: 400, detail: 'the Content-Length field is not one plain decimal number' },
  'content-length-repeated': { status: 400, detail: 'more than one Content-Length field' },
  'content-length-too-large': {
    status: 413,
    detail: 'the Content-Length field is larger than can be counted',
  },
  'content-length-not-allowed': { status: 400, detail: 'a Content-Length above zero where no body can be' },
  'transfer-encoding': { status: 400, detail: 'the Transfer-Encoding field is not the one word chunked' },
  'transfer-encoding-repeated': { status: 400, detail: 'more than one Transfer-Encoding field' },
  'transfer-coding-unsupported': { status: 501, detail: 'a transfer coding before chunked' },
  'transfer-encoding-http-1-0': { status: 400, detail: 'a Transfer-Encoding field in a message of HTTP/1.0' },
  'transfer-encoding-not-allowed': { status: 400, detail: 'a Transfer-Encoding field where no body can be' },
  'two-lengths': { status: 400, detail: 'both a Content-Length and a Transfer-Encoding field' },
  'framing-name': { status: 400, detail: 'the name of a framing field with an underscore for its hyphen' },
  'framing-space': {
    status: 400,
    detail: 'a framing field with a tab before or white space after its value',
  },
  // Bodies (RFC 9112 §7).
  'chunk-size': {
    status: 400,
    detail: 'a chunk size is not hexadecimal digits, or not followed by the end of its line',
  },
  'chunk-size-too-large': { status: 413, detail: 'a chunk size has more digits than can be counted' },
  'chunk-extension': { status: 400, detail: 'a chunk extension breaks its grammar' },
  'chunk-extension-too-long': { status: 413, detail: 'the chunk extensions are longer than the limit' },
  'chunk-end': { status: 400, detail: 'the data of a chunk is not followed by the end of a line' },
  trailer: { status: 400, detail: 'a trailer field that is malformed' },
  'trailer-forbidden': { status: 400, detail: 'a trailer field that only a header may be' },
  'trailer-too-large': { status: 431, detail: 'the trailer section is longer than the limit' },
  'body-incomplete': { status: 400, detail: 'the connection ended inside a body' },
  // What this side was about to send.
  'unsafe-start-line': { status: 400, detail: 'a method, target, status or reason that cannot be sent' },
  'unsafe-field': { status: 400, detail: 'a field name or value that cannot be sent' },
} as const satisfies Readonly<Record<string, ProblemEntry>>

/** The reason in one kebab-case word: private, for log and metrics. */
export type HttpProblemReason = keyof typeof HTTP_PROBLEMS

/** Why a message was refused. Holds nothing of the message. */
export interface HttpProblem {
  readonly status: HttpProblemStatus
  readonly reason: HttpProblemReason
  /** A lower-case fragment for a person. */
  readonly detail: string
}

export function httpProblem(reason: HttpProblemReason): HttpProblem {
  const entry = HTTP_PROBLEMS[reason]
  return { status: entry.status, reason, detail: entry.detail }
}

/** The problem as the failed half of a Result. */
export function refused(reason: HttpProblemReason): Err<HttpProblem> {
  return err(httpProblem(reason))
}
