import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  authenticationSpec,
  guardSpec,
  planOf,
  planSpec,
  requestOf,
  routeSpec,
  type TestRequest,
} from '../../test/support/decision.ts'
import type { Plan } from '../plan/plan.ts'
import { Trace } from '../policy/index.ts'
import { examine, type Examined, type Refused } from './examine.ts'

function examined(plan: Plan, request: TestRequest, trace?: Trace): Examined {
  const outcome = examine(plan, requestOf(request), trace)
  return outcome.ok ? outcome.value : assert.fail(outcome.error.refusal.reason)
}

function refused(plan: Plan, request: TestRequest, trace?: Trace): Refused {
  const outcome = examine(plan, requestOf(request), trace)
  return outcome.ok ? assert.fail('not refused') : outcome.error
}

const PLAIN = planOf({})

test('host and path are canonical, the query is as it came', () => {
  const { host, path, query } = examined(PLAIN, {
    authority: 'API.Example.com.:8080',
    target: '/a/../%62//c?x=/../%2e?y',
  })
  assert.deepEqual({ host, path, query }, { host: 'api.example.com', path: '/b/c', query: 'x=/../%2e?y' })
  assert.equal(examined(PLAIN, { target: '/a' }).query, undefined)
  assert.equal(examined(PLAIN, { target: '/a?' }).query, '')
})

test('the options of the plan decide of slashes', () => {
  const keep = planOf({ http: { ...planSpec().http, mergeSlashes: false, encodedSlashes: 'keep' } })
  assert.equal(examined(keep, { target: '/a//b%2fc' }).path, '/a//b%2Fc')
  assert.equal(refused(PLAIN, { target: '/a%2fb' }).refusal.code, 'GW_REQUEST_PATH')
})

test('a path with two meanings is refused with its reason', () => {
  for (const [target, reason] of [
    ['/%2e%2e/x', 'above-root'],
    ['/a%5cb', 'encoded-slash'],
    ['/a%00', 'encoded-control'],
    ['/a%252e', 'double-encoding'],
    ['/%zz', 'malformed-escape'],
    ['/a/..;/b', 'dot-segment-parameter'],
    ['*', 'relative-path'],
  ] as const) {
    const { refusal, style, headers } = refused(PLAIN, { target })
    assert.deepEqual(
      [refusal.code, refusal.reason, style, headers],
      ['GW_REQUEST_PATH', reason, 'problem', []],
    )
  }
})

test('a host that is none is refused, and a request without one has the empty host', () => {
  for (const authority of ['a..b', 'a@b', 'a:b', '[::1', 'a b']) {
    assert.equal(refused(PLAIN, { authority }).refusal.code, 'GW_REQUEST_MALFORMED', authority)
  }
  assert.equal(examined(PLAIN, { authority: '', httpVersion: '1.0' }).host, '')
})

test('what is not routed is 404, and a method that is not is 405 with those that are', () => {
  const plan = planOf({ routes: [routeSpec({ hosts: ['a.test'], path: '/a', methods: ['GET', 'PUT'] })] })
  assert.deepEqual(
    [refused(plan, { authority: 'b.test' }), refused(plan, { authority: 'a.test', target: '/b' })].map(
      ({ refusal }) => `${refusal.code} ${refusal.reason}`,
    ),
    ['GW_ROUTE_NOT_FOUND no-route-for-host', 'GW_ROUTE_NOT_FOUND no-route-for-path'],
  )
  const { refusal, headers } = refused(plan, { authority: 'a.test', target: '/a', method: 'DELETE' })
  assert.equal(refusal.code, 'GW_ROUTE_METHOD')
  assert.deepEqual(headers, ['Allow', 'GET, PUT'])
})

