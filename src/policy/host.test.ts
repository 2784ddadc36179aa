import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { canonicalHost } from './host.ts'

function outcome(authority: string): string {
  const result = canonicalHost(authority)
  return result.ok ? `${result.value.host} ${result.value.port ?? '-'}` : result.error.reason
}

test('case, port and one final dot make no difference', () => {
  assert.equal(outcome('example.com'), 'example.com -')
  assert.equal(outcome('EXAMPLE.Com:8080'), 'example.com 8080')
  assert.equal(outcome('example.com.'), 'example.com -')
  assert.equal(outcome('example.com.:443'), 'example.com 443')
  assert.equal(outcome('example.com:'), 'example.com -')
  assert.equal(outcome('my_service:80'), 'my_service 80')
  assert.equal(outcome('xn--bcher-kva.example'), 'xn--bcher-kva.example -')
  assert.equal(outcome('127.0.0.1:1'), '127.0.0.1 1')
  assert.equal(outcome(''), ' -')
})

test('an IPv6 address has one form', () => {
  assert.equal(outcome('[::1]'), '[::1] -')
  assert.equal(outcome('[2001:DB8:0:0:0:0:0:1]:443'), '[2001:db8::1] 443')
  assert.equal(outcome('[::ffff:192.0.2.1]'), '[::ffff:c000:201] -')
  assert.equal(outcome('[::1]:'), '[::1] -')
})

test('user information is refused', () => {
  for (const text of ['a@b', 'a:b@c', 'example.com:80@evil.example', '@b'])
    assert.equal(outcome(text), 'host-userinfo', text)
})

test('what is no port is refused', () => {
  for (const text of [
    'a:x',
    'a:65536',
    'a:123456',
    'a:-1',
    'a:+1',
    'a: 1',
    'a:1:2',
    '[::1]:x',
    '[::1]a',
    '::1',
  ]) {
    assert.equal(outcome(text), 'host-port', text)
  }
})

test('what is no host is refused', () => {
  for (const text of [
    '.',
    '..',
    '.a',
    'a..b',
    'a..',
    'a b',
    'a\tb',
    'a/b',
    'a%41',
    'a,b',
    '*',
    'é',
    'a\0',
    '[',
    '[]',
    '[::1',
    '[1.2.3.4]',
    '[::1%25eth0]',
    '[v1.x]',
    ':80',
    'a"b',
    'a\\b',
    `${'a.'.repeat(127)}a`,
    'ｅxample.com',
  ]) {
    assert.equal(outcome(text), 'host-invalid', text)
  }
})

test('a canonical host is its own canonical host and holds no character that means something elsewhere', () => {
  const part = fc.constantFrom(
    'a',
    'B',
    '.',
    '-',
    ':',
    '80',
    '@',
    '[',
    ']',
    '::1',
    '%',
    '_',
    ' ',
    '/',
    '"',
    ',',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const result = canonicalHost(parts.join(''))
      if (!result.ok) return
      const { host } = result.value
      assert.equal(outcome(host), `${host} -`)
      assert.match(host, /^(?:[a-z0-9._-]*|\[[0-9a-f:]+\])$/)
    }),
    { numRuns: 3000 },
  )
})
