import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authenticationSpec, guardSpec } from '../../test/support/decision.ts'
import { claimRules } from '../../test/support/signer.ts'
import { LiveKeys } from '../keys/index.ts'
import { coverOf, joinCovers } from './cover.ts'
import type { Authentication, Guard } from './plan.ts'
import type { AuthenticationSpec } from './spec.ts'

function authentication(name: string, more: Partial<AuthenticationSpec> = {}): Authentication {
  return { spec: authenticationSpec(name, more), keys: new LiveKeys([], []) }
}

function guard(of: Authentication, name = of.spec.name): Guard {
  return { spec: guardSpec(of.spec.name, { mode: 'all' }, name), authentication: of }
}

const ofIssuer = (name: string, issuer: string | undefined): Guard =>
  guard(authentication(name, { rules: claimRules(issuer === undefined ? {} : { issuer }) }))

const names = (guards: readonly Guard[] | undefined): readonly string[] =>
  (guards ?? []).map(({ spec }) => spec.name)

test('guards that look in the same places are one search, in configured order', () => {
  const inCookie = { locations: [{ in: 'cookie', name: 'jwt' }] } as const
  const cover = coverOf(true, [
    guard(authentication('a')),
    guard(authentication('b', inCookie)),
    guard(authentication('c')),
  ])
  assert.deepEqual(
    cover.searches.map((search) => names(search.guards)),
    [['a', 'c'], ['b']],
  )
  assert.deepEqual(names(cover.guards), ['a', 'b', 'c'])
  assert.deepEqual(cover.searches[1]?.locations, inCookie.locations)
})

test('places in another order are another search', () => {
  const [query, cookie] = [{ in: 'query', name: 't' } as const, { in: 'cookie', name: 't' } as const]
  const cover = coverOf(true, [
    guard(authentication('a', { locations: [query, cookie] })),
    guard(authentication('b', { locations: [cookie, query] })),
  ])
  assert.equal(cover.searches.length, 2)
})

test('several rules of one authentication are tried once', () => {
  const one = authentication('one')
  const cover = coverOf(true, [
    guard(one, 'r1'),
    guard(one, 'r2'),
    guard(authentication('two'), 'r3'),
    guard(one, 'r4'),
  ])
  assert.deepEqual(names(cover.searches[0]?.guards), ['r1', 'r3'])
  assert.deepEqual(names(cover.searches[0]?.candidates(undefined)), ['r1', 'r3'])
  assert.deepEqual(names(cover.guards), ['r1', 'r2', 'r3', 'r4'])
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
  assert.equal(coverOf(true, [guard(authentication('a')), guard(form)]).wantsForm, true)
  assert.equal(coverOf(true, [guard(authentication('a'))]).wantsForm, false)
})

test('of two covers, one that asks for a token silences one that does not', () => {
  const asking = coverOf(true, [guard(authentication('asking'))])
  const other = coverOf(true, [guard(authentication('other'))])
  const optional = coverOf(false, [guard(authentication('optional'))])
  const nothing = coverOf(false, [])
  const joined = (a: typeof asking, b: typeof asking): readonly [boolean, readonly string[]] => {
    const cover = joinCovers(a, b)
    return [cover.required, names(cover.guards)]
  }
  assert.deepEqual(joined(asking, other), [true, ['asking', 'other']])
  for (const silent of [optional, nothing]) {
    assert.deepEqual(joined(asking, silent), [true, ['asking']])
    assert.deepEqual(joined(silent, asking), [true, ['asking']])
  }
  assert.deepEqual(joined(optional, nothing), [false, ['optional']])
  assert.deepEqual(joined(nothing, optional), [false, ['optional']])
  assert.deepEqual(joined(nothing, nothing), [false, []])
  assert.deepEqual(joined(optional, coverOf(false, [guard(authentication('second'))])), [
    false,
    ['optional', 'second'],
  ])
})
