import { metricRow, type MetricName } from './metric-table.ts'
import type { MetricsSnapshot, Series } from './snapshot.ts'

/** What one process has counted, and its name where there are several. */
export interface Part {
  readonly snapshot: MetricsSnapshot
  readonly worker?: string | undefined
}

/** Makes one snapshot of several, each metric as its row says: added up, or side by side with the label `worker`. */
export function combine(parts: readonly Part[]): MetricsSnapshot {
  const sums = new Map<MetricName, Map<string, Series>>()
  for (const { snapshot, worker } of parts) {
    for (const [name, all] of snapshot) {
      const isEach = metricRow(name).across === 'each' && worker !== undefined
      const found = sums.get(name) ?? new Map<string, Series>()
      sums.set(name, found)
      for (const series of all) put(found, isEach ? { ...series, worker } : series)
    }
  }
  return new Map([...sums].map(([name, found]) => [name, [...found.values()]]))
}

/**
 * What must not go back when the process that counted it is gone or does not answer: a sum that falls looks like a
 * restart to Prometheus, and all of it like new when it comes back.
 */
export function lasting(snapshot: MetricsSnapshot): MetricsSnapshot {
  return new Map(
    [...snapshot].filter(([name]) => {
      const { type, across } = metricRow(name)
      return type !== 'gauge' && across === 'sum'
    }),
  )
}

function put(found: Map<string, Series>, series: Series): void {
  const key = JSON.stringify([series.worker, ...series.labels])
  const before = found.get(key)
  found.set(
    key,
    before === undefined ? series : { ...series, numbers: added(before.numbers, series.numbers) },
  )
}

function added(a: readonly number[], b: readonly number[]): readonly number[] {
  return a.map((number, index) => number + (b[index] ?? 0))
}
