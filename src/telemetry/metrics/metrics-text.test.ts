import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPrometheusText } from '../../../test/support/prometheus-text.ts'
import { Histogram } from './histogram.ts'
import { METRICS, type MetricRow } from './metric-table.ts'
import { metricsText } from './metrics-text.ts'
import { snapshotOf, type MetricsSink } from './snapshot.ts'

const scrape = (collect: (out: MetricsSink) => void) =>
  readPrometheusText(metricsText(snapshotOf([{ collect }])))

test('a label holds whatever a configuration calls its parts', () => {
  for (const route of ['a', 'say "hi"', 'back\\slash', 'two\nlines', '\\n', '{a="b"} 1', 'größe ☃', '']) {
    const read = scrape((out) => out.value('claimgate_route_requests_total', [route, '2xx'], 7))
    assert.equal(read.value('claimgate_route_requests_total', { route, status: '2xx' }), 7)
  }
})

test('the text is, to the letter, that of the format', () => {
  const text = metricsText(
    snapshotOf([
      {
        collect: (out) => {
          out.value('claimgate_workers', [], 2)
          out.value('claimgate_upstream_failures_total', ['a"b', 'GW_UPSTREAM_BUSY'], 3)
        },
      },
    ]),
  )
  assert.equal(
    text,
    `# HELP claimgate_upstream_failures_total ${METRICS.claimgate_upstream_failures_total.help}
# TYPE claimgate_upstream_failures_total counter
claimgate_upstream_failures_total{backend="a\\"b",code="GW_UPSTREAM_BUSY"} 3
# HELP claimgate_workers ${METRICS.claimgate_workers.help}
# TYPE claimgate_workers gauge
claimgate_workers 2
`,
  )
})

test('numbers are those that Prometheus reads', () => {
  for (const value of [0, 1, 0.1, 1e-7, 1e21, 2 ** 53, -1, Infinity, -Infinity]) {
    const read = scrape((out) => out.value('claimgate_connections', [], value))
    assert.equal(read.value('claimgate_connections'), value)
  }
  const read = scrape((out) => out.value('claimgate_connections', [], NaN))
  assert.ok(Number.isNaN(read.value('claimgate_connections')))
})

test('a bucket holds its bound and all that is less, and the last one all', () => {
  const durations = new Histogram('claimgate_request_duration_seconds')
  for (const seconds of [0, 0.0005, 0.00051, 1, 60, 61, 3600]) durations.observe(seconds)
  const read = scrape((out) => out.histogram('claimgate_request_duration_seconds', ['forward'], durations))
  const below = (le: string) =>
    read.value('claimgate_request_duration_seconds_bucket', { outcome: 'forward', le })
  assert.deepEqual(['0.0005', '0.001', '0.5', '1', '30', '60', '+Inf'].map(below), [2, 3, 3, 4, 4, 5, 7])
  assert.equal(read.value('claimgate_request_duration_seconds_count', { outcome: 'forward' }), 7)
  const sum = read.value('claimgate_request_duration_seconds_sum', { outcome: 'forward' })!
  assert.ok(Math.abs(sum - 3722.00101) < 1e-6, `${sum}`)
})

test('names have the prefix, the unit and the suffix that the type asks for', () => {
  for (const [name, row] of Object.entries<MetricRow>(METRICS)) {
    assert.match(name, /^claimgate_[a-z]+(_[a-z]+)*$/)
    assert.equal(name.endsWith('_total'), row.type === 'counter', name)
    assert.equal(row.bounds !== undefined, row.type === 'histogram', name)
    assert.ok(!row.labels.includes('worker') && !row.labels.includes('le'), name)
    assert.match(row.help, /^[A-Z0-9].*\.$/, name)
    assert.doesNotMatch(name, /_(?:ms|kib|mib|percent|minutes)(?:_|$)/)
  }
})
