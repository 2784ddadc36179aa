import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'

import { HeadReader } from './head-reader.ts'
import { DEFAULT_HTTP_LIMITS } from './limits.ts'
import { RequestGrammar } from './request-head.ts'
import { ResponseGrammar } from './response-head.ts'

const HEAD = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

test('a head in one piece is read, and the next message begins after it', () => {
  const reader = requestReader()
  const bytes = Buffer.from(`${HEAD}GET /next`)
  equal(reader.read(bytes, 0, bytes.length)?.ok, true)
  equal(reader.consumed, HEAD.length)
  equal(reader.pendingBytes, 0)
})

test('only the range is read, whatever else lies in the buffer', () => {
  const reader = requestReader()
  const bytes = Buffer.from(`xx${HEAD}\r\n\r\n`)
  equal(reader.read(bytes, 2, 2 + HEAD.length - 1), undefined)
  equal(reader.consumed, HEAD.length - 1)
  equal(reader.pendingBytes, HEAD.length - 1)
  equal(reader.read(bytes, 2 + HEAD.length - 1, 2 + HEAD.length)?.ok, true)
  equal(reader.consumed, 1)
})

test('what was read stays as it was when the buffer is used again', () => {
  const reader = requestReader()
  const bytes = Buffer.from(HEAD)
  reader.read(bytes, 0, 20)
  bytes.fill(0, 0, 20)
  const head = reader.read(bytes, 20, bytes.length)
  bytes.fill(0)
  ok(head?.ok)
  deepEqual(head.value.headers, ['Host', 'a'])
})

test('an end in two pieces is found, and what follows it is left', () => {
  for (let cut = 1; cut < HEAD.length; cut++) {
    const reader = requestReader()
    const bytes = Buffer.from(`${HEAD}more`)
    equal(reader.read(bytes, 0, cut), undefined)
    equal(reader.read(bytes, cut, bytes.length)?.ok, true)
    equal(reader.consumed, HEAD.length - cut)
    equal(reader.pendingBytes, 0)
  }
})

test('one empty line before a request is overlooked, before a response it is not (RFC 9112 §2.2)', () => {
  equal(outcome(requestReader(), `\r\n${HEAD}`), 'read')
  equal(outcome(requestReader(), `\r\n\r\n${HEAD}`), 'method')
  equal(outcome(requestReader(), `\r${HEAD}`), 'bare-cr')
  equal(outcome(responseReader(), '\r\nHTTP/1.1 200 OK\r\n\r\n'), 'status-line')
  const reader = requestReader()
  equal(outcome(reader, `\r\n${HEAD}`), 'read')
  equal(outcome(reader, `\r\n${HEAD}`), 'read')
})

test('an empty line alone is no head, and half of one is no idle connection', () => {
  const reader = requestReader()
  equal(outcome(reader, '\r'), 'open')
  equal(reader.pendingBytes, 1)
  equal(outcome(reader, '\n'), 'open')
  equal(reader.pendingBytes, 0)
  equal(outcome(reader, HEAD), 'read')
})

test('what can be no head is refused before it is complete', () => {
  equal(outcome(requestReader(), '\x16\x03\x01'), 'method')
  equal(outcome(requestReader(), 'GET / HTTP/1.1\n'), 'bare-lf')
  equal(outcome(responseReader(), '<'), 'status-line')
  const reader = requestReader()
  equal(outcome(reader, 'GET / HTTP/1.1\r\nA: b'), 'open')
  equal(outcome(reader, '\n'), 'bare-lf')
})

test('a line end in two pieces is no bare line feed', () => {
  const reader = requestReader()
  equal(outcome(reader, 'GET / HTTP/1.1\r'), 'open')
  equal(outcome(reader, '\nHost: a\r'), 'open')
  equal(outcome(reader, '\n\r\n'), 'read')
})

test('a head may be as long as the limit and no byte longer, in one piece or in many', () => {
  const exact = requestReader(HEAD.length)
  equal(outcome(exact, HEAD), 'read')
  for (let i = 0; i < HEAD.length - 1; i++) equal(outcome(exact, HEAD.charAt(i)), 'open')
  equal(outcome(exact, '\n'), 'read')
  equal(outcome(requestReader(HEAD.length - 1), HEAD), 'head-too-large')
  const short = requestReader(HEAD.length - 1)
  for (let i = 0; i < HEAD.length - 2; i++) equal(outcome(short, HEAD.charAt(i)), 'open')
  equal(outcome(short, '\r'), 'head-too-large')
})

test('a head that never ends is refused at the limit, as a target where it is one', () => {
  const limits = DEFAULT_HTTP_LIMITS
  equal(outcome(requestReader(), 'a'.repeat(limits.maxHeadBytes)), 'target-too-long')
  equal(outcome(requestReader(), `GET / HTTP/1.1\r\n${'a'.repeat(limits.maxHeadBytes)}`), 'head-too-large')
  equal(outcome(responseReader(), 'H'.repeat(limits.maxHeadBytes)), 'head-too-large')
})

test('the end of the connection is a problem inside a head only', () => {
  const reader = requestReader()
  equal(reader.finish(), undefined)
  outcome(reader, 'GET')
  equal(reader.finish()?.reason, 'head-incomplete')
})

test('a head that comes byte by byte takes linear time', () => {
  const reader = requestReader(1_000_000)
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nA: ${'b'.repeat(500_000)}\r\n\r\n`)
  const started = performance.now()
  let head
  for (let i = 0; i < bytes.length; i++) head = reader.read(bytes, i, i + 1)
  equal(head?.ok, true)
  ok(performance.now() - started < 5000)
})

function requestReader(maxHeadBytes = DEFAULT_HTTP_LIMITS.maxHeadBytes) {
  return new HeadReader(new RequestGrammar({ ...DEFAULT_HTTP_LIMITS, maxHeadBytes }))
}

function responseReader() {
  return new HeadReader(new ResponseGrammar(DEFAULT_HTTP_LIMITS))
}

function outcome(reader: HeadReader<unknown>, text: string): string {
  const bytes = Buffer.from(text, 'latin1')
  const head = reader.read(bytes, 0, bytes.length)
  if (head === undefined) return 'open'
  return head.ok ? 'read' : head.error.reason
}
