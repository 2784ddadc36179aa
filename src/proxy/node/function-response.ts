import { isFieldValue, isToken } from '../../http1/index.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import { endToEnd } from '../hop-by-hop.ts'

/** What a function answered, checked. */
export interface FunctionAnswer {
  readonly status: number
  /** End-to-end fields without Content-Length, names and values in turn. */
  readonly headers: readonly string[]
  /** What the function says; undefined where it says nothing. */
  readonly length: number | undefined
  readonly body: ReadableStreamDefaultReader<unknown> | undefined
}

/** Checks what came out of a handler. The error is a sentence for the author of the function. */
export function readFunctionAnswer(answer: unknown): Result<FunctionAnswer, string> {
  if (!isResponseLike(answer)) return err('the handler returned no Response')
  const { status, headers, body } = answer
  if (!Number.isInteger(status) || status < 200 || status > 599)
    return err('the status of the Response is not from 200 to 599')
  const fields = readFields(headers)
  if (!fields.ok) return fields
  if (body !== null && body.locked) return err('the body of the Response was read already')
  return ok({ status, headers: fields.value.headers, length: fields.value.length, body: body?.getReader() })
}

/** A Response of this or another implementation; the class does not tell. */
interface ResponseLike {
  readonly status: number
  readonly headers: Headers
  readonly body: ReadableStream<unknown> | null
}

function isResponseLike(value: unknown): value is ResponseLike {
  if (typeof value !== 'object' || value === null) return false
  if (!('status' in value) || typeof value.status !== 'number' || !('headers' in value) || !('body' in value))
    return false
  const { headers, body } = value
  const readable = body === null || (typeof body === 'object' && 'getReader' in body && 'locked' in body)
  return (
    readable &&
    typeof headers === 'object' &&
    headers !== null &&
    'getSetCookie' in headers &&
    'forEach' in headers
  )
}

interface Fields {
  readonly headers: readonly string[]
  readonly length: number | undefined
}

function readFields(headers: Headers): Result<Fields, string> {
  const pairs: string[] = []
  let length: number | undefined
  for (const [name, value] of headers) {
    if (!isToken(name) || !isFieldValue(value)) return err('a header of the Response is not valid HTTP')
    if (name.toLowerCase() === 'content-length') {
      if (!/^\d{1,15}$/.test(value)) return err('the Content-Length of the Response is not a whole number')
      length = Number(value)
    } else if (name.toLowerCase() !== 'set-cookie') {
      pairs.push(name, value)
    }
  }
  // Joined into one field, cookies would break at the comma of their dates (RFC 9110 §5.3).
  for (const cookie of headers.getSetCookie()) {
    if (!isFieldValue(cookie)) return err('a Set-Cookie of the Response is not valid HTTP')
    pairs.push('Set-Cookie', cookie)
  }
  return ok({ headers: endToEnd(pairs), length })
}
