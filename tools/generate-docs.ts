/**
 * Keeps the promise that docs/errors.md lists every reason and docs/metrics.md every metric: writes their tables from
 * those in src/authn/reasons.ts and src/telemetry/metrics/metric-table.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { metricsTable, withMetrics } from './metrics-table.ts'
import { reasonsTable, withReasons } from './reasons-table.ts'

const errors = new URL('../docs/errors.md', import.meta.url)
writeFileSync(errors, withReasons(readFileSync(errors, 'utf8'), reasonsTable()))

const metrics = new URL('../docs/metrics.md', import.meta.url)
writeFileSync(metrics, withMetrics(readFileSync(metrics, 'utf8'), metricsTable()))
