import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'

import { DEFAULT_HTTP_LIMITS } from './limits.ts'
import { TrailerReader, type ForbiddenTrailers } from './trailers.ts'

const LIMITS = { ...DEFAULT_HTTP_LIMITS, maxHeaders: 3, maxTrailerBytes: 24 }

test('trailer fields are read as fields, up to the empty line (RFC 9112 §7.1.2)', () => {
  deepEqual(read('X-A: 1 \r\nb:2\r\n\r\nrest'), {
    fields: ['X-A', '1', 'b', '2'],
    problem: undefined,
    rest: 'rest',
  })
  deepEqual(read('\r\nrest'), { fields: [], problem: undefined, rest: 'rest' })
})

test('malformed lines are refused at once', () => {
  for (const text of ['A: b\n', 'A: \x00', 'A: b\rc', '\n', '\x7f', '\r\r'])
    equal(read(text).problem, 'trailer', JSON.stringify(text))
})

test('lines that are no fields are refused at the end', () => {
  for (const line of ['A', ' A: b', 'A : b', ': b', 'A b: c', 'GET / HTTP/1.1'])
    equal(read(`${line}\r\n\r\n`).problem, 'trailer', line)
})

test('fields that frame, route, authenticate or control are refused, in every spelling (RFC 9110 §6.5.1)', () => {
  for (const name of [
    'Host',
    'TE',
    'trailer',
    'Cookie',
    'Authorization',
    'x-forwarded-a',
    'X_Forwarded_A',
    'proxy-x',
    'Content-Type',
    'If-Match',
  ]) {
    equal(read(`${name}: b\r\n\r\n`).problem, 'trailer-forbidden', name)
  }
  for (const name of ['grpc-status', 'Digest', 'Server-Timing', 'ETag', 'X-Checksum']) {
    equal(read(`${name}: b\r\n\r\n`).problem, undefined, name)
  }
})

test('framing fields are refused whatever their value', () => {
  for (const line of ['Content-Length: 5', 'Transfer-Encoding:', 'content_length: 5', 'Content-Length:\t5']) {
    equal(read(`${line}\r\n\r\n`).fields.length, 0)
    equal(read(`${line}\r\n\r\n`).problem?.startsWith('trailer'), true, line)
  }
})

test('their bytes and their number are limited', () => {
  equal(read(`A: ${'b'.repeat(21)}\r\n\r\n`).problem, undefined)
  equal(read(`A: ${'b'.repeat(22)}`).problem, 'trailer-too-large')
  equal(read(`${'A:b\r\n'.repeat(3)}\r\n`).problem, undefined)
  equal(read(`${'A:b\r\n'.repeat(4)}\r\n`).problem, 'too-many-headers')
  equal(read(`${'A:b\r\n'.repeat(6)}\r\n`).problem, 'trailer-too-large')
})

test('fields that only a header may be come through where they are for the caller to leave out', () => {
  deepEqual(read('Vary: a\r\nX: b\r\n\r\nrest', 'pass'), {
    fields: ['Vary', 'a', 'X', 'b'],
    problem: undefined,
    rest: 'rest',
  })
  equal(read('content_length: 5\r\n\r\n', 'pass').problem, 'trailer')
})

function read(text: string, forbidden: ForbiddenTrailers = 'refuse') {
  const reader = new TrailerReader(LIMITS, forbidden)
  const bytes = Buffer.from(text, 'latin1')
  const end = reader.read(bytes, 0, bytes.length)
  return { fields: [...reader.fields], problem: reader.problem, rest: text.slice(end) }
}
