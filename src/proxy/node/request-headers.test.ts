import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpBackendSpec } from '../../plan/spec.ts'
import { backendHeaders } from './request-headers.ts'
import { Target } from './target.ts'

const SPEC: HttpBackendSpec = {
  kind: 'http',
  name: 'orders',
  origin: { file: 'test', line: 1 },
  urls: [],
  hostHeader: 'client',
  connectTimeoutMs: 1,
  firstByteTimeoutMs: 1,
  idleTimeoutMs: 1,
  maxConnections: 1,
  ca: undefined,
}
const TARGET = new Target(SPEC, 'http://backend:9000/')

function fieldsOf(headers: string[], hostHeader: 'client' | 'backend' = 'client', length?: number): string[] {
  return backendHeaders({ headers }, TARGET, hostHeader, length)
}

test('there is exactly one Host, the one that was asked for', () => {
  assert.deepEqual(fieldsOf(['A', '1', 'host', 'client']), ['Host', 'client', 'A', '1'])
  assert.deepEqual(fieldsOf(['Host', 'client', 'host', 'other']), ['Host', 'client'])
  assert.deepEqual(fieldsOf(['Host', 'client'], 'backend'), ['Host', 'backend:9000'])
  assert.deepEqual(fieldsOf([]), ['Host', 'backend:9000'])
  assert.deepEqual(fieldsOf(['Host', '']), ['Host', 'backend:9000'])
})

test('framing and connection fields are this hop’s own, and Expect was answered already', () => {
  const own = [
    'Connection',
    'Content-Length',
    'EXPECT',
    'Keep-Alive',
    'Trailer',
    'transfer-encoding',
    'Upgrade',
  ]
  assert.deepEqual(fieldsOf(own.flatMap((name) => [name, 'x'])), ['Host', 'backend:9000'])
  assert.deepEqual(fieldsOf(['Content-Length', '9'], 'client', 5), [
    'Host',
    'backend:9000',
    'Content-Length',
    '5',
  ])
})

test('all other fields keep their spelling, order and repetition', () => {
  const headers = ['x-b', '1', 'X-B', '2', 'TE', 'trailers', 'Referer', 'é']
  assert.deepEqual(fieldsOf(headers), ['Host', 'backend:9000', ...headers])
})
