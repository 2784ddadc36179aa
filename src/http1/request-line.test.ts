import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'

import { DEFAULT_HTTP_LIMITS } from './limits.ts'
import { parseRequestLine, requestLineFits } from './request-line.ts'

const LIMITS = { ...DEFAULT_HTTP_LIMITS, maxMethodBytes: 8, maxTargetBytes: 16 }

test('method, target and minor version are read as they were sent (RFC 9112 §3)', () => {
  deepEqual(parse('GET /a%2Fb?c=d HTTP/1.1'), { method: 'GET', target: '/a%2Fb?c=d', minor: 1 })
  deepEqual(parse('POST / HTTP/1.0'), { method: 'POST', target: '/', minor: 0 })
  deepEqual(parse('get //a HTTP/1.1'), { method: 'get', target: '//a', minor: 1 })
  deepEqual(parse("X-!#$'+ /?{|}[\\] HTTP/1.1"), { method: "X-!#$'+", target: '/?{|}[\\]', minor: 1 })
})

test('the asterisk is for OPTIONS alone (RFC 9112 §3.2.4)', () => {
  deepEqual(parse('OPTIONS * HTTP/1.1'), { method: 'OPTIONS', target: '*', minor: 1 })
  equal(parse('GET * HTTP/1.1'), 'target-form')
  equal(parse('OPTIONS ** HTTP/1.1'), 'target-form')
  equal(parse('options * HTTP/1.1'), 'target-form')
})

test('targets with a host of their own are refused', () => {
  equal(parse('GET http://a/ HTTP/1.1'), 'target-form')
  equal(parse('GET a:80 HTTP/1.1'), 'target-form')
  equal(parse('CONNECT a:80 HTTP/1.1'), 'method-connect')
})

test('the three words have one space between them', () => {
  for (const line of [
    '',
    'GET',
    'GET /',
    'GET / ',
    'GET  / HTTP/1.1',
    'GET /  HTTP/1.1',
    'GET /a b HTTP/1.1',
    'GET HTTP/1.1',
  ]) {
    equal(parse(line), 'request-line', line)
  }
  for (const line of [
    'GET / HTTP/1.1 ',
    'GET / HTTP/11',
    'GET / HTTP/1x1',
    'GET / HTTP/x.1',
    'GET / XTTP/1.1',
    'GET / HTTP/1.11',
  ]) {
    equal(parse(line), 'request-line', line)
  }
})

test('versions of HTTP other than 1.0 and 1.1 are told so, before the target is judged', () => {
  for (const version of ['0.9', '1.2', '1.9', '2.0', '3.1', '9.9'])
    equal(parse(`PRI * HTTP/${version}`), 'version', version)
})

test('a method is a token and within its limit', () => {
  for (const line of [' / HTTP/1.1', 'G@T / HTTP/1.1', 'G\tT / HTTP/1.1', '\xc7 / HTTP/1.1'])
    equal(parse(line), 'method', line)
  equal(typeof parse('ABCDEFGH / HTTP/1.1'), 'object')
  equal(parse('ABCDEFGHI / HTTP/1.1'), 'method-too-long')
})

test('a target is within its limit, and made of characters that a target may have', () => {
  equal(typeof parse(`GET /${'a'.repeat(15)} HTTP/1.1`), 'object')
  equal(parse(`GET /${'a'.repeat(16)} HTTP/1.1`), 'target-too-long')
  for (const target of ['/#', '/?#', '/\\', '/{', '/"', '/\x00', '/?\x7f', '/\xe9', '/\t', '/?\r']) {
    equal(parse(`GET ${target} HTTP/1.1`), 'target-character', JSON.stringify(target))
  }
})

test('a head that is too large is told whether its first line is to blame', () => {
  equal(requestLineFits('GET / HTTP/1.1\r\nA: b', LIMITS), true)
  equal(requestLineFits(`GET /${'a'.repeat(40)}`, LIMITS), false)
  equal(requestLineFits(`GET /${'a'.repeat(40)} HTTP/1.1\r\nA: b`, LIMITS), false)
})

function parse(line: string) {
  return parseRequestLine(`${line}\r\nHost: a b\r\n`, line.length, LIMITS)
}
