import { ok, type Result } from '../kernel/result.ts'
import { isFieldValue, isOriginForm, isToken } from './char-class.ts'
import { fieldLines, type FieldList } from './field-list.ts'
import { isHost } from './host.ts'
import { refused, type HttpProblem } from './problem.ts'

/** How the end of a request's body is told: so many bytes, in chunks, or no body. */
export type RequestBodyLength = number | 'chunked' | 'none'

/**
 * The text of a request head, one character per byte, to be written as latin1 (RFC 9112 §3), or undefined where a part
 * of it cannot be sent: a head is sent whole or not at all, and no string from inside can end a line or the head early.
 */
export function serializeRequestHead(
  method: string,
  target: string,
  host: string,
  fields: readonly FieldList[],
  bodyLength: RequestBodyLength,
): string | undefined {
  if (!isToken(method) || !isHost(host)) return undefined
  if (target !== '*' && !isOriginForm(target, 0, target.length)) return undefined
  let head = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n`
  for (const { lines } of fields) {
    if (lines === undefined) return undefined
    head += lines
  }
  if (bodyLength === 'chunked') head += 'Transfer-Encoding: chunked\r\n'
  else if (bodyLength !== 'none') head += `Content-Length: ${bodyLength}\r\n`
  return `${head}\r\n`
}

/** A response head from names and values in turn, every one of them checked (RFC 9112 §4). The reason may be empty. */
export function serializeResponseHead(
  status: number,
  reason: string,
  pairs: readonly string[],
): Result<string, HttpProblem> {
  if (!Number.isInteger(status) || status < 100 || status > 999 || !isFieldValue(reason)) {
    return refused('unsafe-start-line')
  }
  const lines = fieldLines(pairs)
  return lines === undefined ? refused('unsafe-field') : ok(`HTTP/1.1 ${status} ${reason}\r\n${lines}\r\n`)
}

/** What follows the data of each chunk. */
export const CHUNK_END = '\r\n'

/** The last chunk and an empty trailer section. */
export const LAST_CHUNK = '0\r\n\r\n'

/** What goes before the data of a chunk: its size (RFC 9112 §7.1). INVARIANT: above zero, which would end the body. */
export function chunkStart(bytes: number): string {
  return `${bytes.toString(16)}\r\n`
}
