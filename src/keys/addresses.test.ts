import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AddressSet } from '../policy/index.ts'
import { blockedKind } from './addresses.ts'

const NONE = new AddressSet([])

/** The first and the last address of every block, by what it is said to be. */
const BLOCKED: Readonly<Record<string, string>> = {
  'a loopback': '127.0.0.0 127.255.255.255 ::1',
  'a link-local': '169.254.0.0 169.254.169.254 169.254.255.255 fe80:: febf:ffff::1',
  'a private': `10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.0 192.168.255.255
    100.64.0.0 100.100.100.200 100.127.255.255 fc00:: fd00:ec2::254 fdff:ffff::1 fec0::1 feff:ffff::
    64:ff9b::10.0.0.1 64:ff9b::ac10:1`,
  'an unusable': `0.0.0.0 0.255.255.255 192.0.0.0 192.0.0.255 192.88.99.1 198.18.0.0 198.19.255.255
    224.0.0.0 239.255.255.255 240.0.0.0 255.255.255.255
    192.0.2.1 198.51.100.1 203.0.113.255 2001:db8:: 2001:db8:ffff::1 3fff:: 3fff:fff::1
    ff00:: ff02::1 ffff:: 100:: 100::ffff 100:0:0:1:: 2001::1 2001:1ff::1 5f00::1
    :: ::a00:1 ::127.0.0.1 ::ffff:0:127.0.0.1 64:ff9b:: 64:ff9b::192.0.2.1 64:ff9b:1::1
    2002:: 2002:7f00:1:: 2002:ffff::`,
}

const words = (text: string): readonly string[] => text.split(/\s+/)

test('addresses that no key server of the public has are told by their kind', () => {
  for (const [kind, addresses] of Object.entries(BLOCKED))
    for (const address of words(addresses)) assert.equal(blockedKind(address, NONE), kind, address)
})

test('the addresses beside them are of the public', () => {
  const open = words(`1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
    169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0
    198.17.255.255 198.20.0.0 223.255.255.255 8.8.8.8
    2606:4700::1 2a00::1 2001:200::1 2001:db7::1 2001:db9::1 2003::1 3ffe::1 64:ff9c::1`)
  for (const address of open) assert.equal(blockedKind(address, NONE), undefined, address)
})

test('an IPv4-mapped address is its IPv4 address, whatever is allowed beside it', () => {
  for (const address of ['::ffff:127.0.0.1', '::ffff:7f00:1', '::FFFF:7F00:0001', '0:0:0:0:0:ffff:127.0.0.1'])
    assert.equal(blockedKind(address, NONE), 'a loopback', address)
  assert.equal(blockedKind('::ffff:8.8.8.8', NONE), undefined)
  assert.equal(blockedKind('::ffff:10.0.0.1', new AddressSet(['10.0.0.0/8'])), undefined)
  assert.equal(blockedKind('::ffff:10.0.0.1', new AddressSet(['::/0'])), 'a private')
})

test('a zone says nothing of an address', () => {
  assert.equal(blockedKind('fe80::1%eth0', NONE), 'a link-local')
  assert.equal(blockedKind('::1%lo', NONE), 'a loopback')
  assert.equal(blockedKind('fe80::1%eth0', new AddressSet(['fe80::/10'])), undefined)
})

test('a block that is allowed opens itself alone', () => {
  const allowed = new AddressSet(['10.1.0.0/16', 'fd00::/8'])
  for (const address of ['10.1.2.3', 'fd12::1', '64:ff9b::a01:203'])
    assert.equal(blockedKind(address, allowed), undefined)
  for (const address of ['10.2.0.1', '127.0.0.1', '169.254.169.254', 'fc00::1', '64:ff9b::a02:203'])
    assert.notEqual(blockedKind(address, allowed), undefined, address)
})

test('what is no address is not connected to', () => {
  for (const text of [
    '',
    'localhost',
    '127.1',
    '0x7f000001',
    '2130706433',
    '10.0.0.01',
    '[::1]',
    '1.2.3.4%eth0',
    '::g',
  ])
    assert.equal(blockedKind(text, new AddressSet(['0.0.0.0/0', '::/0'])), 'an unusable', text)
})
