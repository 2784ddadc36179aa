import { err, ok, type Result } from '../kernel/result.ts'
import { canonicalPath, type PathOptions } from './canonical-path.ts'
import { comparablePath, normalizeEscapes } from './path-escapes.ts'

/** exact: this path alone (`/a` is not `/a/`). prefix: every path that starts with it; empty for all paths. */
export interface PathPattern {
  readonly kind: 'exact' | 'prefix'
  /** In the comparable form, see `comparablePath`. */
  readonly path: string
  /** The pattern as configuration should have it: canonical, with its `*`. */
  readonly text: string
}

/** The options of a gateway that nobody loosened; most patterns mean the same under all. */
const STRICT: PathOptions = { mergeSlashes: true, encodedSlashes: 'refuse' }

/**
 * Reads `/a`, `/a/*`, `/a*`, `/*` or `*`. The pattern must be one that a canonical path can match under `options`:
 * dot segments, merged slashes and refused characters are errors that name the form to write instead. Escapes are
 * normalized, and raw letters beyond ASCII become the UTF-8 escapes that a request has.
 */
export function parsePathPattern(text: string, options: PathOptions = STRICT): Result<PathPattern, string> {
  if (text === '*') return ok({ kind: 'prefix', path: '', text })
  const star = text.indexOf('*')
  if (star !== -1 && star !== text.length - 1) {
    return err(
      `\`*\` stands in the middle of the path pattern \`${text}\`; it may only be the last character (write \`%2A\` for the character itself)`,
    )
  }
  const isPrefix = star !== -1
  const canonical = canonicalPattern(isPrefix ? text.slice(0, -1) : text, isPrefix, options)
  if (!canonical.ok) return err(`\`${text}\` matches no path: ${canonical.error}`)
  return ok({
    kind: isPrefix ? 'prefix' : 'exact',
    path: comparablePath(canonical.value),
    text: isPrefix ? `${canonical.value}*` : canonical.value,
  })
}

/** Whether a canonical path matches. For one pattern; `PathIndex` is for many. */
export function matchesPath(pattern: PathPattern, path: string): boolean {
  const comparable = comparablePath(path)
  return pattern.kind === 'exact' ? comparable === pattern.path : comparable.startsWith(pattern.path)
}

/**
 * One text for all spellings of a pattern that configuration has checked: `/$a` and `/%24a` match the same paths. An
 * escaped `*` stays one, or `/a%2A` would be taken for `/a*`.
 */
export function comparablePattern(pattern: string): string {
  if (!pattern.includes('%')) return pattern
  const isPrefix = pattern.endsWith('*')
  const stem = comparablePath(isPrefix ? pattern.slice(0, -1) : pattern).replaceAll('*', '%2A')
  return isPrefix ? `${stem}*` : stem
}

/** What goes on after a prefix: no hexadecimal digit, no dot, and unreserved, so that it changes nothing before it. */
const CONTINUATION = 'x'

function canonicalPattern(stem: string, isPrefix: boolean, options: PathOptions): Result<string, string> {
  const mark = stem.search(/[?#]/)
  if (mark !== -1) {
    return err(
      `only the path is compared, never what follows \`${stem.charAt(mark)}\`; write \`${stem.slice(0, mark) || '/'}\``,
    )
  }
  const escaped = escapeBeyondAscii(stem)
  if (escaped === undefined) return err('it holds half a character (a lone surrogate)')
  if (!escaped.startsWith('/'))
    return err(`a path starts with \`/\`; write \`/${stem}${isPrefix ? '*' : ''}\``)
  const whole = isPrefix ? escaped + CONTINUATION : escaped
  const canonical = canonicalPath(whole, options)
  if (!canonical.ok) return err(canonical.error.detail + spaceHint(stem))
  const normal = normalizeEscapes(whole)
  const value = isPrefix ? canonical.value.slice(0, -CONTINUATION.length) : canonical.value
  if (!normal.ok || normal.value !== canonical.value) {
    return err(
      `paths are compared after \`.\`, \`..\` and \`//\` are resolved; write \`${value}${isPrefix ? '*' : ''}\``,
    )
  }
  return ok(value)
}

/** A space is the one forbidden character that people write by mistake. */
function spaceHint(stem: string): string {
  return stem.includes(' ') ? '; write a space as `%20`' : ''
}

// oxlint-disable-next-line no-control-regex -- all of ASCII is what is left alone
const BEYOND_ASCII = /[^\u0000-\u007f]+/gu

function escapeBeyondAscii(text: string): string | undefined {
  if (/\p{Surrogate}/u.test(text)) return undefined
  return text.replace(BEYOND_ASCII, encodeURIComponent)
}
