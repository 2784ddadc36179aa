import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseForm } from '../inbound/fields/form.ts'
import type { TokenLocation } from '../plan/spec.ts'
import { describeLocation, findToken, type TokenPlaces } from './find-token.ts'

const BEARER: TokenLocation = { in: 'header', name: 'Authorization', prefix: 'Bearer ' }
const X_TOKEN: TokenLocation = { in: 'header', name: 'X-Token', prefix: '' }
const QUERY: TokenLocation = { in: 'query', name: 'token' }
const COOKIE: TokenLocation = { in: 'cookie', name: 'token' }
const FORM: TokenLocation = { in: 'form', name: 'token' }

function places(more: Partial<Omit<TokenPlaces, 'form'>> & { form?: string } = {}): TokenPlaces {
  const { form, ...rest } = more
  const type = { kind: 'urlencoded', contentType: 'application/x-www-form-urlencoded' } as const
  const parsed = form === undefined ? undefined : parseForm(type, Buffer.from(form))
  return { headers: [], query: undefined, form: parsed?.ok === true ? parsed.value : undefined, ...rest }
}

function outcome(locations: readonly TokenLocation[], at: TokenPlaces): string {
  const found = findToken(locations, at)
  if (found.kind === 'found') return `${found.token} in ${describeLocation(found.location)}`
  return found.kind === 'missing' ? 'missing' : `${found.reason} in ${describeLocation(found.location)}`
}

test('a token is found at each kind of place', () => {
  assert.equal(outcome([X_TOKEN], places({ headers: ['x-tOKEN', 'abc'] })), 'abc in header `X-Token`')
  assert.equal(outcome([QUERY], places({ query: 'x=1&token=abc' })), 'abc in query parameter `token`')
  assert.equal(outcome([COOKIE], places({ headers: ['cookie', 'x=1; token=abc'] })), 'abc in cookie `token`')
  assert.equal(outcome([FORM], places({ form: 'x=1&token=abc' })), 'abc in form field `token`')
})

test('the prefix is removed, with its one space and no other', () => {
  const at = (value: string): TokenPlaces => places({ headers: ['Authorization', value] })
  assert.equal(outcome([BEARER], at('Bearer abc')), 'abc in header `Authorization` with prefix `Bearer `')
  assert.match(outcome([BEARER], at('Bearer  abc')), /^ abc in/)
  for (const value of [
    'abc',
    'Bearerabc',
    'bearer abc',
    'Bearer\tabc',
    'Bearer',
    'Bearer\u00a0abc',
    'Bear abc',
  ]) {
    assert.equal(
      outcome([BEARER], at(value)),
      'prefix-mismatch in header `Authorization` with prefix `Bearer `',
    )
  }
})

test('the first place that holds anything decides', () => {
  const order = [BEARER, QUERY, COOKIE, FORM]
  const all = {
    headers: ['Cookie', 'token=c', 'Authorization', 'Basic x'],
    query: 'token=q',
    form: 'token=f',
  }
  assert.match(outcome(order, places(all)), /^prefix-mismatch/)
  assert.match(outcome(order, places({ ...all, headers: ['Cookie', 'token=c'] })), /^q in query/)
  assert.match(
    outcome(order, places({ ...all, headers: ['Cookie', 'token=c'], query: 'x=1' })),
    /^c in cookie/,
  )
  assert.match(outcome(order, places({ form: 'token=f' })), /^f in form/)
  assert.equal(outcome(order, places()), 'missing')
  assert.equal(outcome([], places(all)), 'missing')
})

test('an empty place holds nothing', () => {
  const empty = places({
    headers: ['Authorization', '', 'Cookie', 'token=; x=1', 'X-Token', ''],
    query: 'token=&token',
    form: 'token=',
  })
  assert.equal(outcome([BEARER, X_TOKEN, QUERY, COOKIE, FORM], empty), 'missing')
  assert.match(outcome([QUERY], places({ query: 'token=&token=a' })), /^a in query/)
})

test('two different texts at one place are refused, equal ones are one', () => {
  for (const [locations, twice, same] of [
    [
      [X_TOKEN],
      places({ headers: ['X-Token', 'a', 'x-token', 'b'] }),
      places({ headers: ['X-Token', 'a', 'x-token', 'a'] }),
    ],
    [[QUERY], places({ query: 'token=a&token=b' }), places({ query: 'token=a&%74oken=a' })],
    [
      [COOKIE],
      places({ headers: ['Cookie', 'token=a; token=b'] }),
      places({ headers: ['Cookie', 'token=a', 'Cookie', 'token=a'] }),
    ],
    [[FORM], places({ form: 'token=a&token=b' }), places({ form: 'token=a&token=a' })],
  ] as const) {
    assert.match(outcome(locations, twice), /^several-tokens/)
    assert.match(outcome(locations, same), /^a in/)
  }
  assert.match(
    outcome([X_TOKEN], places({ headers: ['X-Token', 'a', 'X-Token', 'a', 'X-Token', 'b'] })),
    /^several/,
  )
})

test('two tokens that differ at a place that is not looked at do not matter', () => {
  const at = places({ headers: ['X-Token', 'a'], query: 'token=b&token=c' })
  assert.match(outcome([X_TOKEN], at), /^a in/)
  assert.match(outcome([X_TOKEN, QUERY], at), /^a in/)
})

test('names are exact but for the case of headers', () => {
  assert.equal(outcome([QUERY], places({ query: 'Token=a&token[]=b&tokens=c&xtoken=d' })), 'missing')
  assert.equal(outcome([COOKIE], places({ headers: ['Cookie', 'TOKEN=a; tokens=b; x_token=c'] })), 'missing')
  assert.equal(outcome([X_TOKEN], places({ headers: ['X_Token', 'a', 'X-Token2', 'b'] })), 'missing')
})

test('a cookie is read whole, equals signs and all, and without its quotes', () => {
  assert.match(outcome([COOKIE], places({ headers: ['Cookie', 'token=a=b=='] })), /^a=b== in/)
  assert.match(outcome([COOKIE], places({ headers: ['Cookie', 'token="a.b.c"'] })), /^a\.b\.c in/)
})

test('a form that the request does not have holds no token', () => {
  assert.equal(outcome([FORM], places({ query: 'token=a' })), 'missing')
})
