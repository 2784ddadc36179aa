import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authenticationSpec, guardSpec } from '../../test/support/decision.ts'
import { LiveKeys } from '../keys/index.ts'
import { GuardSet, RouteGuards } from './guard-set.ts'
import type { Guard } from './plan.ts'
import type { RequirementSpec } from './spec.ts'

function guard(name: string, requirement: RequirementSpec): Guard {
  const authentication = { spec: authenticationSpec(name), keys: new LiveKeys([], []) }
  return { spec: guardSpec(name, requirement), authentication }
}

const list = (mode: 'whitelist' | 'blacklist', ...paths: readonly string[]): RequirementSpec => ({
  mode,
  conditions: paths.map((path) => ({ host: '*', path })),
})

const names = (those: readonly { readonly spec: { readonly name: string } }[]): readonly string[] =>
  those.map(({ spec }) => spec.name)

test('no guards ask for nothing', () => {
  const cover = new GuardSet([]).cover('a.test', '/')
  assert.deepEqual(
    { required: cover.required, authentications: cover.authentications },
    { required: false, authentications: [] },
  )
})

test('only the guards that ask for a token may let the request in', () => {
  const set = new GuardSet([
    guard('all', { mode: 'all' }),
    guard('white', list('whitelist', '/open')),
    guard('black', list('blacklist', '/closed')),
    guard('optional', { mode: 'optional' }),
  ])
  const covers = Object.fromEntries(
    ['/open', '/closed', '/other'].map((path) => {
      const cover = set.cover('a.test', path)
      assert.ok(cover.required)
      return [path, names(cover.authentications)]
    }),
  )
  assert.deepEqual(covers, {
    '/open': ['all'],
    '/closed': ['all', 'white', 'black'],
    '/other': ['all', 'white'],
  })
})

test('optional guards count where none asks for a token', () => {
  const set = new GuardSet([
    guard('black', list('blacklist', '/closed')),
    guard('optional', { mode: 'optional' }),
  ])
  const cover = set.cover('a.test', '/other')
  assert.deepEqual([cover.required, names(cover.authentications)], [false, ['optional']])
})

test('a request that several conditions of one guard list is listed once', () => {
  const set = new GuardSet([guard('black', list('blacklist', '/*', '/a/*', '/a/b'))])
  assert.deepEqual(names(set.cover('a.test', '/a/b').authentications), ['black'])
})

test('requests that the same guards are asked about share one cover', () => {
  const set = new GuardSet([guard('black', list('blacklist', '/a/*', '/b/*'))])
  assert.equal(set.cover('a.test', '/a/1'), set.cover('other.test', '/b/2'))
  assert.equal(set.cover('a.test', '/x'), set.cover('b.test', '/y'))
  assert.notEqual(set.cover('a.test', '/a/1'), set.cover('a.test', '/x'))
})

test('more different covers than are kept are decided alike, early and late', () => {
  const guards = Array.from({ length: 3000 }, (_, i) => guard(`g${i}`, list('blacklist', `/${i}/*`)))
  const set = new GuardSet(guards)
  for (let round = 0; round < 2; round++) {
    for (const i of [0, 1, 1023, 1024, 1025, 2999, ...Array.from({ length: 1500 }, (_, k) => k * 2)]) {
      assert.deepEqual(names(set.cover('a.test', `/${i}/x`).authentications), [`g${i}`])
    }
  }
})

test('explain tells of every guard whether it asks, and by which condition, the most specific first', () => {
  const set = new GuardSet([
    guard('white', list('whitelist', '/a/*', '/a/b')),
    guard('black', list('blacklist', '/b/*')),
    guard('all', { mode: 'all' }),
  ])
  assert.deepEqual(
    set
      .explain('a.test', '/a/b')
      .map(({ guard: { spec }, needs, condition }) => [spec.name, needs, condition?.path]),
    [
      ['white', false, '/a/b'],
      ['black', false, undefined],
      ['all', true, undefined],
    ],
  )
})

test('explain and cover agree', () => {
  const set = new GuardSet([
    guard('white', list('whitelist', '/a/*')),
    guard('black', list('blacklist', '/a/b', '/c')),
    guard('optional', { mode: 'optional' }),
  ])
  for (const path of ['/', '/a/', '/a/b', '/a/b/', '/c', '/c/']) {
    const asking = set.explain('a.test', path).filter(({ needs }) => needs)
    const cover = set.cover('a.test', path)
    assert.deepEqual(
      cover.required ? names(cover.authentications) : [],
      names(asking.map((each) => each.guard)),
    )
  }
})

test('the guards of a route and the global ones ask together', () => {
  const own = new GuardSet([guard('own', list('blacklist', '/own/*', '/both/*'))])
  const global = new GuardSet([guard('global', list('blacklist', '/global/*', '/both/*'))])
  const route = new RouteGuards(own, global)
  assert.equal(route.size, 2)
  for (const [path, expected] of [
    ['/own/x', ['own']],
    ['/global/x', ['global']],
    ['/both/x', ['own', 'global']],
    ['/x', []],
  ] as const) {
    const cover = route.cover('a.test', path)
    assert.deepEqual([names(cover.authentications), cover.required], [expected, expected.length > 0], path)
  }
  assert.deepEqual(
    route.explain('a.test', '/own/x').map(({ guard: { spec }, needs }) => [spec.name, needs]),
    [
      ['own', true],
      ['global', false],
    ],
  )
})

test('what a route and the global guards ask together is worked out once', () => {
  const own = new GuardSet([guard('own', { mode: 'all' })])
  const route = new RouteGuards(own, new GuardSet([guard('global', { mode: 'all' })]))
  assert.equal(route.cover('a.test', '/a'), route.cover('b.test', '/b'))
})
