import { decodeComponent } from './percent.ts'

/** Names for which `drop` is true are removed; it is asked about every reading of a name, so it may be asked often. */
export type DropName = (name: string) => boolean

/** Names that everybody reads alike: nearly all. */
const UNAMBIGUOUS = /^[\w.~!$'()*,:@/-]*$/

/**
 * Whether one of the readings that backends make of a parameter's name is to be dropped. `raw` is the name as it
 * came. What is not stripped here speaks with the gateway's voice there, so each trick that some server falls for has
 * its reading: escapes decoded or not, `%u0075` (ASP), the part before a NUL (C), without white space around it
 * (PHP, Python), and the name of an array or object, `uid[]`, `[uid]`, `uid[a]` (PHP, Rack, qs).
 */
export function someReading(raw: string, drop: DropName): boolean {
  if (UNAMBIGUOUS.test(raw)) return drop(raw)
  const decoded = decodeComponent(raw)
  if (shapesOf(decoded, drop) || (decoded !== raw && shapesOf(raw, drop))) return true
  return (
    UNICODE_ESCAPE.test(raw) &&
    shapesOf(decodeComponent(raw.replaceAll(UNICODE_ESCAPES, unicodeEscaped)), drop)
  )
}

const UNICODE_ESCAPE = /%u[0-9a-f]{4}/i
const UNICODE_ESCAPES = /%u([0-9a-f]{4})/gi

/** ASCII as itself, so that it reads as part of a name; the rest as an escape that says nothing. */
function unicodeEscaped(_: string, digits: string): string {
  const code = Number.parseInt(digits, 16)
  return code < 0x80 ? String.fromCharCode(code) : '%3F'
}

/** The name itself, bare of white space and of what follows a NUL, and what it is a member of. */
function shapesOf(name: string, drop: DropName): boolean {
  if (drop(name)) return true
  const nul = name.indexOf('\0')
  const bare = (nul === -1 ? name : name.slice(0, nul)).trim()
  if (bare !== name && drop(bare)) return true
  return /[[\]]/.test(bare) && holdersOf(bare).some(drop)
}

/** Deeper members are nobody's fields: qs reads five levels. */
const MAX_LEVELS = 8

/** `a`, `a[b]` and so on for `a[b][c]`, `[a][b][c]` and `a[b[c`: what the name is a member of, and itself. */
function holdersOf(name: string): string[] {
  const levels = name.split(/[[\]]+/).filter((level) => level !== '')
  return levels.slice(0, MAX_LEVELS).map((_, depth) => {
    const [head = '', ...members] = levels.slice(0, depth + 1)
    return [head, ...members.map((member) => `[${member}]`)].join('')
  })
}
