import assert from 'node:assert/strict'
import { PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { configurationOf } from '../../test/support/gateway.ts'
import { readPrometheusText, type Scrape } from '../../test/support/prometheus-text.ts'
import { refuse } from '../errors/refusal.ts'
import { buildPlan } from '../plan/build.ts'
import type { Plan, Route } from '../plan/plan.ts'
import { metricsText, snapshotOf } from '../telemetry/metrics/index.ts'
import { RequestMetrics } from './request-metrics.ts'

async function planOf(paths: readonly string[]): Promise<Plan> {
  const routes = paths.map((path) => `{ name: ${path.slice(1)}, path: ${path}, backend: b, auth: none }`)
  const { plan } = await configurationOf(
    `version: 1\nbackends: { b: { url: http://127.0.0.1:1 } }\nroutes: [${routes.join(', ')}]\n`,
  )
  return buildPlan(plan)
}

function routeOf(plan: Plan, path: string): Route {
  const match = plan.routes.match('a', path, 'GET')
  assert.ok(match.kind === 'route')
  return match
}

const scrape = (metrics: RequestMetrics): Scrape => readPrometheusText(metricsText(snapshotOf([metrics])))

const UNREACHABLE = refuse('GW_UPSTREAM_UNREACHABLE', 'connection-refused')

test('a request is counted once in each: its outcome, its route, its time; refusals by their code', async () => {
  const plan = await planOf(['/a', '/b'])
  const metrics = new RequestMetrics(plan)
  const [a, b] = [routeOf(plan, '/a'), routeOf(plan, '/b')]
  metrics.ended('forward', 204, undefined, a, 0.4)
  metrics.ended('forward', 101, undefined, a, 3_600_000)
  metrics.ended('refuse', 401, refuse('GW_TOKEN_MISSING', 'token-missing'), b, 1)
  metrics.ended('refuse', 502, UNREACHABLE, b, 1)
  metrics.ended('broken', 200, refuse('GW_UPSTREAM_PROTOCOL', 'closed'), b, 1)
  metrics.ended('broken', 0, refuse('GW_REQUEST_MALFORMED', 'client-gone'), b, 1)
  metrics.notRequested(400, refuse('GW_REQUEST_MALFORMED', 'not-http'))
  const read = scrape(metrics)
  const requests = (outcome: string) => read.value('claimgate_requests_total', { outcome })
  assert.deepEqual(['forward', 'refuse', 'broken'].map(requests), [2, 3, 2])
  assert.equal(read.sum('claimgate_refusals_total'), 3)
  assert.equal(read.value('claimgate_refusals_total', { code: 'GW_REQUEST_MALFORMED' }), 1)
  assert.equal(read.value('claimgate_refusals_total', { code: 'GW_UPSTREAM_PROTOCOL' }), 0)
  const byRoute = read.families.find(({ name }) => name === 'claimgate_route_requests_total')?.samples
  assert.deepEqual(
    byRoute?.map(({ labels, value }) => `${labels['route']} ${labels['status']} ${value}`).toSorted(),
    ['a 1xx 1', 'a 2xx 1', 'b 2xx 1', 'b 4xx 1', 'b 5xx 1', 'b none 1', 'none 4xx 1'],
  )
  assert.equal(read.sum('claimgate_upstream_failures_total'), 2)
  for (const code of ['GW_UPSTREAM_UNREACHABLE', 'GW_UPSTREAM_PROTOCOL'])
    assert.equal(read.value('claimgate_upstream_failures_total', { backend: 'b', code }), 1)
  const count = (outcome: string) => read.value('claimgate_request_duration_seconds_count', { outcome })
  assert.deepEqual(['forward', 'refuse', 'broken'].map(count), [2, 2, 2])
})

test('of more than a thousand routes the rest is counted as `other`', async () => {
  const paths = Array.from({ length: 1200 }, (_, index) => `/r${index}`)
  const plan = await planOf(paths)
  const metrics = new RequestMetrics(plan)
  for (const path of paths) metrics.ended('forward', 200, undefined, routeOf(plan, path), 1)
  metrics.ended('refuse', 404, refuse('GW_ROUTE_NOT_FOUND', 'no-route-for-path'), undefined, 1)
  const read = scrape(metrics)
  const value = (route: string, status = '2xx') =>
    read.value('claimgate_route_requests_total', { route, status })
  assert.deepEqual(
    [value('r0'), value('r999'), value('r1000'), value('other'), value('none', '4xx')],
    [1, 1, undefined, 200, 1],
  )
})

test('a route keeps its count when another plan has it too', async () => {
  const before = await planOf(['/stays', '/goes'])
  const after = await planOf(['/comes', '/stays'])
  const metrics = new RequestMetrics(before)
  for (const path of ['/stays', '/goes']) metrics.ended('forward', 200, undefined, routeOf(before, path), 1)
  metrics.follow(after)
  for (const path of ['/stays', '/comes']) metrics.ended('forward', 200, undefined, routeOf(after, path), 1)
  // It came before the change.
  metrics.ended('forward', 200, undefined, routeOf(before, '/goes'), 1)
  const read = scrape(metrics)
  const value = (route: string) => read.value('claimgate_route_requests_total', { route, status: '2xx' })
  assert.deepEqual(['stays', 'goes', 'comes', 'other'].map(value), [2, undefined, 1, 1])
})

test('counting leaves no garbage behind', async () => {
  const plan = await planOf(['/a'])
  const metrics = new RequestMetrics(plan)
  const route = routeOf(plan, '/a')
  const count = (times: number): void => {
    for (let i = 0; i < times; i++) {
      metrics.ended('forward', 200, undefined, route, 0.25 + i)
      metrics.ended('refuse', 502, UNREACHABLE, route, 0.75 + i)
    }
  }
  // Until it is compiled, numbers are boxed.
  count(200_000)
  let collections = 0
  const observer = new PerformanceObserver((list) => (collections += list.getEntries().length))
  observer.observe({ entryTypes: ['gc'] })
  // With one small object for each there would be a hundred megabytes, and a collection for every sixteen or so.
  count(4_000_000)
  await sleep(20)
  observer.disconnect()
  assert.ok(collections <= 2, `${collections}`)
})
