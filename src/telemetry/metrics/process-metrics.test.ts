import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { ProcessMetrics } from './process-metrics.ts'
import { snapshotOf } from './snapshot.ts'

test('the event loop is late after somebody held it up, and no more on the scrape after that', async () => {
  const metrics = new ProcessMetrics()
  const maxLag = (): number =>
    snapshotOf([metrics])
      .get('claimgate_event_loop_lag_seconds')
      ?.find(({ labels }) => labels[0] === 'max')?.numbers[0] ?? NaN
  assert.equal(maxLag(), 0)
  await sleep(60)
  const until = performance.now() + 300
  while (performance.now() < until);
  await sleep(60)
  const late = maxLag()
  assert.ok(late > 0.2 && late < 2, `${late}`)
  await sleep(100)
  const after = maxLag()
  assert.ok(after < late, `${after}`)
})

test('memory, CPU time and start are those of this process', () => {
  const snapshot = snapshotOf([new ProcessMetrics()])
  const value = (name: Parameters<typeof snapshot.get>[0]): number =>
    snapshot.get(name)?.[0]?.numbers[0] ?? NaN
  const started = value('claimgate_process_start_time_seconds')
  assert.ok(Math.abs(Date.now() / 1000 - process.uptime() - started) < 5, `${started}`)
  assert.ok(value('claimgate_process_resident_memory_bytes') > 1e7)
  assert.ok(value('claimgate_process_cpu_seconds_total') > 0)
  assert.ok(value('claimgate_process_cpu_seconds_total') < 1000)
})
