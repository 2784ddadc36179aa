import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'

import { isPersistent, parseConnection } from './connection.ts'

test('options are tokens in lower case, in order, without empty elements (RFC 9110 §7.6.1)', () => {
  deepEqual(parseConnection(''), [])
  deepEqual(parseConnection('keep-alive'), ['keep-alive'])
  deepEqual(parseConnection('Close'), ['close'])
  deepEqual(parseConnection('Upgrade ,\tHTTP2-Settings,, x'), ['upgrade', 'http2-settings', 'x'])
  deepEqual(parseConnection(' , '), [])
})

test('an element that is no token is refused', () => {
  for (const text of ['a b', 'close;q=1', '"close"', 'close\u00a0', 'clo\u00e9', 'a=b'])
    equal(parseConnection(text), undefined, text)
})

test('an element that names a field of framing or routing is refused', () => {
  for (const text of ['Host', 'close, Content-Length', 'transfer-encoding'])
    equal(parseConnection(text), undefined, text)
})

test('a list of more than 32 elements is refused', () => {
  equal(parseConnection(Array.from({ length: 32 }, () => 'a').join(','))?.length, 32)
  equal(parseConnection(','.repeat(32)), undefined)
})

test('HTTP/1.1 keeps the connection unless told to close, HTTP/1.0 only when told to (RFC 9112 §9.3)', () => {
  equal(isPersistent(1, []), true)
  equal(isPersistent(1, ['keep-alive']), true)
  equal(isPersistent(1, ['upgrade', 'close']), false)
  equal(isPersistent(0, []), false)
  equal(isPersistent(0, ['keep-alive']), true)
  equal(isPersistent(0, ['keep-alive', 'close']), false)
})
