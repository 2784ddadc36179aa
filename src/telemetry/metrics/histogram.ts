import { metricRow, type HistogramName } from './metric-table.ts'

/** How values are spread over the buckets of a metric. A mutable cell; an observation allocates nothing. */
export class Histogram {
  readonly #bounds: Float64Array
  /** How many fell into each bucket, the last being for all beyond, and then their sum. */
  readonly #numbers: Float64Array

  constructor(name: HistogramName) {
    this.#bounds = Float64Array.from(metricRow(name).bounds ?? [])
    this.#numbers = new Float64Array(this.#bounds.length + 2)
  }

  observe(value: number): void {
    const bounds = this.#bounds
    const numbers = this.#numbers
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++
    numbers[bucket] = (numbers[bucket] ?? 0) + 1
    const sum = numbers.length - 1
    numbers[sum] = (numbers[sum] ?? 0) + value
  }

  /** A copy, as `Series.numbers` has it. */
  get numbers(): readonly number[] {
    return [...this.#numbers]
  }
}
