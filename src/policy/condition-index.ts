import { HostIndex } from './host-index.ts'
import { PathIndex, type PathEntry } from './path-index.ts'

/** A host pattern and a path pattern that must both match. */
export interface HostAndPath {
  readonly host: string
  readonly path: string
}

export interface ConditionEntry<T> {
  /** Patterns that configuration has checked. */
  readonly condition: HostAndPath
  readonly value: T
}

/** Values by host and path together: which of a hundred thousand conditions list a request is one look-up. */
export class ConditionIndex<T> {
  readonly #hosts: HostIndex<PathIndex<T>>

  /** Throws where a condition is malformed: configuration has refused those. */
  constructor(entries: Iterable<ConditionEntry<T>>) {
    const byHost = new Map<string, PathEntry<T>[]>()
    for (const { condition, value } of entries) {
      const paths = byHost.get(condition.host)
      if (paths === undefined) byHost.set(condition.host, [{ path: condition.path, value }])
      else paths.push({ path: condition.path, value })
    }
    this.#hosts = new HostIndex([...byHost].map(([host, paths]) => ({ host, value: new PathIndex(paths) })))
  }

  /**
   * The values of every condition that lists the canonical host and path, the most specific host first, and for one
   * host the most specific path. A value that several conditions have comes as often. The array is not the caller's.
   */
  listing(host: string, path: string): readonly T[] {
    const indexes = this.#hosts.all(host)
    const first = indexes[0]
    if (first === undefined) return []
    return indexes.length === 1 ? first.all(path) : indexes.flatMap((index) => index.all(path))
  }
}
