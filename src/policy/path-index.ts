import { comparablePath } from './path-escapes.ts'
import { parsePathPattern, type PathPattern } from './path-pattern.ts'

export interface PathEntry<T> {
  /** A path pattern that configuration has checked. */
  readonly path: string
  readonly value: T
}

/**
 * Values by path pattern. A look-up costs the length of the path, whether there are ten patterns or a hundred
 * thousand: exact paths are a map, prefixes a compressed trie. The most specific comes first: the exact path, then
 * prefixes from the longest; values of one pattern keep their order.
 */
export class PathIndex<T> {
  readonly #exact = new Map<string, T[]>()
  readonly #root: Node<T> = node('')

  /** Throws where an entry is no path pattern: configuration has refused those. */
  constructor(entries: Iterable<PathEntry<T>>) {
    for (const { path, value } of entries) this.#add(checked(path), value)
    linkShorter(this.#root)
  }

  /** The most specific value for a canonical path that `accept` takes. */
  find(path: string, accept: (value: T) => boolean = everything): T | undefined {
    const comparable = comparablePath(path)
    const exact = firstOf(this.#exact.get(comparable), accept)
    if (exact !== undefined) return exact
    for (let at = this.#longest(comparable); at !== undefined; at = at.shorter) {
      const value = firstOf(at.values, accept)
      if (value !== undefined) return value
    }
    return undefined
  }

  /** Every value for a canonical path, the most specific first. */
  all(path: string): readonly T[] {
    const comparable = comparablePath(path)
    const exact = this.#exact.get(comparable)
    const longest = this.#longest(comparable)
    // Nothing, or one pattern alone, is what nearly all look-ups find; neither copies.
    if (longest === undefined) return exact ?? []
    if (exact === undefined && longest.shorter === undefined) return longest.values ?? []
    const values = exact === undefined ? [] : [...exact]
    for (let at: Node<T> | undefined = longest; at !== undefined; at = at.shorter) {
      for (const value of at.values ?? []) values.push(value)
    }
    return values
  }

  #add(pattern: PathPattern, value: T): void {
    if (pattern.kind === 'prefix') {
      const at = nodeFor(this.#root, pattern.path)
      at.values ??= []
      at.values.push(value)
      return
    }
    const values = this.#exact.get(pattern.path)
    if (values === undefined) this.#exact.set(pattern.path, [value])
    else values.push(value)
  }

  #longest(path: string): Node<T> | undefined {
    let at = this.#root
    let depth = 0
    let found = at.values === undefined ? undefined : at
    for (;;) {
      const child = at.children?.get(path.charCodeAt(depth))
      if (child === undefined || !path.startsWith(child.label, depth)) return found
      depth += child.label.length
      at = child
      if (at.values !== undefined) found = at
    }
  }
}

/** A node of the trie: what its label adds to its parent's path, and the values of the prefix that ends there. */
interface Node<T> {
  label: string
  /** By the first character code of their labels. */
  children: Map<number, Node<T>> | undefined
  values: T[] | undefined
  /** The nearest node above that has values. */
  shorter: Node<T> | undefined
}

function node<T>(label: string): Node<T> {
  return { label, children: undefined, values: undefined, shorter: undefined }
}

/** The node of a prefix, made where there is none. */
function nodeFor<T>(root: Node<T>, prefix: string): Node<T> {
  let at = root
  let depth = 0
  while (depth < prefix.length) {
    at.children ??= new Map()
    const code = prefix.charCodeAt(depth)
    const child = at.children.get(code)
    if (child === undefined) {
      const leaf = node<T>(prefix.slice(depth))
      at.children.set(code, leaf)
      return leaf
    }
    const common = commonLength(child.label, prefix, depth)
    at = common === child.label.length ? child : split(at.children, child, common)
    depth += common
  }
  return at
}

/** Puts a node between `child` and its parent that holds the first `length` characters of its label. */
function split<T>(siblings: Map<number, Node<T>>, child: Node<T>, length: number): Node<T> {
  const between = node<T>(child.label.slice(0, length))
  siblings.set(child.label.charCodeAt(0), between)
  child.label = child.label.slice(length)
  between.children = new Map([[child.label.charCodeAt(0), child]])
  return between
}

function commonLength(label: string, text: string, at: number): number {
  let length = 0
  while (length < label.length && label.charCodeAt(length) === text.charCodeAt(at + length)) length++
  return length
}

/** Without recursion: a chain of prefixes may be deeper than the stack. */
function linkShorter<T>(root: Node<T>): void {
  const waiting = [root]
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const child of at.children?.values() ?? []) {
      child.shorter = at.values === undefined ? at.shorter : at
      waiting.push(child)
    }
  }
}

/**
 * INVARIANT: configuration checked the pattern under its own path options, so the loosest are right here: they let
 * every checked pattern pass unchanged.
 */
function checked(path: string): PathPattern {
  const pattern = parsePathPattern(path, { mergeSlashes: false, encodedSlashes: 'keep' })
  if (!pattern.ok) throw new Error(pattern.error)
  return pattern.value
}

function firstOf<T>(values: readonly T[] | undefined, accept: (value: T) => boolean): T | undefined {
  if (values === undefined) return undefined
  for (const value of values) if (accept(value)) return value
  return undefined
}

function everything(): boolean {
  return true
}
