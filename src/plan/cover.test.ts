import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authenticationSpec } from '../../test/support/decision.ts'
import { claimRules } from '../../test/support/signer.ts'
import { LiveKeys } from '../keys/index.ts'
import { coverOf, Covers, joinCovers } from './cover.ts'
import type { Authentication } from './plan.ts'
import type { AuthenticationSpec } from './spec.ts'

function authentication(name: string, more: Partial<AuthenticationSpec> = {}): Authentication {
  return { spec: authenticationSpec(name, more), keys: new LiveKeys([], []) }
}

const ofIssuer = (name: string, issuer: string | undefined): Authentication =>
  authentication(name, { rules: claimRules(issuer === undefined ? {} : { issuer }) })

const names = (authentications: readonly Authentication[] | undefined): readonly string[] =>
  (authentications ?? []).map(({ spec }) => spec.name)

test('authentications that look in the same places are one search, in configured order', () => {
  const inCookie = { locations: [{ in: 'cookie', name: 'jwt' }] } as const
  const cover = coverOf(true, [authentication('a'), authentication('b', inCookie), authentication('c')])
  assert.deepEqual(
    cover.searches.map((search) => names(search.authentications)),
    [['a', 'c'], ['b']],
  )
  assert.deepEqual(names(cover.authentications), ['a', 'b', 'c'])
  assert.deepEqual(cover.searches[1]?.locations, inCookie.locations)
})

test('places in another order are another search', () => {
  const [query, cookie] = [{ in: 'query', name: 't' } as const, { in: 'cookie', name: 't' } as const]
  const cover = coverOf(true, [
    authentication('a', { locations: [query, cookie] }),
    authentication('b', { locations: [cookie, query] }),
  ])
  assert.equal(cover.searches.length, 2)
})

test('several rules of one authentication are tried once, and counted', () => {
  const [one, two] = [authentication('one'), authentication('two')]
  const cover = coverOf(true, [one, one, two, one])
  assert.deepEqual(names(cover.searches[0]?.authentications), ['one', 'two'])
  assert.deepEqual(names(cover.searches[0]?.candidates(undefined)), ['one', 'two'])
  assert.deepEqual(names(cover.authentications), ['one', 'two'])
  assert.equal(cover.rules, 4)
  assert.equal(joinCovers(cover, coverOf(true, [one])).rules, 5)
})

test('what is asked by the same authentications in the same order is one cover', () => {
  const [one, two] = [authentication('one'), authentication('two')]
  const covers = new Covers()
  const cover = covers.of(true, [one, two])
  assert.equal(covers.of(true, [one, two]), cover)
  const others = [
    covers.of(false, [one, two]),
    covers.of(true, [two, one]),
    covers.of(true, [one]),
    covers.of(true, [one, two, two]),
    covers.of(true, [authentication('one'), two]),
  ]
  assert.equal(new Set([cover, ...others]).size, 6)
  assert.deepEqual(covers.of(true, [two, one]).authentications, [two, one])
  const [optional, none] = [covers.of(false, [two]), covers.of(false, [])]
  assert.equal(joinCovers(cover, optional), cover)
  assert.equal(joinCovers(none, optional), optional)
  const joined = joinCovers(covers.of(true, [one]), covers.of(true, [two]))
  assert.equal(joinCovers(covers.of(true, [one]), covers.of(true, [two])), joined)
  assert.deepEqual([names(joined.authentications), joined.rules], [['one', 'two'], 2])
})

test('candidates are those of the issuer, then those of any', () => {
  const [search] = coverOf(true, [
    ofIssuer('any1', undefined),
    ofIssuer('a1', 'a'),
    ofIssuer('b', 'b'),
    ofIssuer('a2', 'a'),
    ofIssuer('any2', undefined),
  ]).searches
  assert.deepEqual(names(search?.candidates('a')), ['a1', 'a2', 'any1', 'any2'])
  assert.deepEqual(names(search?.candidates('b')), ['b', 'any1', 'any2'])
  assert.deepEqual(names(search?.candidates('c')), ['any1', 'any2'])
  assert.deepEqual(names(search?.candidates(undefined)), ['any1', 'any2'])
})

test('without an authentication of any issuer, an issuer that is not configured has no candidates', () => {
  const [search] = coverOf(true, [ofIssuer('a', 'a'), ofIssuer('empty', '')]).searches
  assert.deepEqual(names(search?.candidates('b')), [])
  assert.deepEqual(names(search?.candidates(undefined)), [])
  assert.deepEqual(names(search?.candidates('')), ['empty'])
  assert.deepEqual(names(search?.candidates('__proto__')), [])
})

test('a form is wanted where one of the places is a form field', () => {
  const form = authentication('form', {
    locations: [
      { in: 'header', name: 'X', prefix: '' },
      { in: 'form', name: 'jwt' },
    ],
  })
  assert.equal(coverOf(true, [authentication('a'), form]).wantsForm, true)
  assert.equal(coverOf(true, [authentication('a')]).wantsForm, false)
})

test('of two covers, one that asks for a token silences one that does not', () => {
  const asking = coverOf(true, [authentication('asking')])
  const other = coverOf(true, [authentication('other')])
  const optional = coverOf(false, [authentication('optional')])
  const nothing = coverOf(false, [])
  const joined = (a: typeof asking, b: typeof asking): readonly [boolean, readonly string[]] => {
    const cover = joinCovers(a, b)
    return [cover.required, names(cover.authentications)]
  }
  assert.deepEqual(joined(asking, other), [true, ['asking', 'other']])
  for (const silent of [optional, nothing]) {
    assert.deepEqual(joined(asking, silent), [true, ['asking']])
    assert.deepEqual(joined(silent, asking), [true, ['asking']])
  }
  assert.deepEqual(joined(optional, nothing), [false, ['optional']])
  assert.deepEqual(joined(nothing, optional), [false, ['optional']])
  assert.deepEqual(joined(nothing, nothing), [false, []])
  assert.deepEqual(joined(optional, coverOf(false, [authentication('second')])), [
    false,
    ['optional', 'second'],
  ])
})