test('the form is asked for where a token or a reserved name may be in it, and nowhere else', () => {
  const plan = planOf({
    authentications: [
      authenticationSpec('token', { locations: [{ in: 'form', name: 'jwt' }] }),
      authenticationSpec('claim', { forward: [{ claim: ['sub'], in: 'form', name: 'uid' }] }),
      authenticationSpec('header'),
    ],
    routes: [
      routeSpec({ name: 'token', path: '/token', guards: [guardSpec('token')] }),
      routeSpec({
        name: 'unlisted',
        path: '/unlisted',
        backend: 'second',
        guards: [guardSpec('token', { mode: 'blacklist', conditions: [{ host: '*', path: '/x' }] })],
      }),
      routeSpec({
        name: 'claim',
        path: '/claim',
        guards: [guardSpec('claim', { mode: 'whitelist', conditions: [{ host: '*', path: '/claim' }] })],
      }),
      routeSpec({ name: 'header', path: '/header', backend: 'third', guards: [guardSpec('header')] }),
    ],
  })
  const form = ['Content-Type', 'application/x-www-form-urlencoded']
  const kind = (target: string, headers: readonly string[]): string | undefined =>
    examined(plan, { method: 'POST', target, headers }).form?.kind
  assert.equal(kind('/token', form), 'urlencoded')
  assert.equal(kind('/claim', form), 'urlencoded', 'reserved names go from requests that need no token, too')
  assert.equal(kind('/unlisted', form), undefined)
  assert.equal(kind('/header', form), undefined)
  assert.equal(kind('/token', ['Content-Type', 'application/json']), undefined)
  assert.equal(kind('/token', []), undefined)
  const doubtful = ['Content-Type', 'multipart/form-data']
  assert.equal(
    refused(plan, { method: 'POST', target: '/token', headers: doubtful }).refusal.code,
    'GW_REQUEST_FORM',
  )
  assert.equal(kind('/header', doubtful), undefined, 'nobody needs to read it there')
})

test('a refused form is told in the words of the route', () => {
  const plan = planOf({
    authentications: [authenticationSpec('token', { locations: [{ in: 'form', name: 'jwt' }] })],
    routes: [routeSpec({ guards: [guardSpec('token')], refusals: 'function-compute' })],
  })
  const { style, route } = refused(plan, { method: 'POST', headers: ['Content-Type', 'multipart/mixed'] })
  assert.deepEqual([style, route?.spec.name], ['function-compute', 'route'])
})

test('a trace tells which rules ask for a token and why', () => {
  const plan = planOf({
    authentications: [authenticationSpec('main')],
    guards: [
      guardSpec('main', { mode: 'blacklist', conditions: [{ host: '*', path: '/closed/*' }] }, 'rule'),
      guardSpec('main', { mode: 'optional' }, 'wish'),
    ],
  })
  const trace = new Trace(false)
  examined(plan, { target: '/x/../closed/y' }, trace)
  assert.deepEqual(
    trace.steps.map(({ stage, outcome, message }) => `${stage} ${outcome}: ${message}`),
    [
      'path noted: the path is matched and forwarded as `/closed/y`',
      'route passed: route `route` takes GET /closed/y',
      'requirement passed: `rule` (blacklist) needs a token: condition `*/closed/*` lists the request',
      'requirement skipped: `wish` (optional) needs no token',
    ],
  )
})

test('a thousand rules do not make a log line of a thousand steps, and explain names them all', () => {
  const guards = Array.from({ length: 1000 }, (_, i) => guardSpec('main', { mode: 'all' }, `rule-${i}`))
  const plan = planOf({ authentications: [authenticationSpec('main')], guards })
  const [log, person] = [new Trace(false), new Trace(true)]
  examined(plan, {}, log)
  examined(plan, {}, person)
  assert.ok(log.steps.length < 20)
  assert.match(JSON.stringify(log.steps), /1000 of 1000 rules need a token/)
  assert.ok(person.steps.length > 1000)
})

test('a trace does not make an examination dearer by the size of its rules', () => {
  const conditions = Array.from({ length: 100 }, (_, i) => ({ host: '*', path: `/x${i}/*` }))
  const guards = Array.from({ length: 300 }, (_, i) =>
    guardSpec('main', { mode: 'blacklist', conditions }, `rule-${i}`),
  )
  const plan = planOf({ authentications: [authenticationSpec('main')], guards })
  const startedMs = performance.now()
  for (let i = 0; i < 200; i++) examined(plan, { target: '/a' }, new Trace(false))
  // Building the index of 30,000 conditions for each request took seconds here.
  assert.ok(performance.now() - startedMs < 500)
})
