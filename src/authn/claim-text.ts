import { isJsonObject, stringifyJson, type JsonObject, type JsonValue } from '../kernel/json.ts'

/**
 * The claim at a path of member names, or undefined where there is none. One name is one claim, whatever dots or
 * slashes it has; more names go down into objects, never into lists.
 */
export function claimAt(claims: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = claims
  for (const name of path) {
    if (!isJsonObject(value)) return undefined
    value = value[name]
  }
  return value
}

/**
 * A claim as text: strings as they are, numbers and booleans as text, arrays and objects as JSON. Undefined where
 * there is nothing to forward (absent or null).
 */
export function claimText(value: JsonValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : stringifyJson(value)
}

/**
 * Text as the value of a header field: its UTF-8 bytes, one character per byte. Undefined where a field cannot carry
 * it unchanged (RFC 9110 §5.5): control characters, CR, LF and NUL before all, space at an end, half a surrogate pair.
 */
export function headerBytes(text: string): string | undefined {
  if (PLAIN_ASCII.test(text)) return text
  // oxlint-disable-next-line no-control-regex -- control characters are what must not pass
  if (/[\u0000-\u001f\u007f]|^ | $/.test(text) || !text.isWellFormed()) return undefined
  return Buffer.from(text, 'utf8').toString('latin1')
}

const PLAIN_ASCII = /^[\u0021-\u007e](?:[\u0020-\u007e]*[\u0021-\u007e])?$/
