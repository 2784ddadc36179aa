import { ok, type Result } from '../kernel/result.ts'
import { parseContentLength } from './content-length.ts'
import type { FieldBlock } from './fields.ts'
import { refused, type HttpProblem } from './problem.ts'

/** How the end of a body is found (RFC 9112 §6.3). `length` is in bytes. */
export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  /** Responses only: the body ends where the connection does. */
  | { readonly kind: 'until-close' }

export const NO_BODY: BodyFraming = { kind: 'none' }
export const CHUNKED_BODY: BodyFraming = { kind: 'chunked' }
export const UNTIL_CLOSE_BODY: BodyFraming = { kind: 'until-close' }

/**
 * What the fields of a message say of its body, before version, method and status are looked at; `none` where they
 * say nothing. Two ways to find the end are a refusal, never a preference (RFC 9112 §6.3 and §11.2).
 */
export function declaredFraming(fields: FieldBlock): Result<BodyFraming, HttpProblem> {
  if (fields.transferEncodings > 0) {
    if (fields.contentLengths > 0) return refused('two-lengths')
    return transferFraming(fields)
  }
  if (fields.contentLengths === 0) return NONE
  if (fields.contentLengths > 1) return refused('content-length-repeated')
  const length = parseContentLength(fields.contentLength)
  return length.ok ? ok({ kind: 'length', length: length.value }) : length
}

const NONE = ok(NO_BODY)
const CHUNKED = ok(CHUNKED_BODY)

/** RFC 9112 §6.1: the one word `chunked`, in any case; another coding before it is unsupported, all else is malformed. */
function transferFraming(fields: FieldBlock): Result<BodyFraming, HttpProblem> {
  if (fields.transferEncodings > 1) return refused('transfer-encoding-repeated')
  const value = fields.transferEncoding
  if (value.toLowerCase() === 'chunked') return CHUNKED
  return refused(CODINGS_THEN_CHUNKED.test(value) ? 'transfer-coding-unsupported' : 'transfer-encoding')
}

/** Registered codings other than `chunked` and `identity`, then a final `chunked`. */
const CODINGS_THEN_CHUNKED =
  /^(?:(?:gzip|x-gzip|deflate|compress|x-compress)[ \t]{0,8},[ \t]{0,8}){1,8}chunked$/i
