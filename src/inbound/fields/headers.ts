import { spellingOf } from '../../policy/index.ts'

/** Whether a field name is `lowerName`, in any case (RFC 9110 §5.1). Copies nothing. */
export function isField(name: string, lowerName: string): boolean {
  if (name.length !== lowerName.length) return false
  if (name === lowerName) return true
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    const lower = code >= 0x41 && code <= 0x5a ? code | 0x20 : code
    if (lower !== lowerName.charCodeAt(i)) return false
  }
  return true
}

/** The values of every field of that name, in order. `headers` are names and values in turn. */
export function headerValues(headers: readonly string[], lowerName: string): readonly string[] {
  let values: string[] | undefined
  for (let i = 0; i < headers.length; i += 2) {
    if (!isField(headers[i] ?? '', lowerName)) continue
    const value = headers[i + 1] ?? ''
    // Mostly it is one, and an array that is made empty has room for sixteen.
    if (values === undefined) values = [value]
    else values.push(value)
  }
  return values ?? NONE
}

const NONE: readonly string[] = []

/**
 * Whether a field has another name that CGI and its like hand on as the same variable, as `Content_Type` for
 * `content-type` (CVE-2025-64484).
 */
export function hasAlias(headers: readonly string[], lowerName: string): boolean {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? ''
    if (name.length === lowerName.length && !isField(name, lowerName) && spellingOf(name) === lowerName)
      return true
  }
  return false
}
