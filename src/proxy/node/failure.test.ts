import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errors } from 'undici'
import { CarriedRefusal } from './carried-refusal.ts'
import { codedError, isReset, isUnsendable, refusalOf, wasReused } from './failure.ts'

const BACKEND = { name: 'orders', url: 'http://10.0.0.1:9000' }

test('each kind of failure has a public code, a reason, and a next step that names the backend', () => {
  const expected: Readonly<Record<string, readonly [string, string]>> = {
    ECONNREFUSED: ['GW_UPSTREAM_UNREACHABLE', 'connection-refused'],
    ENOTFOUND: ['GW_UPSTREAM_UNREACHABLE', 'name-unknown'],
    EHOSTUNREACH: ['GW_UPSTREAM_UNREACHABLE', 'no-route'],
    UND_ERR_CONNECT_TIMEOUT: ['GW_UPSTREAM_TIMEOUT', 'connect-timeout'],
    UND_ERR_HEADERS_TIMEOUT: ['GW_UPSTREAM_TIMEOUT', 'first-byte-timeout'],
    UND_ERR_BODY_TIMEOUT: ['GW_UPSTREAM_TIMEOUT', 'idle-timeout'],
    CERT_HAS_EXPIRED: ['GW_UPSTREAM_UNREACHABLE', 'certificate-expired'],
    ECONNRESET: ['GW_UPSTREAM_PROTOCOL', 'closed'],
    UND_ERR_HEADERS_OVERFLOW: ['GW_UPSTREAM_PROTOCOL', 'head-too-large'],
    UND_ERR_INVALID_ARG: ['GW_INTERNAL', 'unsendable-request'],
    SOMETHING_NEW: ['GW_UPSTREAM_PROTOCOL', 'unknown'],
  }
  for (const [code, [publicCode, reason]] of Object.entries(expected)) {
    const refusal = refusalOf(codedError(code), BACKEND)
    assert.deepEqual([refusal.code, refusal.reason, refusal.by], [publicCode, reason, 'orders'])
    assert.match(refusal.detail ?? '', /`http:\/\/10\.0\.0\.1:9000`/)
    assert.doesNotMatch(refusal.detail ?? '', /[.\n]$|\{url\}/)
  }
})

test('what is not HTTP is told in the words of the parser, and never in those of the backend', () => {
  const byUndici = new errors.HTTPParserError(
    'Response does not match the HTTP/1.1 protocol (Invalid chunk size)',
  )
  const byNode = Object.assign(codedError('HPE_INVALID_CHUNK_SIZE'), { reason: 'Invalid chunk size' })
  for (const error of [byUndici, byNode]) {
    const { code, reason, detail } = refusalOf(error, BACKEND)
    assert.deepEqual([code, reason], ['GW_UPSTREAM_PROTOCOL', 'not-http'])
    assert.match(detail ?? '', /is not well-formed HTTP\/1.1 \(Invalid chunk size\); check/)
  }
  const odd = Object.assign(codedError('HPE_X'), { reason: 'quoted: \r\nSet-Cookie' })
  assert.doesNotMatch(refusalOf(odd, BACKEND).detail ?? '', /Cookie/)
})

test('what is no Error with a code is unknown', () => {
  for (const error of [undefined, 'text', new Error('x'), { code: 'ECONNREFUSED' }]) {
    assert.equal(refusalOf(error, BACKEND).reason, 'unknown')
  }
})

test('a refusal that was carried comes out as it went in', () => {
  const refusal = { code: 'GW_REQUEST_TIMEOUT', reason: 'body-idle' } as const
  assert.equal(refusalOf(new CarriedRefusal(refusal), BACKEND), refusal)
  assert.ok(isUnsendable(new CarriedRefusal(refusal)))
})

test('only a broken connection that had served before counts as stale', () => {
  assert.ok(isReset(codedError('ECONNRESET')) && isReset(new errors.SocketError('other side closed')))
  assert.ok(!isReset(codedError('ECONNREFUSED')) && !isReset(codedError('UND_ERR_HEADERS_TIMEOUT')))
  const socketError = (bytesRead: number): Error =>
    Object.assign(new errors.SocketError('closed'), { socket: { bytesRead } })
  assert.equal(wasReused(socketError(0)), false)
  assert.equal(wasReused(socketError(1)), true)
  assert.equal(wasReused(codedError('EPIPE')), true)
})
