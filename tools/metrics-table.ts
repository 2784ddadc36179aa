import { METRICS, type MetricRow } from '../src/telemetry/metrics/index.ts'

const BEGIN = '<!-- metrics: written by `npm run docs` -->'
const END = '<!-- end of metrics -->'

/** The rows of every metric. */
export function metricsTable(): string {
  return Object.entries<MetricRow>(METRICS)
    .map(([name, { type, labels, help, across }]) => {
      const shown = [...labels, ...(across === 'each' ? ['worker'] : [])].map((label) => `\`${label}\``)
      return `| \`${name}\` | ${type} | ${shown.join(', ')} | ${help.replaceAll('|', '\\|')} |`
    })
    .join('\n')
}

/** The page with the table between its two marks. */
export function withMetrics(page: string, table: string): string {
  const begin = page.indexOf(BEGIN)
  const end = page.indexOf(END)
  if (begin === -1 || end < begin)
    throw new Error('docs/metrics.md has lost the marks around its table of metrics')
  return `${page.slice(0, begin + BEGIN.length)}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n${table}\n\n${page.slice(end)}`
}
