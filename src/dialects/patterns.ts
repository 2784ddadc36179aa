import { parseHostPattern, parsePathPattern, type PathOptions } from '../policy/index.ts'
import { ok, type Result } from '../kernel/result.ts'

/** The canonical text of a host pattern: `*`, `example.com` or `*.example.com`. */
export function hostPattern(text: string): Result<string, string> {
  const pattern = parseHostPattern(text)
  return pattern.ok ? ok(pattern.value.text) : pattern
}

/** The canonical text of a path pattern: exact, or a beginning and `*`. Patterns that match nothing are refused. */
export function pathPattern(text: string, options: PathOptions): Result<string, string> {
  const pattern = parsePathPattern(text, options)
  if (!pattern.ok) return pattern
  // Every path starts with a slash: two spellings of "everything" would hide that two routes are one.
  return ok(pattern.value.text === '*' ? '/*' : pattern.value.text)
}

/** Whether every host that `inner` takes is taken by `outer`; both canonical. */
export function hostCovers(outer: string, inner: string): boolean {
  if (outer === '*' || outer === inner) return true
  return outer.startsWith('*.') && inner.replace(/^\*/, '').endsWith(outer.slice(1))
}

/** Whether every path that `inner` takes is taken by `outer`; both canonical. */
export function pathCovers(outer: string, inner: string): boolean {
  return outer.endsWith('*') ? inner.startsWith(outer.slice(0, -1)) : outer === inner
}
