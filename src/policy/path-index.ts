import { comparablePath } from './path-escapes.ts'
import { parsePathPattern, type PathPattern } from './path-pattern.ts'
import { PrefixIndex, type PrefixEntry } from './prefix-index.ts'

export interface PathEntry<T> {
  /** A path pattern that configuration has checked. */
  readonly path: string
  readonly value: T
}

/**
 * Values by path pattern. A look-up costs the length of the path, whether there are ten patterns or a hundred
 * thousand: exact paths are a map, prefixes a trie. The most specific comes first: the exact path, then prefixes from the
 * longest; values of one pattern keep their order.
 */
export class PathIndex<T> {
  readonly #exact = new Map<string, T[]>()
  readonly #prefixes: PrefixIndex<T>

  /** Throws where an entry is no path pattern: configuration has refused those. */
  constructor(entries: Iterable<PathEntry<T>>) {
    const prefixes: PrefixEntry<T>[] = []
    for (const { path, value } of entries) {
      const pattern = checked(path)
      if (pattern.kind === 'prefix') prefixes.push({ prefix: pattern.path, value })
      else this.#addExact(pattern.path, value)
    }
    this.#prefixes = new PrefixIndex(prefixes)
  }

  /** The most specific value for a canonical path. */
  find(path: string): T | undefined {
    const comparable = comparablePath(path)
    const exact = this.#exact.get(comparable)
    return exact === undefined ? this.#prefixes.firstOf(this.#prefixes.longest(comparable)) : exact[0]
  }

  /** Every value for a canonical path, the most specific first. */
  all(path: string): readonly T[] {
    const comparable = comparablePath(path)
    const exact = this.#exact.get(comparable)
    const prefixes = this.#prefixes
    const longest = prefixes.longest(comparable)
    // Nothing, or one pattern alone, is what nearly all look-ups find; neither copies.
    if (longest < 0) return exact ?? NOTHING
    if (exact === undefined && prefixes.shorter(longest) < 0) return prefixes.valuesOf(longest)
    const values = exact === undefined ? [] : [...exact]
    for (let at = longest; at >= 0; at = prefixes.shorter(at)) {
      for (const value of prefixes.valuesOf(at)) values.push(value)
    }
    return values
  }

  #addExact(path: string, value: T): void {
    const values = this.#exact.get(path)
    if (values === undefined) this.#exact.set(path, [value])
    else values.push(value)
  }
}

const NOTHING: readonly never[] = []

/**
 * INVARIANT: configuration checked the pattern under its own path options, so the loosest are right here: they let
 * every checked pattern pass unchanged.
 */
function checked(path: string): PathPattern {
  const pattern = parsePathPattern(path, { mergeSlashes: false, encodedSlashes: 'keep' })
  if (!pattern.ok) throw new Error(pattern.error)
  return pattern.value
}
