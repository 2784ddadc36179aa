import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import fc from 'fast-check'
import { readRequestHead } from './request-head.ts'

const PEER = { address: '127.0.0.1', tls: false }

/** As much of a message as is looked at. */
function message(more: Partial<IncomingMessage>): IncomingMessage {
  return {
    method: 'GET',
    url: '/',
    httpVersion: '1.1',
    rawHeaders: ['Host', 'a'],
    ...more,
  } as IncomingMessage
}

function reasonOf(more: Partial<IncomingMessage>): string {
  const head = readRequestHead(message(more), PEER, 10)
  return head.ok ? 'ok' : head.error.reason
}

test('a well-formed head becomes the neutral request', () => {
  const rawHeaders = ['hOst', 'a.example:81', 'X', 'y']
  const head = readRequestHead(message({ method: 'PUT', url: '/a%20b?c=[d]', rawHeaders }), PEER, 10)
  const request = {
    method: 'PUT',
    target: '/a%20b?c=[d]',
    authority: 'a.example:81',
    headers: rawHeaders,
    repeated: false,
    httpVersion: '1.1',
    peer: PEER,
  }
  assert.deepEqual(head, { ok: true, value: { request, bodyLength: 0 } })
})

test('the length of the body is known from Content-Length, none, or unknown with chunks (RFC 9112 §6.3)', () => {
  const lengthOf = (...fields: string[]): number | undefined => {
    const head = readRequestHead(message({ rawHeaders: ['Host', 'a', ...fields] }), PEER, 10)
    assert.ok(head.ok)
    return head.value.bodyLength
  }
  assert.equal(lengthOf(), 0)
  assert.equal(lengthOf('content-length', '0012'), 12)
  assert.equal(lengthOf('Transfer-Encoding', 'Chunked'), undefined)
})

test('framing with two meanings is refused (RFC 9112 §6.1, §6.3)', () => {
  const host = ['Host', 'a']
  for (const value of ['+5', '5,5', '0x5', ' ', '', '-1', '5.0', '9'.repeat(16)]) {
    assert.equal(reasonOf({ rawHeaders: [...host, 'Content-Length', value] }), 'content-length', value)
  }
  assert.equal(
    reasonOf({ rawHeaders: [...host, 'Content-Length', '5', 'content-length', '5'] }),
    'content-length',
  )
  for (const value of ['gzip', 'chunked, chunked', 'chunked, identity', 'xchunked', 'chunked;a=b', '']) {
    assert.equal(reasonOf({ rawHeaders: [...host, 'Transfer-Encoding', value] }), 'transfer-encoding', value)
  }
  const twice = ['Transfer-Encoding', 'chunked', 'transfer-encoding', 'chunked']
  assert.equal(reasonOf({ rawHeaders: [...host, ...twice] }), 'transfer-encoding')
  assert.equal(reasonOf({ rawHeaders: [...host, ...twice.slice(0, 2), 'Content-Length', '0'] }), 'framing')
  assert.equal(
    reasonOf({ httpVersion: '1.0', rawHeaders: [...host, ...twice.slice(0, 2)] }),
    'transfer-encoding',
  )
})

test('exactly one valid Host is asked for, and none is allowed to HTTP/1.0 (RFC 9112 §3.2)', () => {
  assert.equal(reasonOf({ rawHeaders: [] }), 'host')
  assert.equal(reasonOf({ rawHeaders: ['Host', 'a', 'host', 'a'] }), 'host')
  assert.equal(reasonOf({ httpVersion: '1.0', rawHeaders: ['Host', 'a', 'host', 'a'] }), 'host')
  assert.equal(reasonOf({ httpVersion: '1.0', rawHeaders: [] }), 'ok')
  for (const host of ['', 'a b', 'u@a', 'a/b', 'a,b', 'a:', 'a:99999', '[::1', 'a\xe9']) {
    assert.equal(reasonOf({ rawHeaders: ['Host', host] }), 'host', host)
  }
  for (const host of ['a', 'a.b:1', '127.0.0.1', '[::1]:80'])
    assert.equal(reasonOf({ rawHeaders: ['Host', host] }), 'ok')
})

test('other versions than HTTP/1.0 and HTTP/1.1 are refused', () => {
  for (const httpVersion of ['0.9', '1.2', '2.0', '']) assert.equal(reasonOf({ httpVersion }), 'version')
})

test('a target is a path and maybe a query of visible ASCII, or an asterisk with OPTIONS', () => {
  for (const url of ['/', '/a/b?c', '/%2e%2e/', '//', "/a|b[c]~!$&'()*+,;=:@", '/?{"a":<b>}^`\\', '/a?b?c']) {
    assert.equal(reasonOf({ url }), 'ok', url)
  }
  for (const url of [
    '',
    'a',
    '*',
    'http://a/',
    '?',
    '/a#b',
    '/?a#b',
    '/a b',
    '/a\\b',
    '/"',
    '/<',
    '/{',
    '/^',
    '/`',
    '/\x7f',
    '/é',
  ]) {
    assert.equal(reasonOf({ url }), 'target', url)
  }
  assert.equal(reasonOf({ url: '*', method: 'OPTIONS' }), 'ok')
})

test('more fields than allowed are refused whole, never cut off', () => {
  const fields = Array.from({ length: 10 }, () => ['X', 'y']).flat()
  const head = readRequestHead(message({ rawHeaders: ['Host', 'a', ...fields] }), PEER, 10)
  assert.ok(!head.ok)
  assert.equal(head.error.code, 'GW_REQUEST_HEAD_TOO_LARGE')
  assert.match(head.error.detail ?? '', /raise limits.maxHeaders/)
})

test('a refusal never quotes the request', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 8 }), fc.string({ minLength: 8 }), (url, host) => {
      const head = readRequestHead(message({ url, rawHeaders: ['Host', host] }), PEER, 10)
      if (head.ok) return
      assert.ok(!JSON.stringify(head.error).includes(JSON.stringify(url).slice(1, -1)))
      assert.ok(!JSON.stringify(head.error).includes(JSON.stringify(host).slice(1, -1)))
    }),
  )
})
