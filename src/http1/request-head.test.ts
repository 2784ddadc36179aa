import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'

import { DEFAULT_HTTP_LIMITS } from './limits.ts'
import { RequestGrammar, type RequestHead } from './request-head.ts'

const grammar = new RequestGrammar(DEFAULT_HTTP_LIMITS)

test('a head is one flat value with all that its fields say', () => {
  const text =
    'POST /a HTTP/1.1\r\nHost: api.example.com:8443\r\nX-A: 1\r\nContent-Length: 3\r\nTE: trailers\r\n'
  deepEqual(head(text), {
    method: 'POST',
    target: '/a',
    minor: 1,
    headers: ['Host', 'api.example.com:8443', 'X-A', '1', 'Content-Length', '3', 'TE', 'trailers'],
    repeated: false,
    host: 'api.example.com:8443',
    framing: { kind: 'length', length: 3 },
    keepAlive: true,
    connection: [],
    upgrade: undefined,
    expect: '',
    expectContinue: false,
    te: 'trailers',
  })
})

test('an upgrade counts where a connection option names it and the version is 1.1 (RFC 9110 §7.8)', () => {
  equal(
    head('GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n').upgrade,
    'websocket',
  )
  equal(head('GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n').upgrade, undefined)
  equal(head('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n').upgrade, undefined)
  equal(head('GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n').upgrade, undefined)
})

test('an expectation counts in 1.1 only, and only 100-continue is known (RFC 9110 §10.1.1)', () => {
  const known = head('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n')
  deepEqual([known.expect, known.expectContinue], ['100-Continue', true])
  const unknown = head('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nExpect: x\r\n')
  deepEqual([unknown.expect, unknown.expectContinue], ['100-continue, x', false])
  const old = head('PUT / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n')
  deepEqual([old.expect, old.expectContinue], ['', false])
})

test('the connection persists by version and options', () => {
  equal(head('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n').keepAlive, false)
  equal(head('GET / HTTP/1.0\r\nHost: a\r\n').keepAlive, false)
  equal(head('GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n').keepAlive, true)
})

test('every request of 1.1 has a Host, and a request of 1.0 may have none (RFC 9112 §3.2)', () => {
  equal(reason('GET / HTTP/1.1\r\nA: b\r\n'), 'host-missing')
  equal(head('GET / HTTP/1.0\r\nA: b\r\n').host, '')
  equal(reason('GET / HTTP/1.0\r\nHost:\r\n'), 'host-invalid')
})

test('equal field blocks share their fields, and the version is judged each time', () => {
  const block = 'Host: a\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n'
  const first = head(`GET /1 HTTP/1.1\r\n${block}`)
  const second = head(`GET /2 HTTP/1.0\r\n${block}`)
  equal(first.headers, second.headers)
  deepEqual([first.target, first.minor, first.expectContinue], ['/1', 1, true])
  deepEqual([second.target, second.minor, second.expectContinue], ['/2', 0, false])
})

test('a block that is fine in one version stays refused in the other', () => {
  const chunked = 'Host: a\r\nTransfer-Encoding: chunked\r\n'
  equal(head(`POST / HTTP/1.1\r\n${chunked}`).framing.kind, 'chunked')
  equal(reason(`POST / HTTP/1.0\r\n${chunked}`), 'transfer-encoding-http-1-0')
  equal(head(`POST / HTTP/1.1\r\n${chunked}`).framing.kind, 'chunked')
})

function head(text: string): RequestHead {
  const parsed = grammar.parse(text)
  ok(parsed.ok, parsed.ok ? '' : parsed.error.reason)
  return parsed.value
}

function reason(text: string): string | undefined {
  const parsed = grammar.parse(text)
  return parsed.ok ? undefined : parsed.error.reason
}
