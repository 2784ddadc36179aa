import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AddressSet } from '../policy/index.ts'
import { headerValues } from './fields/headers.ts'
import { clientAddress, forwardingFields, isForwardingField } from './forwarding.ts'
import type { InboundRequest } from './request.ts'

const PROXIES = new AddressSet(['10.0.0.0/8', 'fd00::/8'])

function requestFrom(
  address: string,
  headers: readonly string[] = [],
  authority = 'api.example:8443',
): InboundRequest {
  return {
    method: 'GET',
    target: '/',
    authority,
    headers,
    repeated: false,
    httpVersion: '1.1',
    peer: { address, tls: false },
  }
}

/** What the backend learns: X-Forwarded-For, -Proto, -Host, and Forwarded. */
function learnt(request: InboundRequest): readonly (string | undefined)[] {
  const fields = forwardingFields(request, PROXIES).pairs
  return ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded'].map((name) => {
    const values = headerValues(fields, name)
    assert.ok(values.length <= 1)
    return values[0]
  })
}

test('what a stranger says of its origin is not passed on', () => {
  const request = requestFrom('203.0.113.9', [
    'X-Forwarded-For',
    '10.0.0.1',
    'X-Forwarded-Proto',
    'https',
    'X-Forwarded-Host',
    'admin.example',
    'Forwarded',
    'for=10.0.0.1',
  ])
  assert.deepEqual(learnt(request), [
    '203.0.113.9',
    'http',
    'api.example:8443',
    'for=203.0.113.9;host="api.example:8443";proto=http',
  ])
  assert.equal(clientAddress(request, PROXIES), '203.0.113.9')
})

test('a trusted peer is believed, and its own address is put after what it says', () => {
  const request = requestFrom('10.0.0.1', [
    'X-Forwarded-For',
    '203.0.113.9',
    'X-Forwarded-Proto',
    'HTTPS',
    'X-Forwarded-Host',
    'shop.example',
  ])
  assert.deepEqual(learnt(request), [
    '203.0.113.9, 10.0.0.1',
    'https',
    'shop.example',
    'for=203.0.113.9;host="shop.example";proto=https, for=10.0.0.1',
  ])
  assert.equal(clientAddress(request, PROXIES), '203.0.113.9')
})

test('the chain ends at the first address that is not trusted: what stands before it, a stranger wrote', () => {
  const request = requestFrom('10.0.0.1', [
    'X-Forwarded-For',
    '10.0.0.9, 203.0.113.9',
    'x-forwarded-for',
    ' 10.0.0.2:4711 ',
  ])
  assert.equal(clientAddress(request, PROXIES), '203.0.113.9')
  assert.equal(learnt(request)[0], '203.0.113.9, 10.0.0.2, 10.0.0.1')
})

test('what is no address ends the chain before it', () => {
  for (const text of ['unknown', '', 'x, 10.0.0.2', 'evil"', '203.0.113.9;']) {
    assert.ok(PROXIES.has(clientAddress(requestFrom('10.0.0.1', ['X-Forwarded-For', text]), PROXIES)), text)
  }
})

test('Forwarded is believed where there is no X-Forwarded-For', () => {
  const request = requestFrom('fd00::1', [
    'Forwarded',
    'for=10.0.0.9;host=evil.example;proto=http, for="[2001:db8::1]";host=shop.example;proto=https',
  ])
  assert.deepEqual(learnt(request), [
    '2001:db8::1, fd00::1',
    'https',
    'shop.example',
    'for="[2001:db8::1]";host="shop.example";proto=https, for="[fd00::1]"',
  ])
  const both = requestFrom('10.0.0.1', ['Forwarded', 'for=192.0.2.1', 'X-Forwarded-For', '203.0.113.9'])
  assert.equal(clientAddress(both, PROXIES), '203.0.113.9')
})

test('a Forwarded line that a stranger made unreadable does not hide what a trusted peer added', () => {
  const request = requestFrom('10.0.0.1', ['Forwarded', 'for="10.0.0.9', 'Forwarded', 'for=203.0.113.9'])
  assert.equal(clientAddress(request, PROXIES), '203.0.113.9')
  assert.equal(clientAddress(requestFrom('10.0.0.1', ['Forwarded', 'for="10.0.0.9']), PROXIES), '10.0.0.1')
})

test('a trusted peer that does not know its client still says what was asked for', () => {
  assert.deepEqual(
    learnt(requestFrom('10.0.0.1', ['Forwarded', 'for=unknown;proto=https;host=shop.example'])).slice(0, 3),
    ['10.0.0.1', 'https', 'shop.example'],
  )
})

test('a protocol or host that is malformed or in doubt is not passed on', () => {
  for (const proto of ['https, http', 'ftp', '', 'https;']) {
    assert.equal(learnt(requestFrom('10.0.0.1', ['X-Forwarded-Proto', proto]))[1], 'http', proto)
  }
  for (const host of ['a, b', 'a b', 'user@a', '', 'a"b', 'a/b']) {
    assert.equal(learnt(requestFrom('10.0.0.1', ['X-Forwarded-Host', host]))[2], 'api.example:8443', host)
  }
  const twice = requestFrom('10.0.0.1', ['X-Forwarded-Proto', 'https', 'x-forwarded-proto', 'https'])
  assert.equal(learnt(twice)[1], 'http')
})

test('a request without a host says none', () => {
  assert.deepEqual(learnt(requestFrom('203.0.113.9', [], '')), [
    '203.0.113.9',
    'http',
    undefined,
    'for=203.0.113.9;proto=http',
  ])
})

test('a list of ten thousand trusted addresses costs no more than a few', () => {
  const request = requestFrom('10.0.0.1', ['X-Forwarded-For', '10.0.0.2,'.repeat(10_000) + '10.0.0.2'])
  assert.equal(learnt(request)[0]?.split(',').length, 33)
})

test('every field that tells of an origin is known in every spelling', () => {
  for (const name of [
    'x-forwarded-for',
    'x_forwarded_for',
    'x-forwarded_proto',
    'x-forwarded-prefix',
    'x-forwarded-uri',
    'x-forwarded',
    'forwarded',
    'x-real-ip',
    'x_real_ip',
    'x-original-url',
    'x-original-host',
    'x-rewrite-url',
    'true-client-ip',
    'client-ip',
    'x.real.ip',
  ]) {
    assert.ok(isForwardingField(name), name)
  }
  for (const name of [
    'x-user',
    'content-type',
    'cookie',
    'x',
    'x-',
    'from',
    'te',
    'host',
    'x-request-id',
    '',
  ]) {
    assert.ok(!isForwardingField(name), name)
  }
  for (const name of forwardingFields(requestFrom('203.0.113.9'), PROXIES).pairs.filter(
    (_, i) => i % 2 === 0,
  )) {
    assert.ok(isForwardingField(name.toLowerCase()), name)
  }
})
