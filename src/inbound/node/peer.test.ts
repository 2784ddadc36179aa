import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainAddress } from './peer.ts'

test('an IPv4 address over an IPv6 socket is in its IPv4 form, without a zone', () => {
  assert.equal(plainAddress('::ffff:10.1.2.3'), '10.1.2.3')
  assert.equal(plainAddress('::FFFF:10.1.2.3'), '10.1.2.3')
  assert.equal(plainAddress('10.1.2.3'), '10.1.2.3')
  assert.equal(plainAddress('fe80::1%eth0'), 'fe80::1')
  assert.equal(plainAddress('::1'), '::1')
  assert.equal(plainAddress(''), '')
})
