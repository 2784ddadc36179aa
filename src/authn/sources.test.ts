import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestOf } from '../../test/support/decision.ts'
import { AddressSet } from '../policy/index.ts'
import { sourceName, Sources, type Client, type Source } from './sources.ts'

const NOBODY = new AddressSet([])
const PROXIES = new AddressSet(['10.0.0.0/8'])

function client(address: string, trustedPeers = NOBODY, headers: readonly string[] = []): Client {
  return { request: requestOf({ peer: { address, tls: false }, headers }), trustedPeers }
}

for (const [address, name] of [
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['2001:db8::2:3:4:5:6', '2001:db8:0:2'],
  ['2001:db8:1:2:3::', '2001:db8:1:2'],
  ['::', '0:0:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1:2:3:4', 'fe80:0:0:0'],
  ['::1.2.3.4', '0:0:0:0'],
  ['', ''],
] as const) {
  test(`\`${address}\` is the source \`${name}\``, () => {
    assert.equal(sourceName(address), name)
  })
}

test('a source is the address of the connection, whatever a peer that is not trusted says', () => {
  const sources = new Sources()
  const source = sources.of(client('192.0.2.1'), 0)
  assert.equal(sources.of(client('192.0.2.1', NOBODY, ['X-Forwarded-For', '198.51.100.1']), 0), source)
  assert.notEqual(sources.of(client('192.0.2.2'), 0), source)
})

test('behind a trusted peer it is the address that the peer reports, of each request anew', () => {
  const sources = new Sources()
  const peer = { address: '10.0.0.1', tls: false }
  const of = (address: string): Source => {
    const request = requestOf({ peer, headers: ['X-Forwarded-For', address] })
    return sources.of({ request, trustedPeers: PROXIES }, 0)
  }
  const [one, other] = [of('198.51.100.1'), of('198.51.100.2')]
  assert.notEqual(one, other)
  assert.equal(of('198.51.100.1'), one)
  assert.equal(sources.of(client('198.51.100.1'), 0), one)
})

test('a peer that is trusted only after a reload speaks for others from then on', () => {
  const sources = new Sources()
  const peer = { address: '10.0.0.1', tls: false }
  const request = requestOf({ peer, headers: ['X-Forwarded-For', '198.51.100.1'] })
  const before = sources.of({ request, trustedPeers: NOBODY }, 0)
  const after = sources.of({ request, trustedPeers: PROXIES }, 0)
  assert.notEqual(before, after)
  assert.equal(after, sources.of(client('198.51.100.1'), 0))
})

test('addresses without end are forgotten, and whoever comes now and then is not', () => {
  const sources = new Sources()
  const regular = sources.of(client('192.0.2.1'), 0)
  for (let i = 0; i < 100_000; i++) {
    sources.of(client(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`), 0)
    if (i % 5000 === 0) assert.equal(sources.of(client('192.0.2.1'), 0), regular)
  }
  assert.ok(sources.size <= 2 * 8192 + 1)
})
