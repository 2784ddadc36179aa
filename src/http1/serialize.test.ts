import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { FieldList } from './field-list.ts'
import { HeadReader } from './head-reader.ts'
import { DEFAULT_HTTP_LIMITS } from './limits.ts'
import { RequestGrammar } from './request-head.ts'
import { chunkStart, serializeRequestHead, serializeResponseHead } from './serialize.ts'

/** A head with its fields given as names and values in turn. */
function requestHead(
  method: string,
  target: string,
  pairs: readonly string[],
  host = 'a',
): string | undefined {
  return serializeRequestHead(method, target, host, [new FieldList(pairs)], 'none')
}

test('heads are start line, fields and an empty line (RFC 9112 §2.1)', () => {
  const fields = [new FieldList(['X', '']), new FieldList(['Y', 'z'])]
  equal(
    serializeRequestHead('PUT', '/a?b', 'a.example:81', fields, 'none'),
    'PUT /a?b HTTP/1.1\r\nHost: a.example:81\r\nX: \r\nY: z\r\n\r\n',
  )
  equal(requestHead('OPTIONS', '*', []), 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n')
  deepEqual(serializeResponseHead(204, '', ['A', '\xe9']), {
    ok: true,
    value: 'HTTP/1.1 204 \r\nA: \xe9\r\n\r\n',
  })
})

test('a request says how long its body is, or that it comes in chunks (RFC 9112 §6)', () => {
  equal(
    serializeRequestHead('POST', '/', 'a', [], 3),
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n',
  )
  equal(
    serializeRequestHead('POST', '/', 'a', [], 'chunked'),
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
  )
})

test('framing and connection fields that come from outside never go out', () => {
  const fields = [
    'Connection',
    'x',
    'content-length',
    '1',
    'A',
    'b',
    'Transfer-Encoding',
    'chunked',
    'Upgrade',
    'x',
  ]
  equal(requestHead('GET', '/', fields), 'GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n')
})

test('a field that would end its line, or change on the wire, is not sent', () => {
  const values = [
    'a\r\nX: b',
    'a\nb',
    'a\rb',
    'a\x00',
    '\x7f',
    'a\u010ab',
    '\u0161',
    '\ud800',
    ' a',
    'a ',
    '\t',
  ]
  for (const value of values) {
    equal(requestHead('GET', '/', ['A', value]), undefined, JSON.stringify(value))
    equal(reason(serializeResponseHead(200, 'OK', ['A', value])), 'unsafe-field', JSON.stringify(value))
  }
  for (const name of ['', 'a b', 'a:', 'a\r\nb', 'a\n', '\xe9', 'a\u0161']) {
    equal(requestHead('GET', '/', [name, 'a']), undefined, JSON.stringify(name))
    equal(reason(serializeResponseHead(200, 'OK', [name, 'a'])), 'unsafe-field', JSON.stringify(name))
  }
  equal(requestHead('GET', '/', ['A', 'b', 'C']), undefined)
})

test('a start line that would be another one is not sent', () => {
  for (const method of ['', 'GET /', 'G\r\n', 'G\u0145T']) equal(requestHead(method, '/', []), undefined)
  for (const target of ['', 'a', '/ HTTP/1.1', '/\r\n', '/\n', '/\u012f', '/#', 'http://a/', '**']) {
    equal(requestHead('GET', target, []), undefined, JSON.stringify(target))
  }
  for (const host of ['', 'a b', 'a\r\nX: b', 'a/b', 'u@a'])
    equal(requestHead('GET', '/', [], host), undefined, host)
  for (const status of [99, 1000, 200.5, Number.NaN, -200])
    equal(reason(serializeResponseHead(status, '', [])), 'unsafe-start-line')
  for (const text of ['a\r\nb', 'a\x00', '\u0161'])
    equal(reason(serializeResponseHead(200, text, [])), 'unsafe-start-line')
})

test('whatever is sent is read back as the same request, whatever went in', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'B', '-', ':', ' ', '\t', '\r', '\n', '\x00', '\xe9', '\u010a', ','),
    maxLength: 6,
  })
  const name = fc.oneof(text, fc.constantFrom('X-A', 'accept', 'cookie'))
  const grammar = new RequestGrammar(DEFAULT_HTTP_LIMITS)
  fc.assert(
    fc.property(fc.array(fc.tuple(name, text), { maxLength: 6 }), text, (extra, path) => {
      const head = requestHead('GET', `/${path}`, extra.flat())
      if (head === undefined) return
      const bytes = Buffer.from(head, 'latin1')
      const reader = new HeadReader(grammar)
      const read = reader.read(bytes, 0, bytes.length)
      ok(read?.ok)
      equal(reader.consumed, bytes.length)
      deepEqual([read.value.target, read.value.headers], [`/${path}`, ['Host', 'a', ...extra.flat()]])
    }),
    { numRuns: 3000 },
  )
})

test('a chunk begins with its size', () => {
  equal(chunkStart(1), '1\r\n')
  equal(chunkStart(0xabcde), 'abcde\r\n')
})

function reason(head: ReturnType<typeof serializeResponseHead>): string | undefined {
  return head.ok ? undefined : head.error.reason
}
