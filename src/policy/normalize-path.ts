import { err, ok, type Result } from '../kernel/result.ts'
import type { PathProblem } from './canonical-path.ts'
import { isUnreserved, octetAt } from './path-escapes.ts'

/**
 * How paths are normalised in a service mesh, from nothing at all to the most; each does what those before it do.
 * base: dot segments, `\` → `/`, escapes of unreserved characters. merge-slashes: `//` → `/`. decode-and-merge-slashes:
 * before all else `%2F` and `%5C` become slashes.
 */
export type PathNormalization = 'none' | 'base' | 'merge-slashes' | 'decode-and-merge-slashes'

/**
 * The path that is matched and forwarded (Envoy's `normalize_path` and its relatives). It refuses what has no meaning,
 * and lets through what may have two: `%2F` where it is not decoded, and what is encoded twice.
 */
export function normalizePath(raw: string, mode: PathNormalization): Result<string, PathProblem> {
  if (raw.charCodeAt(0) !== SLASH) return RELATIVE
  const fragment = raw.includes('#')
  if (fragment) return FORBIDDEN
  if (mode === 'none') return hasControl(raw) ? FORBIDDEN : ok(raw)
  const slashed = mode === 'decode-and-merge-slashes' ? raw.replace(ENCODED_SLASH, '/') : raw
  const escapes = decodeUnreserved(slashed)
  if (!escapes.ok) return escapes
  const resolved = resolveDots(escapes.value)
  return resolved.ok && mode !== 'base' ? ok(resolved.value.replace(SLASHES, '/')) : resolved
}

const SLASH = 0x2f
const PERCENT = 0x25
const ENCODED_SLASH = /%2f|%5c/gi
const SLASHES = /\/{2,}/g

const RELATIVE = err<PathProblem>({ reason: 'relative-path', detail: 'the path does not start with `/`' })
const FORBIDDEN = err<PathProblem>({
  reason: 'forbidden-character',
  detail: 'the path holds a character that must be percent-encoded, or `#`',
})
const MALFORMED = err<PathProblem>({
  reason: 'malformed-escape',
  detail: 'the path holds a `%` without two hexadecimal digits',
})
const CONTROL = err<PathProblem>({ reason: 'encoded-control', detail: 'the path holds `%00`' })
const ABOVE_ROOT = err<PathProblem>({
  reason: 'above-root',
  detail: 'the path climbs above its root with `..`',
})

function hasControl(path: string): boolean {
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i)
    if (code <= 0x20 || code >= 0x7f) return true
  }
  return false
}

/** Escapes of unreserved characters decoded once, all others as they came; `\` as `/`. */
function decodeUnreserved(path: string): Result<string, PathProblem> {
  if (hasControl(path)) return FORBIDDEN
  if (!path.includes('%')) return ok(path.replaceAll('\\', '/'))
  let normal = ''
  for (let i = 0; i < path.length; i++) {
    if (path.charCodeAt(i) !== PERCENT) {
      normal += path.charAt(i)
      continue
    }
    const octet = octetAt(path, i + 1)
    if (octet < 0) return MALFORMED
    if (octet === 0) return CONTROL
    normal += isUnreserved(octet) ? String.fromCharCode(octet) : path.slice(i, i + 3)
    i += 2
  }
  return ok(normal.replaceAll('\\', '/'))
}

/** RFC 3986 §5.2.4. Empty segments stay what they are. */
function resolveDots(path: string): Result<string, PathProblem> {
  if (!path.includes('/.')) return ok(path)
  const segments = path.split('/')
  const last = segments.length - 1
  const kept: string[] = []
  for (let i = 1; i <= last; i++) {
    const segment = segments[i] ?? ''
    if (segment === '..' && kept.pop() === undefined) return ABOVE_ROOT
    const isDots = segment === '.' || segment === '..'
    if (!isDots) kept.push(segment)
    else if (i === last) kept.push('')
  }
  return ok(`/${kept.join('/')}`)
}
