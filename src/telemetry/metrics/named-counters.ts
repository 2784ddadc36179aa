/** Where everything is counted that has no row of its own. */
const OTHER = 'other'

/**
 * Counters by a name of the configuration and one of a few columns. How many names there are is bounded; what is beyond
 * is counted as `other`, and so is a part of the configuration that calls itself so. Counting allocates nothing.
 */
export class NamedCounters {
  readonly #columns: number
  readonly #maxNames: number
  readonly #rows = new Map<string, Float64Array>()
  readonly #other: Float64Array

  constructor(columns: number, maxNames: number) {
    this.#columns = columns
    this.#maxNames = maxNames
    this.#other = new Float64Array(columns)
    this.#rows.set(OTHER, this.#other)
  }

  /** From now on these names are counted, as many as fit; what is no longer among them is forgotten. */
  follow(names: readonly string[]): void {
    const next = new Set(names.slice(0, this.#maxNames)).add(OTHER)
    for (const name of this.#rows.keys()) if (!next.has(name)) this.#rows.delete(name)
    for (const name of next) if (!this.#rows.has(name)) this.#rows.set(name, new Float64Array(this.#columns))
  }

  add(name: string, column: number): void {
    const row = this.#rows.get(name) ?? this.#other
    row[column] = (row[column] ?? 0) + 1
  }

  /** Calls `take` for each counter above zero. */
  each(take: (name: string, column: number, count: number) => void): void {
    for (const [name, row] of this.#rows)
      for (const [column, count] of row.entries()) if (count > 0) take(name, column, count)
  }
}
