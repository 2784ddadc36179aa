import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  authenticationSpec,
  bearer,
  decisionOn,
  guardSpec,
  hmacIssuer,
  planOf,
  requestOf,
  routeSpec,
} from '../../test/support/decision.ts'
import { refuse } from '../errors/refusal.ts'
import { AddressSet } from '../policy/index.ts'
import { accessEntry, type Ended } from './access-entry.ts'
import { examine } from './examine.ts'

const issuer = hmacIssuer({ kid: 'k1' })
const plan = planOf({
  authentications: [authenticationSpec('main', { keys: issuer.keys })],
  routes: [routeSpec({ guards: [guardSpec('main')] })],
})

const ENDED: Ended = {
  request: requestOf(),
  trustedPeers: new AddressSet(['10.0.0.0/8']),
  examined: undefined,
  forwarded: undefined,
  route: undefined,
  requestId: 'request-1',
  startedMs: 1000,
  endedMs: 1025,
  outcome: 'refuse',
  status: 404,
  refusal: refuse('GW_ROUTE_NOT_FOUND', 'no-route-for-path'),
  observations: [],
  steps: undefined,
}

test('a forwarded request has its route, backend, authentication and key', () => {
  const headers = bearer(issuer.token())
  const request = { target: '/x/../a?jwt=secret', authority: 'API.example.com:80', headers }
  const examined = examine(plan, requestOf(request), undefined)
  const forwarded = decisionOn(plan, request)
  assert.ok(examined.ok && forwarded.outcome === 'forward')
  const entry = accessEntry({
    ...ENDED,
    request: requestOf(request),
    examined: examined.value,
    forwarded,
    route: examined.value.route,
    outcome: 'forward',
    status: 200,
    refusal: undefined,
  })
  assert.deepEqual(entry, {
    time: 1000,
    requestId: 'request-1',
    method: 'GET',
    host: 'api.example.com',
    path: '/a',
    protocol: 'HTTP/1.1',
    peer: '192.0.2.1',
    client: '192.0.2.1',
    outcome: 'forward',
    status: 200,
    durationMs: 25,
    route: 'route',
    backend: 'backend',
    by: 'main',
    key: issuer.keys[0]?.label,
    code: undefined,
    reason: undefined,
    detail: undefined,
    steps: undefined,
  })
})

test('a request that led nowhere has its host and its path as they came, without the query', () => {
  const entry = accessEntry({
    ...ENDED,
    request: requestOf({ authority: 'Nowhere.test', target: '/%2e%2e?jwt=secret' }),
  })
  assert.deepEqual([entry.host, entry.path, entry.route], ['Nowhere.test', '/%2e%2e', undefined])
  assert.ok(!JSON.stringify(entry).includes('secret'))
})

test('a path that led nowhere is kept in part', () => {
  for (const target of [`/${'a'.repeat(9000)}`, `/${'a'.repeat(9000)}?x`]) {
    assert.equal(accessEntry({ ...ENDED, request: requestOf({ target }) }).path.length, 512)
  }
})

test('the client behind a trusted peer is told of refused requests, too', () => {
  const headers = ['X-Forwarded-For', '198.51.100.7']
  const entry = accessEntry({
    ...ENDED,
    request: requestOf({ headers, peer: { address: '10.0.0.9', tls: false } }),
  })
  assert.deepEqual([entry.peer, entry.client], ['10.0.0.9', '198.51.100.7'])
  assert.equal(accessEntry({ ...ENDED, request: requestOf({ headers }) }).client, '192.0.2.1')
})
