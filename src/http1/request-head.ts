import { err, ok, type Result } from '../kernel/result.ts'
import { TextMemo } from '../kernel/text-memo.ts'
import { isTokenCode } from './char-class.ts'
import { isPersistent, parseConnection } from './connection.ts'
import { FIELD_MEMO_SIZE, parseFields, type WireFields } from './fields.ts'
import { declaredFraming, type BodyFraming } from './framing.ts'
import type { HeadGrammar } from './head-reader.ts'
import { isHost } from './host.ts'
import type { HttpLimits } from './limits.ts'
import { httpProblem, refused, type HttpProblem } from './problem.ts'
import { parseRequestLine, requestLineFits, type RequestLine } from './request-line.ts'

/**
 * The head of a request, and all that its sender said of connection and body. One shape, nothing optional.
 * Its longer strings are slices of the whole head and keep that alive: whoever stores one for long copies it first.
 */
export interface RequestHead {
  readonly method: string
  /** Origin-form (`/path?query`), or `*` with OPTIONS, exactly as it was sent (RFC 9112 §3.2). */
  readonly target: string
  /** The version is HTTP/1.`minor`. */
  readonly minor: 0 | 1
  /** Equal field blocks may give one and the same array, so that its identity can key a cache. */
  readonly headers: WireFields
  /** Whether the very same fields came not long ago, in the same array: what was made of them then is good again. */
  readonly repeated: boolean
  /** The Host value as sent, checked; `''` only where a request of HTTP/1.0 has none. */
  readonly host: string
  /** `none`, `length` or `chunked`. */
  readonly framing: BodyFraming
  /** Whether the sender would keep the connection after this request (RFC 9112 §9.3). */
  readonly keepAlive: boolean
  /** The connection options in lower case: fields named here stop at this hop (RFC 9110 §7.6.1). */
  readonly connection: readonly string[]
  /** The Upgrade value where a connection option names it and the version is 1.1 (RFC 9110 §7.8), else undefined. */
  readonly upgrade: string | undefined
  /** The Expect value, `''` where there is none or the version is 1.0 (RFC 9110 §10.1.1). */
  readonly expect: string
  /** Whether that value is `100-continue` and nothing else. */
  readonly expectContinue: boolean
  /** The TE value, `''` where there is none. */
  readonly te: string
}

/**
 * Reads request heads. One is made for each listener and shared by its connections, for the sake of its memo; it holds
 * nothing of any connection. Stricter than RFC 9112 wherever leniency has been an attack: see `HttpProblemReason`.
 * Measured on a browser's head with a token: nine times the time of copying its bytes, twice where its fields repeat.
 */
export class RequestGrammar implements HeadGrammar<RequestHead> {
  readonly maxHeadBytes: number
  readonly allowsEmptyLine = true
  readonly #limits: HttpLimits
  readonly #memo = new TextMemo<RequestFields>(FIELD_MEMO_SIZE)

  constructor(limits: HttpLimits) {
    this.maxHeadBytes = limits.maxHeadBytes
    this.#limits = limits
  }

  parse(text: string): Result<RequestHead, HttpProblem> {
    const lineEnd = text.indexOf('\r\n')
    const line = parseRequestLine(text, lineEnd, this.#limits)
    if (typeof line === 'string') return refused(line)
    const block = text.slice(lineEnd + 2)
    const known = this.#memo.get(block)
    if (known !== undefined) return requestHead(line, known, true)
    const fields = readRequestFields(block, this.#limits.maxHeaders)
    if (!fields.ok) return fields
    this.#memo.set(block, fields.value)
    return requestHead(line, fields.value, false)
  }

  startProblem(code: number): HttpProblem | undefined {
    return isTokenCode(code) ? undefined : httpProblem('method')
  }

  tooLarge(text: string): HttpProblem {
    return httpProblem(requestLineFits(text, this.#limits) ? 'head-too-large' : 'target-too-long')
  }
}

/** What a field block says, whatever the version of the request it stands in. */
interface RequestFields {
  readonly headers: WireFields
  readonly host: string
  readonly framing: BodyFraming
  readonly connection: readonly string[]
  readonly upgrade: string | undefined
  readonly expect: string
  readonly expectContinue: boolean
  readonly te: string
}

function readRequestFields(block: string, maxHeaders: number): Result<RequestFields, HttpProblem> {
  const fields = parseFields(block, maxHeaders)
  if ('reason' in fields) return err(fields)
  const framing = declaredFraming(fields)
  if (!framing.ok) return framing
  if (fields.hosts > 1) return refused('host-repeated')
  if (fields.hosts === 1 && !isHost(fields.host)) return refused('host-invalid')
  const connection = parseConnection(fields.connection)
  if (connection === undefined) return refused('connection-option')
  return ok({
    headers: fields.pairs,
    host: fields.host,
    framing: framing.value,
    connection,
    upgrade: fields.upgrade !== '' && connection.includes('upgrade') ? fields.upgrade : undefined,
    expect: fields.expect,
    expectContinue: fields.expect.toLowerCase() === '100-continue',
    te: fields.te,
  })
}

/** Puts line and fields together, with the rules that need both. */
function requestHead(
  line: RequestLine,
  fields: RequestFields,
  repeated: boolean,
): Result<RequestHead, HttpProblem> {
  const current = line.minor === 1
  // RFC 9112 §3.2: every request of 1.1 has a Host. RFC 9112 §6.1: a 1.0 sender cannot know chunked.
  if (current && fields.host === '') return refused('host-missing')
  if (!current && fields.framing.kind === 'chunked') return refused('transfer-encoding-http-1-0')
  return ok({
    method: line.method,
    target: line.target,
    minor: line.minor,
    headers: fields.headers,
    repeated,
    host: fields.host,
    framing: fields.framing,
    keepAlive: isPersistent(line.minor, fields.connection),
    connection: fields.connection,
    upgrade: current ? fields.upgrade : undefined,
    expect: current ? fields.expect : '',
    expectContinue: current && fields.expectContinue,
    te: fields.te,
  })
}
