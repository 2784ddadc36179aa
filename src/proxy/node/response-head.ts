import { err, ok, type Result } from '../../kernel/result.ts'
import { endToEnd } from '../hop-by-hop.ts'

/** The head of a backend's answer, as it is passed on. */
export interface ResponseHead {
  /** End-to-end fields without Content-Length, names and values in turn, one character per byte. */
  readonly headers: readonly string[]
  /** The body's length where it is known; in answers to HEAD and in 304 the length that a GET would have. */
  readonly length: number | undefined
}

/** Reads the raw fields of an answer (RFC 9112 §6.3). The error is a reason in kebab-case. */
export function readResponseHead(raw: readonly (Buffer | string)[]): Result<ResponseHead, string> {
  const fields: string[] = []
  let length: number | undefined
  let chunked = false
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = latin1(raw[i])
    const value = latin1(raw[i + 1])
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      const read = readLength(value)
      if (read === undefined || (length !== undefined && length !== read)) return err('bad-content-length')
      length = read
      continue
    }
    if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      // The coding ends here, so one that is not undone would reach the client as if it were the body.
      if (chunked || value.toLowerCase() !== 'chunked') return err('bad-transfer-encoding')
      chunked = true
    }
    fields.push(name, value)
  }
  // Which of the two counts is what response smuggling plays with (RFC 9112 §6.3).
  if (chunked && length !== undefined) return err('two-lengths')
  return ok({ headers: endToEnd(fields), length })
}

/** Names and values in turn of interim answers and trailers, without what concerns the connection. */
export function readFields(raw: readonly (Buffer | string)[]): readonly string[] {
  return raw.length === 0 ? NONE : endToEnd(raw.map((part) => latin1(part)))
}

const NONE: readonly string[] = []

/** undici gives Buffers, node:http strings. */
function latin1(part: Buffer | string | undefined): string {
  if (typeof part === 'string') return part
  return part === undefined ? '' : part.toString('latin1')
}

function readLength(value: string): number | undefined {
  return /^\d{1,15}$/.test(value) ? Number(value) : undefined
}
