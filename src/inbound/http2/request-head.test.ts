import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEFAULT_HTTP_LIMITS, RequestGrammar } from '../../http1/index.ts'
import { readRequestHead } from './request-head.ts'

const grammar = new RequestGrammar(DEFAULT_HTTP_LIMITS)
const PSEUDO = [':method', 'GET', ':scheme', 'https', ':authority', 'a.example', ':path', '/a?b']

function reasonOf(...list: readonly string[]): string {
  const head = readRequestHead(grammar, list)
  return head.ok ? 'taken' : head.error.reason
}

test('a header list is the head of HTTP/1.1 that says the same', () => {
  const head = readRequestHead(grammar, [...PSEUDO, 'x-a', '1', 'cookie', 'a=1', 'cookie', 'b=2', 'x-b', '2'])
  assert.ok(head.ok)
  const { method, target, host, headers } = head.value
  assert.deepEqual([method, target, host], ['GET', '/a?b', 'a.example'])
  assert.deepEqual(headers.slice(2), ['x-a', '1', 'x-b', '2', 'cookie', 'a=1; b=2'])
})

const CASES: readonly (readonly [string, readonly string[], string])[] = [
  ['no authority and no host', [':method', 'GET', ':path', '/'], 'host-invalid'],
  ['a host alone', [':method', 'GET', ':path', '/', 'host', 'a'], 'taken'],
  ['a host that agrees', [...PSEUDO, 'host', 'a.example'], 'taken'],
  ['a host that does not', [...PSEUDO, 'host', 'b.example'], 'http2-authority'],
  ['two hosts', [':method', 'GET', ':path', '/', 'host', 'a', 'host', 'a'], 'http2-authority'],
  ['a line end in a value', [...PSEUDO, 'x', 'a\r\nx-user: root'], 'http2-character'],
  ['a line end in a name', [...PSEUDO, 'x: 1\r\ny', '2'], 'http2-character'],
  [
    'a line end in the path',
    [':method', 'GET', ':path', '/ HTTP/1.1\r\nx: y', ':authority', 'a'],
    'http2-character',
  ],
  ['a space in the path', [':method', 'GET', ':path', '/a b', ':authority', 'a'], 'http2-character'],
  ['a space in the method', [':method', 'GET /x', ':path', '/', ':authority', 'a'], 'http2-character'],
  ['NUL', [...PSEUDO, 'x', '\0'], 'http2-character'],
  ['a control character', [...PSEUDO, 'x', '\u0001'], 'header-value'],
  ['a colon in a name', [...PSEUDO, 'host:b', '1'], 'http2-character'],
  ['a space in a name', [...PSEUDO, 'x y', '1'], 'http2-character'],
  ['no name', [...PSEUDO, '', '1'], 'http2-character'],
  ['another pseudo-header field', [...PSEUDO, ':protocol', 'websocket'], 'http2-pseudo-field'],
  ['Transfer-Encoding', [...PSEUDO, 'transfer-encoding', 'chunked'], 'http2-connection-field'],
  ['Connection', [...PSEUDO, 'connection', 'x'], 'http2-connection-field'],
  ['Upgrade', [...PSEUDO, 'upgrade', 'h2c'], 'http2-connection-field'],
  ['CONNECT', [':method', 'CONNECT', ':authority', 'a.example:443'], 'request-line'],
  ['an absolute target', [':method', 'GET', ':path', 'http://a/', ':authority', 'a'], 'target-form'],
  ['two lengths', [...PSEUDO, 'content-length', '1', 'content-length', '2'], 'content-length-repeated'],
  ['too much', [...PSEUDO, 'x', 'y'.repeat(DEFAULT_HTTP_LIMITS.maxHeadBytes)], 'head-too-large'],
]

for (const [name, list, reason] of CASES) {
  test(`${name}: ${reason}`, () => assert.equal(reasonOf(...list), reason))
}

test('whatever the values hold, no list makes more fields than it has, nor another method, path or host', () => {
  const text = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 12,
  })
  fc.assert(
    fc.property(
      text,
      text,
      text,
      fc.array(fc.tuple(text, text), { maxLength: 4 }),
      (method, path, host, fields) => {
        const list = [':method', method, ':path', `/${path}`, ':authority', host, ...fields.flat()]
        const head = readRequestHead(grammar, list)
        if (!head.ok) return
        assert.deepEqual([head.value.method, head.value.target, head.value.host], [method, `/${path}`, host])
        assert.ok(head.value.headers.length / 2 <= 1 + fields.length)
      },
    ),
    { numRuns: 3000 },
  )
})
