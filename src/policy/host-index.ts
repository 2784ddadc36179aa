import { parseHostPattern } from './host-pattern.ts'

export interface HostEntry<T> {
  /** A host pattern that configuration has checked. */
  readonly host: string
  readonly value: T
}

/**
 * Values by host pattern. The most specific comes first: the exact host, then `*.` patterns from the longest, then
 * `*`; values of one pattern keep their order. A look-up costs one map access for each label of the host.
 */
export class HostIndex<T> {
  readonly #exact = new Map<string, T[]>()
  /** By what follows the `*.`. */
  readonly #parents = new Map<string, T[]>()
  readonly #any: T[] = []
  /** Suffixes of a host that are longer than every key of `#parents` need no look. */
  #longestParent = 0

  /** Throws where an entry is no host pattern: configuration has refused those. */
  constructor(entries: Iterable<HostEntry<T>>) {
    for (const entry of entries) this.#add(entry)
  }

  /** The most specific value for a canonical host. */
  find(host: string): T | undefined {
    return this.#exact.get(host)?.[0] ?? this.#ofParents(host)?.[0] ?? this.#any[0]
  }

  /** Every value for a canonical host, the most specific first. */
  all(host: string): readonly T[] {
    const exact = this.#exact.get(host)
    // Most configurations have `*` alone; that costs no copy.
    if (exact === undefined && this.#ofParents(host) === undefined) return this.#any
    const found = [exact ?? []]
    for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      found.push(this.#parentAt(host, dot) ?? [])
    }
    return [...found, this.#any].flat()
  }

  #add({ host, value }: HostEntry<T>): void {
    const pattern = parseHostPattern(host)
    if (!pattern.ok) throw new Error(pattern.error)
    const { kind, host: key } = pattern.value
    if (kind === 'any') {
      this.#any.push(value)
      return
    }
    if (kind === 'subdomains') this.#longestParent = Math.max(this.#longestParent, key.length)
    const map = kind === 'exact' ? this.#exact : this.#parents
    const values = map.get(key)
    if (values === undefined) map.set(key, [value])
    else values.push(value)
  }

  #ofParents(host: string): T[] | undefined {
    if (this.#longestParent === 0) return undefined
    for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const values = this.#parentAt(host, dot)
      if (values !== undefined) return values
    }
    return undefined
  }

  #parentAt(host: string, dot: number): T[] | undefined {
    return host.length - dot - 1 > this.#longestParent ? undefined : this.#parents.get(host.slice(dot + 1))
  }
}
