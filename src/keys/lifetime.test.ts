import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { test } from 'node:test'
import fc from 'fast-check'
import { freshMsOf, retryAfterMsOf } from './lifetime.ts'

const DATE = 'Thu, 01 Jan 2026 00:00:00 GMT'
const LATER = 'Thu, 01 Jan 2026 00:01:00 GMT'
const DATE_MS = Date.parse(DATE)

/** `Cache-Control` and what it comes to, in milliseconds. */
function control(value: string, more: IncomingHttpHeaders = {}): number | undefined {
  return freshMsOf({ 'cache-control': value, ...more }, DATE_MS)
}

test('a server that says nothing says nothing', () => {
  assert.equal(freshMsOf({}, DATE_MS), undefined)
  assert.equal(freshMsOf({ age: '10', date: DATE, pragma: 'no-cache' }, DATE_MS), undefined)
  for (const value of [
    '',
    'public',
    'private, must-revalidate',
    'immutable',
    's-maxage=60',
    'x-max-age=60',
    ',',
  ])
    assert.equal(control(value), undefined, value)
})

test('max-age is counted in seconds, in any case and place (RFC 9111 §5.2.2.1)', () => {
  for (const value of [
    'max-age=60',
    'MAX-AGE=60',
    'public,max-age=60',
    ' public ,\tmax-age=60 ',
    'max-age="60"',
  ])
    assert.equal(control(value), 60_000, value)
  assert.equal(control('max-age=0'), 0)
  assert.equal(control('s-maxage=600, max-age=60'), 60_000)
})

test('what is no number of seconds is stale, and what is too large is large (§1.2.2, §4.2.1)', () => {
  for (const value of ['-1', '1.5', '1e3', '0x10', 'abc', '', '60s', '٦٠', ' 60', '9'.repeat(21)])
    assert.equal(control(`max-age=${value}`), 0, value)
  for (const value of ['2147483648', '99999999999', '9'.repeat(20)])
    assert.equal(control(`max-age=${value}`), 2 ** 31 * 1000, value)
})

test('of several, the first counts (§4.2.1)', () => {
  assert.equal(control('max-age=60, max-age=3600'), 60_000)
})

test('no-store and no-cache are zero, whatever stands beside them', () => {
  for (const value of ['no-store', 'No-Cache', 'max-age=60, no-store', 'no-cache, max-age=60'])
    assert.equal(control(value, { expires: LATER, date: DATE }), 0, value)
  // With a field it forbids less (§5.2.2.4).
  assert.equal(control('no-cache="set-cookie", max-age=60'), 60_000)
})

test('the time in caches on the way is taken off, and never makes less than nothing (§4.2.3)', () => {
  assert.equal(control('max-age=60', { age: '10' }), 50_000)
  assert.equal(control('max-age=60', { age: '61' }), 0)
  assert.equal(freshMsOf({ expires: LATER, date: DATE, age: '10' }, DATE_MS), 50_000)
  // An age that is none is not looked at (§5.1).
  for (const age of ['', 'x', '-5', '1.5']) assert.equal(control('max-age=60', { age }), 60_000, age)
})

test('Expires counts from Date, and only where there is no max-age (§5.3)', () => {
  assert.equal(freshMsOf({ expires: LATER, date: DATE }, DATE_MS), 60_000)
  assert.equal(control('public', { expires: LATER, date: DATE }), 60_000)
  assert.equal(control('max-age=5', { expires: LATER, date: DATE }), 5000)
  assert.equal(control('max-age=x', { expires: LATER, date: DATE }), 0)
  assert.equal(freshMsOf({ expires: DATE, date: LATER }, DATE_MS), 0)
})

test('an Expires that is no date is in the past', () => {
  for (const expires of ['0', '-1', '', 'never', 'Thu, 99 Foo 2026'])
    assert.equal(freshMsOf({ expires, date: DATE }, DATE_MS), 0, expires)
})

test('an Expires without a Date counts from when the answer came (RFC 9110 §6.6.1)', () => {
  for (const date of [undefined, '', 'now']) {
    assert.equal(freshMsOf({ expires: LATER, date }, DATE_MS), 60_000)
    assert.equal(freshMsOf({ expires: LATER, date }, DATE_MS + 20_000), 40_000)
    assert.equal(freshMsOf({ expires: LATER, date }, DATE_MS + 60_001), 0)
    assert.equal(freshMsOf({ expires: LATER, date, age: '10' }, DATE_MS), 50_000)
  }
  // Where there is one, the clock of this machine says nothing.
  assert.equal(freshMsOf({ expires: LATER, date: DATE }, DATE_MS + 3_600_000), 60_000)
})

/** `Retry-After` and what it comes to, in milliseconds. */
function retryAfter(value: string | undefined, date?: string, receivedAtMs = DATE_MS): number | undefined {
  return retryAfterMsOf({ 'retry-after': value, date }, receivedAtMs)
}

test('Retry-After is a number of seconds, or a date by the clock of who sent it (RFC 9110 §10.2.3)', () => {
  assert.deepEqual([retryAfter('120'), retryAfter(' 1 ')], [120_000, 1000])
  assert.equal(retryAfter('9'.repeat(400)), 2 ** 31 * 1000)
  assert.equal(retryAfter(LATER, DATE, DATE_MS + 3_600_000), 60_000)
  assert.equal(retryAfter(LATER), 60_000)
  for (const value of [undefined, '', '0', '-5', '1.5 s', 'soon', DATE])
    assert.equal(retryAfter(value), undefined, value)
})

test('whatever stands there, it is a time that is finite and not less than nothing', () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom('max-age=', '60', '"', ',', 'no-cache', DATE, LATER, '='),
  )
  const field = fc.option(
    fc.array(word).map((each) => each.join('')),
    { nil: undefined },
  )
  fc.assert(
    fc.property(field, field, field, field, (cacheControl, expires, date, age) => {
      const freshMs = freshMsOf({ 'cache-control': cacheControl, expires, date, age }, DATE_MS)
      assert.ok(freshMs === undefined || (Number.isFinite(freshMs) && freshMs >= 0))
    }),
  )
})
