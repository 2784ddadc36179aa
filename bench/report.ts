import { met, type Verdict } from './comparisons.ts'
import type { FloodResult } from './flood.ts'
import type { MachineFacts } from './machine.ts'
import type { Measurement, RowResult } from './row.ts'
import { spread, type Spread } from './statistics.ts'
import type { StreamResult, StreamRound } from './streams.ts'
import { markdownTable } from './table.ts'
import type { VerifyResult } from './verify.ts'

/** Everything that a run found out. It is saved as JSON as it is. */
export interface Findings {
  readonly machine: MachineFacts
  /** How the run was called and what it measured. */
  readonly run: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
  readonly verdicts: readonly Verdict[]
  readonly rows: readonly RowResult[]
  readonly verify: readonly VerifyResult[]
  readonly flood: readonly FloodResult[]
  readonly streams: readonly StreamResult[]
}

/** The page that is printed and saved: headline first, then every figure behind it. */
export function markdownReport(findings: Findings): string {
  const { machine, run, warnings, verdicts } = findings
  return [
    '# Benchmark',
    'How to read this: bench/README.md.',
    warnings.map((warning) => `**Warning:** ${warning}.`).join('\n\n'),
    '## Goals and ratios',
    LEGEND,
    verdictTable(verdicts),
    ...section('## Rows', rowTable(findings.rows)),
    ...section('## Verification alone, per second of CPU time', verifyTable(findings.verify)),
    ...section('## Good users beside a forged flood', floodTable(findings.flood)),
    ...section('## Open event streams', streamTable(findings.streams)),
    ...section('## Not measured', skippedList(findings)),
    '## Machine and run',
    [...Object.entries(machine), ...Object.entries(run)]
      .map(([name, value]) => `- ${name}: ${value}`)
      .join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n')
}

const LEGEND = [
  'Ratios of CPU time (user + system) per request: theirs divided by ours, so more is better, taken within each round,',
  'median of the rounds. Verification: ours divided by that of openssl, in a second of CPU time. Flood: of latency.',
].join('\n')

function section(title: string, body: string): string[] {
  return body === '' ? [] : [title, body]
}

function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map((verdict) => {
    const { what, measured, throughput, goal } = verdict
    const reached = met(verdict)
    return [
      what,
      times(measured.median),
      range(measured, times),
      throughput === undefined ? '' : times(throughput.median),
      goal === undefined ? '' : 'atLeast' in goal ? times(goal.atLeast) : `under ${times(goal.under)}`,
      reached === undefined ? '' : reached ? 'met' : 'short',
    ]
  })
  return rows.length === 0
    ? 'Nothing to compare was measured.'
    : markdownTable(['what', 'ratio', 'min–max', 'requests/s', 'goal', 'verdict'], rows)
}

function rowTable(results: readonly RowResult[]): string {
  const measured = results.filter(({ measurements }) => measurements.length > 0)
  if (measured.length === 0) return ''
  const head = [
    'row',
    'what',
    'CPU µs',
    'user + system',
    'min–max',
    'requests/s',
    'min–max',
    'p50 ms',
    'p99 ms',
  ]
  return markdownTable(
    [...head, 'p99.9 ms', 'others'],
    measured.map(({ row, measurements }) => {
      const of = (figure: (measurement: Measurement) => number): Spread => spread(measurements.map(figure))
      const rate = of((each) => each.requestsPerSecond)
      const exhausted = measurements.some((each) => each.exhausted)
      return [
        row.name,
        row.what,
        tenth(of((each) => each.cpuUs).median),
        `${tenth(of((each) => each.userUs).median)} + ${tenth(of((each) => each.systemUs).median)}`,
        range(
          of((each) => each.cpuUs),
          tenth,
        ),
        exhausted ? 'out of tokens' : whole(rate.median),
        exhausted ? '' : range(rate, whole),
        ...([50, 99, 99.9] as const).map((percent) => millis(of((each) => latency(each, percent)).median)),
        `${Math.round(100 * of((each) => each.othersShare).max)} %`,
      ]
    }),
    2,
  )
}

