import { err, ok, type Result } from '../kernel/result.ts'

/** Why a path was refused before its segments were looked at. */
export type EscapeProblem = 'malformed-escape' | 'encoded-control' | 'forbidden-character'

/** Bits of `CLASS`, by character code below 128. */
const FORBIDDEN = 1
const UNRESERVED = 2

/** `?` and `#` end a path, `\` is `/` to some servers, and the rest is no visible ASCII (RFC 3986 §3.3). */
const CLASS = new Uint8Array(128).map((_, code) => (code <= 0x20 || code === 0x7f ? FORBIDDEN : 0))
for (const char of '?#\\') CLASS[char.charCodeAt(0)] = FORBIDDEN
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~') {
  CLASS[char.charCodeAt(0)] = UNRESERVED
}

const PERCENT = 0x25

/** Whether a character may stand in a path as it is; `%` too, as the start of an escape. */
export function isPathCharacter(code: number): boolean {
  return code < 128 && ((CLASS[code] ?? FORBIDDEN) & FORBIDDEN) === 0
}

/** RFC 3986 §2.3: characters that mean the same with and without an escape. */
export function isUnreserved(code: number): boolean {
  return code < 128 && CLASS[code] === UNRESERVED
}

/** The octet whose two hexadecimal digits stand at `at`, or -1. */
export function octetAt(text: string, at: number): number {
  const high = digitAt(text, at)
  const low = digitAt(text, at + 1)
  return high < 0 || low < 0 ? -1 : high * 16 + low
}

/**
 * The path in one spelling of each octet (RFC 3986 §6.2.2): escapes of unreserved characters are decoded, the digits
 * of the others are upper-case. Segments are not looked at. Refuses what no path may hold, as it is or escaped.
 */
export function normalizeEscapes(path: string): Result<string, EscapeProblem> {
  let normal = ''
  let copied = 0
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i)
    if (!isPathCharacter(code)) return err('forbidden-character')
    if (code !== PERCENT) continue
    const octet = octetAt(path, i + 1)
    if (octet < 0) return err('malformed-escape')
    if (octet < 0x20 || octet === 0x7f) return err('encoded-control')
    normal += path.slice(copied, i)
    normal += isUnreserved(octet) ? String.fromCharCode(octet) : path.slice(i, i + 3).toUpperCase()
    copied = i + 3
    i += 2
  }
  return ok(copied === 0 ? path : normal + path.slice(copied))
}

/** Visible ASCII that a path may hold as it is and that is not unreserved, in the spelling of an escape. */
const FOLDED = /%(?:2[124678-9ABC]|3[A-E]|40|5[BDE]|60|7[BCD])/g

/**
 * The form under which paths are compared: `%24` and `$` are one, as they are to servers, so that `/odata/%24metadata`
 * is no way past a rule for `/odata/$metadata`. RFC 3986 §2.2 allows them to differ, so what is forwarded keeps them
 * apart. `path` has normal escapes.
 */
export function comparablePath(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(FOLDED, (escape) => String.fromCharCode(octetAt(escape, 1)))
}

function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
