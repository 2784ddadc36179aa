import type { PathRewriteSpec } from './spec.ts'
import { comparablePath } from '../policy/index.ts'

/** The path that the backend gets: the first rewrite that matches the canonical path, or that path itself. */
export function rewritePath(path: string, rewrites: readonly PathRewriteSpec[]): string {
  for (const rewrite of rewrites) {
    const rewritten = apply(path, rewrite)
    if (rewritten !== undefined) return rewritten
  }
  return path
}

function apply(path: string, { kind, match, replacement }: PathRewriteSpec): string | undefined {
  switch (kind) {
    case 'equal':
      return isSamePath(path, match) ? replacement : undefined
    case 'wildcard': {
      const length = lengthOfSegments(path, match.split('/').length - 2)
      return isSamePath(path.slice(0, length), match.slice(0, -1))
        ? replacement.replaceAll('$1', () => path.slice(length))
        : undefined
    }
  }
}

/** As routes and conditions compare: `%24` is `$` here too, or it would be a way past the rewrite to the path before it. */
function isSamePath(a: string, b: string): boolean {
  return a === b || comparablePath(a) === comparablePath(b)
}

/** The length of the first `count` segments with the slashes around them. */
function lengthOfSegments(path: string, count: number): number {
  let slash = 0
  for (let i = 0; i < count && slash !== -1; i++) slash = path.indexOf('/', slash + 1)
  return slash + 1
}
