import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keySource } from '../../test/support/key-source.ts'
import { originId, shownUrl, sourceId, type KeySourceSpec } from './spec.ts'

/** For every member another value than that of `keySource()`: the compiler asks for one where a member is new. */
const OTHERS: { readonly [Member in keyof Required<KeySourceSpec>]: readonly KeySourceSpec[Member][] } = {
  name: ['other'],
  url: ['https://idp.example/keys2', 'https://idp.example/keys?a', 'http://idp.example/keys'],
  issuer: ['https://idp.example', ''],
  kid: ['a', ''],
  alg: ['RS256'],
  refreshMs: [1],
  minRefreshMs: [1],
  maxRefreshMs: [1],
  timeoutMs: [1],
  cooldownMs: [1],
  serveStaleMs: [0],
  maxBytes: [1],
  maxKeys: [1],
  redirectHosts: [['a'], ['a', 'b'], ['a,b']],
  allowedAddresses: [['10.0.0.0/8'], ['a']],
  endpoints: [[{ address: '10.0.0.1', port: 1 }], [{ address: '10.0.0.1', port: 2 }]],
  tls: [
    { ca: undefined, certificate: undefined, serverName: undefined, verifies: true },
    { ca: undefined, certificate: undefined, serverName: undefined, verifies: false },
    { ca: 'a', certificate: undefined, serverName: undefined, verifies: true },
    { ca: undefined, certificate: undefined, serverName: 'a', verifies: true },
    { ca: undefined, certificate: { cert: 'a', key: 'b' }, serverName: undefined, verifies: true },
    { ca: undefined, certificate: { cert: 'a', key: 'c' }, serverName: undefined, verifies: true },
  ],
  keepAmbiguous: [true],
}

test('the id of a source covers every member but its name', () => {
  const ids = new Set([sourceId(keySource())])
  let variants = 1
  for (const [member, values] of Object.entries(OTHERS)) {
    for (const value of values) {
      const id = sourceId(keySource({ [member]: value }))
      if (member === 'name') assert.equal(id, sourceId(keySource()))
      else variants += 1
      ids.add(id)
    }
  }
  assert.equal(ids.size, variants)
})

/** What says where keys come from and whom they are believed from. */
const OF_ORIGIN: readonly string[] = [
  'url',
  'issuer',
  'kid',
  'alg',
  'redirectHosts',
  'allowedAddresses',
  'endpoints',
  'keepAmbiguous',
]

test('the origin covers whom keys are believed from, and not when they are fetched or who asks', () => {
  const own = originId(keySource())
  for (const [member, values] of Object.entries(OTHERS)) {
    if (member === 'tls') continue
    for (const value of values) {
      const id = originId(keySource({ [member]: value }))
      if (OF_ORIGIN.includes(member)) assert.notEqual(id, own, member)
      else assert.equal(id, own, member)
    }
  }
  const tls = { ca: undefined, certificate: undefined, serverName: undefined, verifies: true }
  assert.equal(originId(keySource({ tls })), own)
  assert.equal(originId(keySource({ tls: { ...tls, certificate: { cert: 'a', key: 'b' } } })), own)
  for (const other of [{ ca: 'a' }, { serverName: 'a' }, { verifies: false }])
    assert.notEqual(originId(keySource({ tls: { ...tls, ...other } })), own)
})

test('the id says nothing of the order in which members were written, and is a name for a file', () => {
  const spec = keySource({ redirectHosts: ['a'] })
  const turned = Object.fromEntries(Object.entries(spec).toReversed()) as unknown as KeySourceSpec
  assert.equal(sourceId(turned), sourceId(spec))
  assert.match(sourceId(spec), /^[0-9a-f]{32}$/)
})

test('a URL is shown without what may be a secret', () => {
  assert.equal(shownUrl('https://idp.example/keys?token=secret#x'), 'https://idp.example/keys?…')
  assert.equal(shownUrl('https://user:secret@idp.example:8443/keys'), 'https://idp.example:8443/keys')
  assert.equal(shownUrl('no url'), 'no url')
})
