import { ok, type Result } from '../kernel/result.ts'
import { refused, type HttpProblem } from './problem.ts'

/** 2^53 - 1 has 16 digits, and no number that is counted here may be larger. */
const MAX_DIGITS = 16

/**
 * Reads a Content-Length value (RFC 9110 §8.6) into bytes: digits only, no sign, space, list or leading zero.
 * The grammar allows leading zeros; they are refused because some recipients read them as octal.
 */
export function parseContentLength(text: string): Result<number, HttpProblem> {
  const length = text.length
  if (length === 0) return refused('content-length')
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x30 || code > 0x39) return refused('content-length')
  }
  if (length > 1 && text.charCodeAt(0) === 0x30) return refused('content-length')
  const value = Number(text)
  if (length > MAX_DIGITS || value > Number.MAX_SAFE_INTEGER) return refused('content-length-too-large')
  return ok(value)
}
