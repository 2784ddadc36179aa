import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { parseFields } from './fields.ts'
import { HeadReader } from './head-reader.ts'
import { DEFAULT_HTTP_LIMITS } from './limits.ts'
import { RequestGrammar } from './request-head.ts'
import {
  chunkStart,
  HeadWriter,
  lastChunk,
  serializeRequestHead,
  serializeResponseHead,
} from './serialize.ts'

test('heads are start line, fields and an empty line (RFC 9112 §2.1)', () => {
  deepEqual(serializeRequestHead('PUT', '/a?b', ['Host', 'a', 'X', '']), {
    ok: true,
    value: 'PUT /a?b HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n',
  })
  deepEqual(serializeRequestHead('OPTIONS', '*', []), { ok: true, value: 'OPTIONS * HTTP/1.1\r\n\r\n' })
  deepEqual(serializeResponseHead(204, '', ['A', '\xe9']), {
    ok: true,
    value: 'HTTP/1.1 204 \r\nA: \xe9\r\n\r\n',
  })
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
  for (const value of values)
    equal(reason(serializeRequestHead('GET', '/', ['A', value])), 'unsafe-field', JSON.stringify(value))
  for (const name of ['', 'a b', 'a:', 'a\r\nb', 'a\n', '\xe9', 'a\u0161']) {
    equal(reason(serializeResponseHead(200, 'OK', [name, 'a'])), 'unsafe-field', JSON.stringify(name))
  }
  equal(reason(serializeRequestHead('GET', '/', ['A', 'b', 'C'])), 'unsafe-field')
})

test('a start line that would be another one is not sent', () => {
  for (const method of ['', 'GET /', 'G\r\n', 'G\u0145T'])
    equal(reason(serializeRequestHead(method, '/', [])), 'unsafe-start-line')
  for (const target of ['', 'a', '/ HTTP/1.1', '/\r\n', '/\n', '/\u012f', '/#', 'http://a/', '**']) {
    equal(reason(serializeRequestHead('GET', target, [])), 'unsafe-start-line', JSON.stringify(target))
  }
  for (const status of [99, 1000, 200.5, Number.NaN, -200])
    equal(reason(serializeResponseHead(status, '', [])), 'unsafe-start-line')
  for (const text of ['a\r\nb', 'a\x00', '\u0161'])
    equal(reason(serializeResponseHead(200, text, [])), 'unsafe-start-line')
})

test('the first problem stays, and nothing is sent for what follows', () => {
  const head = HeadWriter.request('GET', '/')
  head.add('A', 'b\r\nc')
  head.add('C', 'd')
  equal(reason(head.end()), 'unsafe-field')
})

test('parsed fields are copied by index, and an index beyond them is a problem', () => {
  const fields = parseFields('A: b\r\nC: d\r\n', 100)
  ok(!('reason' in fields))
  const head = HeadWriter.response(200, 'OK')
  head.copy(fields.pairs, 2)
  deepEqual(head.end(), { ok: true, value: 'HTTP/1.1 200 OK\r\nC: d\r\n\r\n' })
  head.copy(fields.pairs, 4)
  equal(reason(head.end()), 'unsafe-field')
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
      const pairs = ['Host', 'a', ...extra.flat()]
      const head = serializeRequestHead('GET', `/${path}`, pairs)
      if (!head.ok) return
      const bytes = Buffer.from(head.value, 'latin1')
      const reader = new HeadReader(grammar)
      const read = reader.read(bytes, 0, bytes.length)
      ok(read?.ok)
      equal(reader.consumed, bytes.length)
      deepEqual([read.value.target, read.value.headers], [`/${path}`, pairs])
    }),
    { numRuns: 3000 },
  )
})

test('a chunk begins with its size, and the last one carries the trailers', () => {
  equal(chunkStart(1), '1\r\n')
  equal(chunkStart(0xabcde), 'abcde\r\n')
  const fields = parseFields('A: b\r\n', 100)
  const none = parseFields('', 100)
  ok(!('reason' in fields) && !('reason' in none))
  equal(lastChunk(none.pairs), '0\r\n\r\n')
  equal(lastChunk(fields.pairs), '0\r\nA: b\r\n\r\n')
})

function reason(head: ReturnType<typeof serializeRequestHead>): string | undefined {
  return head.ok ? undefined : head.error.reason
}