function latency(measurement: Measurement, percent: 50 | 99 | 99.9): number {
  switch (percent) {
    case 50:
      return measurement.p50Us
    case 99:
      return measurement.p99Us
    case 99.9:
      return measurement.p999Us
  }
}

function verifyTable(results: readonly VerifyResult[]): string {
  const measured = results.filter(({ ours }) => ours.length > 0)
  if (measured.length === 0) return ''
  return markdownTable(
    ['algorithm', 'Claimgate', 'min–max', 'openssl speed', 'figure', 'min–max'],
    measured.map(({ alg, against, ours, openssl }) => {
      const mine = spread(ours)
      const limit = spread(openssl)
      return [alg, whole(mine.median), range(mine, whole), against, whole(limit.median), range(limit, whole)]
    }),
  )
}

function floodTable(results: readonly FloodResult[]): string {
  const measured = results.filter(({ rounds }) => rounds.length > 0)
  if (measured.length === 0) return ''
  return markdownTable(
    [
      'gateway',
      'good/s',
      'forged/s',
      'p50 ms alone',
      'flooded',
      'p99 ms alone',
      'flooded',
      'p99.9 ms alone',
      'flooded',
      'CPU % alone',
      'flooded',
    ],
    measured.map(({ what, rounds }) => {
      const of = (figure: (round: FloodResult['rounds'][number]) => number): number =>
        spread(rounds.map(figure)).median
      return [
        what,
        whole(of((round) => round.goodPerSecond)),
        whole(of((round) => round.forgedPerSecond)),
        millis(of((round) => round.alone.p50Us)),
        millis(of((round) => round.flooded.p50Us)),
        millis(of((round) => round.alone.p99Us)),
        millis(of((round) => round.flooded.p99Us)),
        millis(of((round) => round.alone.p999Us)),
        millis(of((round) => round.flooded.p999Us)),
        whole(of((round) => round.aloneCpuMs / 10)),
        whole(of((round) => round.floodedCpuMs / 10)),
      ]
    }),
  )
}

function streamTable(results: readonly StreamResult[]): string {
  const measured = results.filter(({ rounds }) => rounds.length > 0)
  if (measured.length === 0) return ''
  return markdownTable(
    [
      'gateway',
      'streams',
      'all open in s',
      'p50 ms',
      'p99 ms',
      'CPU µs to open',
      'KiB per stream',
      'CPU µs per event',
    ],
    measured.map(({ what, streams, rounds }) => {
      const of = (figure: (round: StreamRound) => number): number => spread(rounds.map(figure)).median
      return [
        what,
        whole(streams),
        tenth(of((round) => round.openSeconds)),
        tenth(of((round) => round.openP50Ms)),
        tenth(of((round) => round.openP99Ms)),
        tenth(of((round) => round.openCpuUs)),
        tenth(of((round) => round.bytesPerStream) / 1024),
        tenth(of((round) => round.eventCpuUs)),
      ]
    }),
  )
}

function skippedList({ rows, verify, flood, streams }: Findings): string {
  const named = rows.map(({ row, skipped }) => ({ name: row.name, skipped }))
  const algorithms = verify.map(({ alg, skipped }) => ({ name: `verify ${alg}`, skipped }))
  return [...named, ...algorithms, ...flood, ...streams]
    .filter(({ skipped }) => skipped !== undefined)
    .map(({ name, skipped }) => `- ${name}: ${skipped?.trim().replaceAll('\n', '; ')}`)
    .join('\n')
}

function range(values: Spread, show: (value: number) => string): string {
  return `${show(values.min)}–${show(values.max)}`
}

function times(value: number): string {
  return `${value.toFixed(2)}×`
}

function tenth(value: number): string {
  return value.toFixed(1)
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function millis(us: number): string {
  return (us / 1000).toFixed(2)
}
