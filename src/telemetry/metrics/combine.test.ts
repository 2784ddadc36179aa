import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deserialize, serialize } from 'node:v8'
import { readPrometheusText } from '../../../test/support/prometheus-text.ts'
import { combine, lasting } from './combine.ts'
import { Histogram } from './histogram.ts'
import { metricsText } from './metrics-text.ts'
import { snapshotOf, type MetricsSnapshot } from './snapshot.ts'

/** What a worker says, as it arrives in another process. */
function said(requests: number, seconds: number): MetricsSnapshot {
  const durations = new Histogram('claimgate_request_duration_seconds')
  for (let i = 0; i < requests; i++) durations.observe(seconds)
  const snapshot = snapshotOf([
    {
      collect(out) {
        out.value('claimgate_requests_total', ['forward'], requests)
        out.histogram('claimgate_request_duration_seconds', ['forward'], durations)
        out.value('claimgate_connections', [], requests)
        out.value('claimgate_process_resident_memory_bytes', [], requests * 1000)
        out.value('claimgate_process_cpu_seconds_total', [], requests)
      },
    },
  ])
  return deserialize(serialize(snapshot)) as MetricsSnapshot
}

test('what several processes say is added up, or stands side by side where it is of a process', () => {
  const read = readPrometheusText(
    metricsText(
      combine([
        { snapshot: said(2, 0.002), worker: '1' },
        { snapshot: said(3, 100), worker: '2' },
        { snapshot: said(0, 0) },
      ]),
    ),
  )
  assert.equal(read.value('claimgate_requests_total', { outcome: 'forward' }), 5)
  assert.equal(read.value('claimgate_connections'), 5)
  const bucket = (le: string) =>
    read.value('claimgate_request_duration_seconds_bucket', { outcome: 'forward', le })
  assert.deepEqual(['0.001', '0.0025', '60', '+Inf'].map(bucket), [0, 2, 2, 5])
  assert.equal(read.value('claimgate_request_duration_seconds_sum', { outcome: 'forward' }), 300.004)
  assert.equal(read.value('claimgate_process_resident_memory_bytes', { worker: '1' }), 2000)
  assert.equal(read.value('claimgate_process_resident_memory_bytes', { worker: '2' }), 3000)
  assert.equal(read.value('claimgate_process_resident_memory_bytes'), 0)
})

test('what lasts of a process is what was added up, and none of what it held', () => {
  assert.deepEqual([...lasting(said(1, 1)).keys()].sort(), [
    'claimgate_request_duration_seconds',
    'claimgate_requests_total',
  ])
})

test('labels that look alike when they are joined are kept apart', () => {
  const of = (route: string, status: string): MetricsSnapshot =>
    snapshotOf([{ collect: (out) => out.value('claimgate_route_requests_total', [route, status], 1) }])
  const all = combine([
    { snapshot: of('a,b', 'c') },
    { snapshot: of('a', 'b,c') },
    { snapshot: of('a","b', 'c') },
  ])
  assert.equal(all.get('claimgate_route_requests_total')?.length, 3)
})
