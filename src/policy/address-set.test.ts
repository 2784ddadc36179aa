import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AddressSet, parseAddressBlock, plainAddress } from './address-set.ts'

test('an address is in a block of its family', () => {
  const set = new AddressSet(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1'])
  for (const address of [
    '10.0.0.0',
    '10.255.255.255',
    '192.0.2.7',
    '2001:db8:ffff::',
    '::1',
    '0:0:0:0:0:0:0:1',
  ]) {
    assert.ok(set.has(address), address)
  }
  for (const address of ['11.0.0.0', '192.0.2.8', '2001:db9::', '::2', '::a00:1'])
    assert.ok(!set.has(address), address)
})

test('an IPv4-mapped address is its IPv4 address, in a block and in a request', () => {
  assert.ok(new AddressSet(['10.0.0.0/8']).has('::ffff:10.1.2.3'))
  assert.ok(new AddressSet(['10.0.0.0/8']).has('::FFFF:a01:203'))
  assert.ok(new AddressSet(['::ffff:10.0.0.0/104']).has('10.1.2.3'))
  assert.ok(!new AddressSet(['::/0']).has('10.1.2.3'))
  assert.ok(!new AddressSet(['0.0.0.0/0']).has('2001:db8::1'))
})

test('bits after the prefix do not count', () => {
  assert.ok(new AddressSet(['10.1.2.3/8']).has('10.200.0.1'))
  assert.ok(new AddressSet(['2001:db8::1/32']).has('2001:db8:1::'))
})

test('what is no address is in no block', () => {
  const set = new AddressSet(['0.0.0.0/0', '::/0'])
  for (const text of ['', 'unknown', '10.0.0', '10.0.0.1:80', '[::1]', '10.0.0.01', '1', '%'])
    assert.ok(!set.has(text), text)
  assert.ok(!new AddressSet([]).has('10.0.0.1'))
})

test('addresses have one plain form', () => {
  assert.equal(plainAddress('2001:DB8:0:0::1'), '2001:db8::1')
  assert.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(plainAddress('fe80::1%eth0'), 'fe80::1')
  assert.equal(plainAddress('192.0.2.1'), '192.0.2.1')
  for (const text of ['192.0.2.1%eth0', '0x7f.1', '127.1', 'localhost', ' 127.0.0.1'])
    assert.equal(plainAddress(text), undefined, text)
})

test('what is no block is refused with what to write', () => {
  for (const text of [
    '',
    '10.0.0.0/',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    'a/8',
    '10.0.0.0/-1',
    'fe80::1%eth0',
    '10.0.0.0/ 8',
    '::ffff:0:0/90',
  ]) {
    const block = parseAddressBlock(text)
    assert.ok(!block.ok, text)
    assert.match(block.error, /^`/)
  }
  assert.throws(() => new AddressSet(['nonsense']))
})
