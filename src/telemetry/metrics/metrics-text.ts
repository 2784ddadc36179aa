import { METRICS, metricRow, type MetricName, type MetricRow } from './metric-table.ts'
import type { MetricsSnapshot, Series } from './snapshot.ts'

/** The text format of Prometheus, version 0.0.4. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Writes a snapshot as Prometheus reads it, in the order of the table. A metric without series is left out. */
export function metricsText(snapshot: MetricsSnapshot): string {
  const lines: string[] = []
  for (const name of NAMES) {
    const all = snapshot.get(name) ?? []
    if (all.length === 0) continue
    const row = metricRow(name)
    lines.push(`# HELP ${name} ${escapeHelp(row.help)}`, `# TYPE ${name} ${row.type}`)
    for (const series of all) {
      if (row.type === 'histogram') pushHistogram(lines, name, row, series)
      else lines.push(sample(name, labelsOf(row, series), series.numbers[0] ?? 0))
    }
  }
  // The last line must end, too.
  return `${lines.join('\n')}\n`
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `Object.keys` forgets what the keys are
const NAMES = Object.keys(METRICS) as MetricName[]

/** Buckets hold all below them; the one of `+Inf` is the count (and must be there). */
function pushHistogram(lines: string[], name: string, row: MetricRow, series: Series): void {
  const labels = labelsOf(row, series)
  const bounds = row.bounds ?? []
  let count = 0
  for (const [index, bound] of [...bounds, '+Inf'].entries()) {
    count += series.numbers[index] ?? 0
    lines.push(sample(`${name}_bucket`, [...labels, ['le', String(bound)]], count))
  }
  lines.push(sample(`${name}_sum`, labels, series.numbers[bounds.length + 1] ?? 0))
  lines.push(sample(`${name}_count`, labels, count))
}

type Label = readonly [name: string, value: string]

function labelsOf({ labels }: MetricRow, series: Series): readonly Label[] {
  const own = labels.map((name, index): Label => [name, series.labels[index] ?? ''])
  return series.worker === undefined ? own : [...own, ['worker', series.worker]]
}

function sample(name: string, labels: readonly Label[], value: number): string {
  const inner = labels.map(([label, text]) => `${label}="${escapeLabel(text)}"`).join(',')
  return `${name}${inner === '' ? '' : `{${inner}}`} ${numberText(value)}`
}

/** Numbers as Go reads them, which has other words for what is none. */
function numberText(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"')
}
