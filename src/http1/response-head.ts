import { err, ok, type Result } from '../kernel/result.ts'
import { TextMemo } from '../kernel/text-memo.ts'
import { isFieldContentCode } from './char-class.ts'
import { isPersistent, parseConnection } from './connection.ts'
import { FIELD_MEMO_SIZE, parseFields, type WireFields } from './fields.ts'
import { declaredFraming, NO_BODY, UNTIL_CLOSE_BODY, type BodyFraming } from './framing.ts'
import type { HeadGrammar } from './head-reader.ts'
import type { HttpLimits } from './limits.ts'
import { httpProblem, refused, type HttpProblem } from './problem.ts'

/** The head of a response from a backend. One shape, nothing optional. */
export interface ResponseHead {
  /** 100 to 999: RFC 9110 §15 has a client take those past 599 as server errors, so they are passed on. */
  readonly status: number
  readonly reason: string
  readonly minor: 0 | 1
  /** Equal field blocks may give one and the same array, so that its identity can key a cache. */
  readonly headers: WireFields
  /** What the fields say of the body; `responseFraming` has the last word. */
  readonly declared: BodyFraming
  /** Whether the backend would keep the connection; a body that ends with it settles that too. */
  readonly keepAlive: boolean
  /** The connection options in lower case. */
  readonly connection: readonly string[]
  /** The Upgrade value where a connection option names it and the version is 1.1, else undefined. */
  readonly upgrade: string | undefined
}

/**
 * Reads response heads, as strictly as requests are read. One is made for each backend and shared by its connections.
 * A final response that begins before its request was sent is for the caller to refuse: bytes left over after a
 * response are never read here unasked.
 */
export class ResponseGrammar implements HeadGrammar<ResponseHead> {
  readonly maxHeadBytes: number
  readonly allowsEmptyLine = false
  readonly #maxHeaders: number
  readonly #memo = new TextMemo<ResponseFields>(FIELD_MEMO_SIZE)

  constructor(limits: HttpLimits) {
    this.maxHeadBytes = limits.maxHeadBytes
    this.#maxHeaders = limits.maxHeaders
  }

  parse(text: string): Result<ResponseHead, HttpProblem> {
    const lineEnd = text.indexOf('\r\n')
    if (!isStatusLine(text, lineEnd)) return refused('status-line')
    const block = text.slice(lineEnd + 2)
    let fields = this.#memo.get(block)
    if (fields === undefined) {
      const read = readResponseFields(block, this.#maxHeaders)
      if (!read.ok) return read
      fields = read.value
      this.#memo.set(block, fields)
    }
    return responseHead(text, lineEnd, fields)
  }

  startProblem(code: number): HttpProblem | undefined {
    return code === UPPER_H ? undefined : httpProblem('status-line')
  }

  tooLarge(): HttpProblem {
    return httpProblem('head-too-large')
  }
}

/** Where the body of this response ends, given the method of the request that it answers (RFC 9112 §6.3). */
export function responseFraming(head: ResponseHead, requestMethod: string): BodyFraming {
  if (requestMethod === 'HEAD' || hasNoBody(head.status)) return NO_BODY
  return head.declared.kind === 'none' ? UNTIL_CLOSE_BODY : head.declared
}

function hasNoBody(status: number): boolean {
  return status < 200 || status === 204 || status === 304
}

interface ResponseFields {
  readonly headers: WireFields
  readonly declared: BodyFraming
  readonly connection: readonly string[]
  readonly upgrade: string | undefined
}

const UPPER_H = 0x48
const STATUS_START = 9
/** `HTTP/1.1 200`, after which a space and the reason phrase follow. */
const STATUS_END = 12

/**
 * `HTTP/1.x SP 3DIGIT SP [reason]` (RFC 9112 §4). The last space may be missing with the reason, since servers that
 * leave both away are many and nothing is unclear then.
 */
function isStatusLine(text: string, lineEnd: number): boolean {
  if (lineEnd < STATUS_END || !text.startsWith('HTTP/1.')) return false
  const minor = text.charCodeAt(7)
  if ((minor !== 0x30 && minor !== 0x31) || text.charCodeAt(8) !== 0x20) return false
  for (let i = STATUS_START; i < STATUS_END; i++) {
    const code = text.charCodeAt(i)
    if (code < (i === STATUS_START ? 0x31 : 0x30) || code > 0x39) return false
  }
  if (lineEnd === STATUS_END) return true
  if (text.charCodeAt(STATUS_END) !== 0x20) return false
  for (let i = STATUS_END + 1; i < lineEnd; i++) {
    if (!isFieldContentCode(text.charCodeAt(i))) return false
  }
  return true
}

function readResponseFields(block: string, maxHeaders: number): Result<ResponseFields, HttpProblem> {
  const fields = parseFields(block, maxHeaders)
  if ('reason' in fields) return err(fields)
  const declared = declaredFraming(fields)
  if (!declared.ok) return declared
  const connection = parseConnection(fields.connection)
  if (connection === undefined) return refused('connection-option')
  const upgrade = fields.upgrade !== '' && connection.includes('upgrade') ? fields.upgrade : undefined
  return ok({ headers: fields.pairs, declared: declared.value, connection, upgrade })
}

/** Puts status line and fields together, with the rules that need both. INVARIANT: `isStatusLine` holds. */
function responseHead(
  text: string,
  lineEnd: number,
  fields: ResponseFields,
): Result<ResponseHead, HttpProblem> {
  const minor = text.charCodeAt(7) === 0x31 ? 1 : 0
  const status =
    (text.charCodeAt(9) - 0x30) * 100 + (text.charCodeAt(10) - 0x30) * 10 + (text.charCodeAt(11) - 0x30)
  const declared = fields.declared
  if (declared.kind === 'chunked' && minor === 0) return refused('transfer-encoding-http-1-0')
  // RFC 9110 §8.6 and RFC 9112 §6.1 forbid both to servers: whoever believed them would wait for a body, or be fed one.
  if (status < 200 || status === 204) {
    if (declared.kind === 'chunked') return refused('transfer-encoding-not-allowed')
    if (declared.kind === 'length' && declared.length > 0) return refused('content-length-not-allowed')
  }
  return ok({
    status,
    reason: text.slice(STATUS_END + 1, lineEnd),
    minor,
    headers: fields.headers,
    declared,
    keepAlive: isPersistent(minor, fields.connection),
    connection: fields.connection,
    upgrade: minor === 1 ? fields.upgrade : undefined,
  })
}
