import { decodeComponent } from './percent.ts'

/** Names for which `drop` is true are removed; it is asked about every reading of a name, so it may be asked often. */
export type DropName = (name: string) => boolean

/** Names that everybody reads alike: nearly all. */
const UNAMBIGUOUS = /^[\w.~!$'()*,:@/-]*$/

/** Whether all servers read the name as it stands, so that it costs one question. */
export function isUnambiguous(raw: string): boolean {
  return UNAMBIGUOUS.test(raw)
}

/**
 * Whether one of the readings that backends make of a parameter's name is to be dropped. `raw` is the name as it
 * came. What is not stripped here speaks with the gateway's voice there, so each trick that some server falls for has
 * its reading: escapes decoded or not, `%u0075` (ASP), the part before a NUL (C), without white space around it
 * (PHP, Python), without a `?` or `#` before it (URLSearchParams, query-string), and the name of an array or object,
 * `uid[]`, `[uid]`, `uid[a]` (PHP, Rack, qs).
 */
export function someReading(raw: string, drop: DropName): boolean {
  if (isUnambiguous(raw)) return isDropped(raw, drop)
  const decoded = decodeComponent(raw)
  // Who decodes nothing sees the same brackets, or an escape before them that no configured name has.
  if (someShape(decoded, drop) || (decoded !== raw && someBareShape(raw, drop))) return true
  return UNICODE_ESCAPE.test(raw) && someShape(decodeComponent(raw, 'with %u'), drop)
}

const UNICODE_ESCAPE = /%u[0-9a-f]{4}/i

/**
 * INVARIANT: no configured name comes near it. Folding the spelling of a longer one, once for each reading, would let
 * a body that is nothing but a name hold up everybody else.
 */
const MAX_ASKED_CHARS = 256

function isDropped(name: string, drop: DropName): boolean {
  return name.length <= MAX_ASKED_CHARS && drop(name)
}

/** The name itself, bare of what lax parsers trim, and what it is a member of. */
function someShape(name: string, drop: DropName): boolean {
  return someBareShape(name, drop) || (/[[\]]/.test(name) && someHolder(bareOf(name), drop))
}

function someBareShape(name: string, drop: DropName): boolean {
  if (isDropped(name, drop)) return true
  const bare = bareOf(name)
  return bare !== name && isDropped(bare, drop)
}

/** Without what follows a NUL, white space and controls around it, and `?` and `#` before it. */
function bareOf(name: string): string {
  const nul = name.indexOf('\0')
  let start = 0
  let end = nul === -1 ? name.length : nul
  while (start < end && (isBlank(name.charCodeAt(start)) || '?#'.includes(name.charAt(start)))) start++
  while (end > start && isBlank(name.charCodeAt(end - 1))) end--
  return name.slice(start, end)
}

/** What some language trims: the controls and spaces of ASCII and latin1 (Python), and of Unicode (JavaScript). */
function isBlank(code: number): boolean {
  if (code < 0x1680) return code <= 0x20 || (code >= 0x7f && code <= 0xa0)
  if (code >= 0x2000 && code <= 0x200f) return true
  return UNICODE_SPACES.has(code)
}

const UNICODE_SPACES: ReadonlySet<number> = new Set([
  0x1680, 0x180e, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff,
])

/** Deeper members are nobody's fields: qs reads five levels. */
const MAX_LEVELS = 8

/** Asks about `a`, `a[b]` and so on for `a[b][c]`, `[a][b][c]` and `a[b[c`: what the name is a member of, and itself. */
function someHolder(name: string, drop: DropName): boolean {
  let holder = ''
  let depth = 0
  for (const [level] of name.matchAll(/[^[\]]+/g)) {
    holder = depth === 0 ? level : `${holder}[${level}]`
    if (isDropped(holder, drop)) return true
    depth++
    if (depth === MAX_LEVELS || holder.length > MAX_ASKED_CHARS) return false
  }
  return false
}
