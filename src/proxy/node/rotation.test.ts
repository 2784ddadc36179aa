import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpBackendSpec } from '../../plan/spec.ts'
import { Rotation } from './rotation.ts'
import { Target } from './target.ts'

const SPEC: HttpBackendSpec = {
  kind: 'http',
  name: 'orders',
  origin: { file: 'test', line: 1 },
  urls: ['http://a/', 'http://b/', 'http://c/'],
  hostHeader: 'client',
  connectTimeoutMs: 1,
  firstByteTimeoutMs: 1,
  idleTimeoutMs: 1,
  maxConnections: 1,
  ca: undefined,
}

function orderOf(rotation: Rotation<Target>): string {
  return rotation
    .order()
    .map(({ hostname }) => hostname)
    .join('')
}

test('each request begins with the next URL', () => {
  const rotation = new Rotation(SPEC.urls.map((url) => new Target(SPEC, url)))
  assert.deepEqual(
    [1, 2, 3, 4].map(() => orderOf(rotation)),
    ['abc', 'bca', 'cab', 'abc'],
  )
})

test('a URL that could not be connected to is asked last, and again first after a while', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const targets = SPEC.urls.map((url) => new Target(SPEC, url))
  const rotation = new Rotation(targets)
  targets[0]!.avoid()
  assert.equal(orderOf(rotation), 'bca')
  assert.equal(orderOf(rotation), 'bca')
  t.mock.timers.tick(5000)
  orderOf(rotation)
  assert.equal(orderOf(rotation), 'abc')
})

test('a URL is taken apart once: port, host field, base path, and the name that TLS asks for', () => {
  const parts = (url: string): unknown[] => {
    const { hostname, port, authority, basePath, secure, serverName } = new Target(SPEC, url)
    return [hostname, port, authority, basePath, secure, serverName]
  }
  assert.deepEqual(parts('http://a.example'), ['a.example', 80, 'a.example', '', false, 'a.example'])
  assert.deepEqual(parts('https://a:8443/base/'), ['a', 8443, 'a:8443', '/base', true, 'a'])
  assert.deepEqual(parts('https://[::1]/b'), ['::1', 443, '[::1]', '/b', true, undefined])
  assert.deepEqual(parts('https://127.0.0.1'), ['127.0.0.1', 443, '127.0.0.1', '', true, undefined])
})
