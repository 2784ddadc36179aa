import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { METRICS } from '../../src/telemetry/metrics/index.ts'
import { metricsTable, withMetrics } from '../../tools/metrics-table.ts'

const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')

test('the table of metrics in docs/metrics.md is fresh (npm run docs)', () => {
  assert.equal(withMetrics(page, metricsTable()), page)
})

test('every metric that the page speaks of is there', () => {
  const spoken = [...page.matchAll(/claimgate_\w+/g)].map(([name]) => name)
  assert.ok(spoken.length > 30)
  assert.deepEqual(
    spoken.filter((name) => !Object.hasOwn(METRICS, name)),
    [],
  )
})
