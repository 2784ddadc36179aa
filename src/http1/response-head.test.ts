import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'

import { DEFAULT_HTTP_LIMITS } from './limits.ts'
import { ResponseGrammar, responseFraming, type ResponseHead } from './response-head.ts'

const grammar = new ResponseGrammar(DEFAULT_HTTP_LIMITS)

test('a head is one flat value with all that its fields say', () => {
  deepEqual(head('HTTP/1.1 404 Not Found\r\nA: b\r\nContent-Length: 3\r\nConnection: close\r\n'), {
    status: 404,
    reason: 'Not Found',
    minor: 1,
    headers: ['A', 'b', 'Content-Length', '3', 'Connection', 'close'],
    declared: { kind: 'length', length: 3 },
    keepAlive: false,
    connection: ['close'],
    upgrade: undefined,
  })
})

test('the reason may be empty, missing with its space, or in obs-text (RFC 9112 §4)', () => {
  equal(head('HTTP/1.1 200 \r\n').reason, '')
  equal(head('HTTP/1.1 200\r\n').reason, '')
  equal(head('HTTP/1.0 299 \xe9t\xe9\r\n').reason, '\xe9t\xe9')
})

test('a status line that is anything else is refused', () => {
  const lines = [
    '',
    'HTTP/1.1',
    'HTTP/1.1 20',
    'HTTP/1.1 2000',
    'HTTP/1.1 099 x',
    'HTTP/1.1 2x0 x',
    'HTTP/1.1  200 x',
    'HTTP/1.1 200\tx',
  ]
  for (const line of [
    ...lines,
    'HTTP/1.2 200 x',
    'HTTP/2.0 200 x',
    'http/1.1 200 x',
    'HTTP/1.1 200 \x00',
    'HTTP/1.1 200 a\rb',
    'ICY 200 x',
  ]) {
    equal(reason(`${line}\r\n`), 'status-line', JSON.stringify(line))
  }
})

test('the body ends by method and status before it ends by fields (RFC 9112 §6.3)', () => {
  const length = head('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n')
  deepEqual(responseFraming(length, 'GET'), { kind: 'length', length: 3 })
  deepEqual(responseFraming(length, 'HEAD'), { kind: 'none' })
  deepEqual(responseFraming(head('HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n'), 'GET'), {
    kind: 'none',
  })
  deepEqual(responseFraming(head('HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n'), 'GET'), {
    kind: 'none',
  })
  deepEqual(responseFraming(head('HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n'), 'GET'), {
    kind: 'none',
  })
  deepEqual(responseFraming(head('HTTP/1.1 103 Early Hints\r\n'), 'GET'), { kind: 'none' })
  deepEqual(responseFraming(head('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n'), 'GET'), {
    kind: 'chunked',
  })
})

test('a body that nothing frames ends with the connection', () => {
  deepEqual(responseFraming(head('HTTP/1.1 200 OK\r\n'), 'GET'), { kind: 'until-close' })
  deepEqual(responseFraming(head('HTTP/1.0 200 OK\r\nA: b\r\n'), 'POST'), { kind: 'until-close' })
})

test('a body is refused where none can be, and chunks in 1.0', () => {
  equal(reason('HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n'), 'transfer-encoding-not-allowed')
  equal(reason('HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n'), 'content-length-not-allowed')
  equal(reason('HTTP/1.1 100 Continue\r\nContent-Length: 1\r\n'), 'content-length-not-allowed')
  equal(reason('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n'), 'transfer-encoding-http-1-0')
})

test('an upgrade is told apart from the mere offer of one', () => {
  equal(
    head('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n').upgrade,
    'websocket',
  )
  equal(head('HTTP/1.1 200 OK\r\nUpgrade: h2c\r\n').upgrade, undefined)
})

test('equal field blocks share their fields, and the status is judged each time', () => {
  const block = 'Content-Length: 5\r\n'
  equal(head(`HTTP/1.1 200 OK\r\n${block}`).headers, head(`HTTP/1.1 404 Not Found\r\n${block}`).headers)
  equal(reason(`HTTP/1.1 204 No Content\r\n${block}`), 'content-length-not-allowed')
})

function head(text: string): ResponseHead {
  const parsed = grammar.parse(text)
  ok(parsed.ok, parsed.ok ? '' : parsed.error.reason)
  return parsed.value
}

function reason(text: string): string | undefined {
  const parsed = grammar.parse(text)
  return parsed.ok ? undefined : parsed.error.reason
}
