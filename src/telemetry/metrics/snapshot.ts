import type { Histogram } from './histogram.ts'
import type { HistogramName, LabelValues, MetricName } from './metric-table.ts'

/** One time series of a metric, as it is now. */
export interface Series {
  /** A value for each label of the metric's row. */
  readonly labels: readonly string[]
  /** Whose it is, where several processes have one each. */
  readonly worker?: string
  /** One number; of a histogram how many fell into each bucket, the last being for all beyond, and then their sum. */
  readonly numbers: readonly number[]
}

/** Metrics as plain data, which passes from one process to another. */
export type MetricsSnapshot = ReadonlyMap<MetricName, readonly Series[]>

/** A part of the gateway that has something to tell when it is asked. What it tells has its row in `METRICS`. */
export interface Collector {
  collect(out: MetricsSink): void
}

export interface MetricsSink {
  /** A counter or a gauge. */
  value<Name extends Exclude<MetricName, HistogramName>>(
    name: Name,
    labels: LabelValues<Name>,
    value: number,
  ): void
  histogram<Name extends HistogramName>(name: Name, labels: LabelValues<Name>, histogram: Histogram): void
}

/** Asks each collector. */
export function snapshotOf(collectors: readonly Collector[]): MetricsSnapshot {
  const found = new Map<MetricName, Series[]>()
  const add = (name: MetricName, series: Series): void => {
    const before = found.get(name)
    if (before === undefined) found.set(name, [series])
    else before.push(series)
  }
  const sink: MetricsSink = {
    value: (name, labels, value) => add(name, { labels, numbers: [value] }),
    histogram: (name, labels, { numbers }) => add(name, { labels, numbers }),
  }
  for (const collector of collectors) collector.collect(sink)
  return found
}
