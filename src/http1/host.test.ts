import { equal } from 'node:assert/strict'
import { test } from 'node:test'

import { isHost } from './host.ts'

test('names and addresses, with and without a port, are hosts (RFC 9110 §7.2)', () => {
  const hosts = [
    'a',
    'api.example.com',
    'A.EXAMPLE.',
    'x_y-z~1',
    '10.0.0.1',
    'localhost:8080',
    'a:0',
    'a:65535',
  ]
  for (const host of [...hosts, '[::1]', '[::]', '[2001:db8::8:800:200c:417a]:443', '[::ffff:192.0.2.1]']) {
    equal(isHost(host), true, host)
  }
})

test('whatever could be two hosts, or one host in two spellings, is none', () => {
  const texts = [
    '',
    ' ',
    'a b',
    'a,b',
    'a;b',
    'a@b',
    'user:pw@b',
    'a/b',
    'a?b',
    'a#b',
    'a\\b',
    'http://a',
    '%61',
    'é',
    '*',
  ]
  for (const text of texts) equal(isHost(text), false, text)
})

test('a port has one to five digits and is at most 65535', () => {
  for (const text of ['a:', 'a:x', 'a:-1', 'a:+1', 'a: 1', 'a:65536', 'a:000080', 'a:1:2', ':1'])
    equal(isHost(text), false, text)
})

test('brackets hold an IPv6 address and nothing else', () => {
  const texts = [
    '[]',
    '[a]',
    '[::1',
    '::1]',
    '::1',
    '[::1]a',
    'a[::1]',
    '[[::1]]',
    '[::1%eth0]',
    '[v1.a]',
    '[1:2]',
    '[::1]:',
    '[::g]',
  ]
  for (const text of texts) equal(isHost(text), false, text)
})

test('a host of more bytes than a name can have is none', () => {
  equal(isHost('a'.repeat(260)), true)
  equal(isHost('a'.repeat(261)), false)
})
