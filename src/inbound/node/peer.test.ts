import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainAddress, principalOf } from './peer.ts'

test('an IPv4 address over an IPv6 socket is in its IPv4 form, without a zone', () => {
  assert.equal(plainAddress('::ffff:10.1.2.3'), '10.1.2.3')
  assert.equal(plainAddress('::FFFF:10.1.2.3'), '10.1.2.3')
  assert.equal(plainAddress('10.1.2.3'), '10.1.2.3')
  assert.equal(plainAddress('fe80::1%eth0'), 'fe80::1')
  assert.equal(plainAddress('::1'), '::1')
  assert.equal(plainAddress(''), '')
})

test('the principal is the one SPIFFE name of a certificate', () => {
  const sleep = 'cluster.local/ns/foo/sa/sleep'
  assert.equal(principalOf(`URI:spiffe://${sleep}`), sleep)
  assert.equal(principalOf(`DNS:a.test, URI:spiffe://${sleep}`), sleep)
  for (const none of [
    '',
    'DNS:a.test',
    'URI:https://a.test/x',
    'URI:spiffe://td',
    'URI:spiffe://TD/ns/foo',
    'URI:spiffe://td/ns//sa',
    'URI:spiffe://td/ns/f*o',
    `URI:"spiffe://${sleep}"`,
    `URI:spiffe://${sleep}, URI:spiffe://td/ns/bar/sa/x`,
  ])
    assert.equal(principalOf(none), undefined, none)
})
