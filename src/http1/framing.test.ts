import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'

import { parseFields } from './fields.ts'
import { declaredFraming } from './framing.ts'

test('no length and no coding declare nothing', () => {
  deepEqual(framing('Host: a\r\n'), { kind: 'none' })
})

test('one Content-Length declares a length, zero too', () => {
  deepEqual(framing('Content-Length: 0\r\n'), { kind: 'length', length: 0 })
  deepEqual(framing('content-length: 9007199254740991\r\n'), {
    kind: 'length',
    length: Number.MAX_SAFE_INTEGER,
  })
})

test('the one word chunked, in any case, declares chunks', () => {
  deepEqual(framing('Transfer-Encoding: chunked\r\n'), { kind: 'chunked' })
  deepEqual(framing('transfer-encoding:CHUNKED\r\n'), { kind: 'chunked' })
})

test('two ways to find the end are refused, even where they agree (RFC 9112 §6.3)', () => {
  equal(framing('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n'), 'two-lengths')
  equal(framing('Transfer-Encoding: x\r\nContent-Length: x\r\n'), 'two-lengths')
  equal(framing('Content-Length: 1\r\nContent-Length: 1\r\n'), 'content-length-repeated')
  equal(framing('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'), 'transfer-encoding-repeated')
})

test('a coding before a final chunked is unsupported, all other codings are malformed (RFC 9112 §6.1)', () => {
  for (const value of ['gzip, chunked', 'GZIP ,\tchunked', 'deflate,x-compress,Chunked']) {
    equal(framing(`Transfer-Encoding: ${value}\r\n`), 'transfer-coding-unsupported', value)
  }
  for (const value of [
    '',
    'gzip',
    'chunked, gzip',
    'chunked,chunked',
    'gzip chunked',
    'chunked;q=1',
    'br, chunked',
  ]) {
    equal(framing(`Transfer-Encoding: ${value}\r\n`), 'transfer-encoding', value)
  }
})

function framing(block: string): unknown {
  const fields = parseFields(block, 100)
  ok(!('reason' in fields))
  const declared = declaredFraming(fields)
  return declared.ok ? declared.value : declared.error.reason
}
