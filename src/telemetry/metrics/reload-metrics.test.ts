import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReloadMetrics } from './reload-metrics.ts'
import { snapshotOf } from './snapshot.ts'

test('a failure shows until the next success, and does not move its time', () => {
  let nowMs = 1_000_000
  const reloads = new ReloadMetrics({ now: () => nowMs })
  const told = (): readonly number[] =>
    [...snapshotOf([reloads]).values()].flat().map(({ numbers }) => numbers[0] ?? NaN)
  assert.deepEqual(told(), [0, 0, 1, 1000])
  nowMs = 2_000_000
  reloads.failed()
  assert.deepEqual(told(), [0, 1, 0, 1000])
  nowMs = 3_000_000
  reloads.succeeded()
  assert.deepEqual(told(), [1, 1, 1, 3000])
})
