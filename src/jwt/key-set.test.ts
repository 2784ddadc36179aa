import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSigner } from '../../test/support/signer.ts'
import { A2, A3 } from '../../test/support/rfc7515.ts'
import type { JsonValue } from '../kernel/json.ts'
import { createKeySet, readKeySet, selectKey } from './key-set.ts'
import type { Algorithm } from './types.ts'

const RSA = A2.jwk
const EC = A3.jwk

function chosen(jwks: readonly JsonValue[], alg: Algorithm, kid?: string): string {
  const selected = selectKey({ alg, kid }, createKeySet(readKeySet({ keys: jwks }).keys))
  return selected.ok ? `${selected.value.label} ${selected.value.type}` : selected.error.reason
}

test('the key of the kid is chosen, and the kid is compared exactly', () => {
  const keys = [
    { ...RSA, kid: 'one' },
    { ...EC, kid: 'two' },
  ]
  assert.equal(chosen(keys, 'RS256', 'one'), 'kid "one" RSA')
  assert.equal(chosen(keys, 'ES256', 'two'), 'kid "two" EC')
  for (const kid of ['One', 'one ', 'on', '', 'constructor', '__proto__', '../one']) {
    assert.equal(chosen(keys, 'RS256', kid), 'kid-unknown', kid)
  }
})

test('a key named like a member of Object.prototype is a key like every other', () => {
  assert.equal(chosen([{ ...RSA, kid: '__proto__' }], 'RS256', '__proto__'), 'kid "__proto__" RSA')
})

test('a token without a kid gets the key without a kid only', () => {
  assert.equal(chosen([RSA], 'RS256'), 'the key without a kid RSA')
  assert.equal(chosen([{ ...RSA, kid: 'one' }], 'RS256'), 'kid-missing')
  assert.equal(chosen([RSA, { ...EC, kid: 'two' }], 'ES256'), 'alg-not-of-key')
})

test('a token with a kid never gets the key without one', () => {
  assert.equal(chosen([RSA], 'RS256', 'one'), 'kid-unknown')
})

test('an empty kid in a key is none', () => {
  assert.equal(chosen([{ ...RSA, kid: '' }], 'RS256'), 'the key without a kid RSA')
})

test('the algorithm of the token must be one of the key', () => {
  assert.equal(chosen([{ ...RSA, kid: 'one', alg: 'RS256' }], 'RS512', 'one'), 'alg-not-of-key')
  assert.equal(chosen([{ ...RSA, kid: 'one' }], 'HS256', 'one'), 'alg-not-of-key')
})

test('two keys of one kid are told apart by their algorithms', () => {
  const keys = [
    { ...RSA, kid: 'one', alg: 'RS256' },
    { ...EC, kid: 'one', alg: 'ES256' },
  ]
  assert.equal(chosen(keys, 'RS256', 'one'), 'kid "one" RSA')
  assert.equal(chosen(keys, 'ES256', 'one'), 'kid "one" EC')
})

test('an empty set has no keys', () => {
  assert.equal(chosen([], 'RS256'), 'no-keys')
})

test('keys that cannot be used are skipped and told of, and the others serve', () => {
  const { keys, problems } = readKeySet({
    keys: [
      { kty: 'AKP', kid: 'pq' },
      { ...RSA, kid: 'good' },
      { ...RSA, use: 'enc', kid: 'enc' },
      7,
      { ...EC, d: 'AAAA' },
    ],
  })
  assert.deepEqual(
    keys.map(({ kid }) => kid),
    ['good'],
  )
  assert.deepEqual(
    problems.map(({ kind, label }) => [kind, label]),
    [
      ['unsupported', 'kid "pq"'],
      ['use', 'kid "enc"'],
      ['malformed', 'keys[3]'],
      ['private', 'keys[4]'],
    ],
  )
})

test('what is no key set is one problem of shape, and has no keys', () => {
  for (const json of [
    null,
    'text',
    1,
    [],
    [RSA],
    {},
    { keys: {} },
    { keys: null },
    { Keys: [RSA] },
    RSA,
  ] as readonly JsonValue[]) {
    const { keys, problems } = readKeySet(json)
    assert.deepEqual([keys.length, problems.map(({ kind }) => kind)], [0, ['shape']])
  }
})

test('a single key in the place of a set is told how to become one', () => {
  const { problems } = readKeySet(RSA)
  assert.match(problems[0]!.hint!, /"keys": \[/)
})

test('an empty list of keys is a set without keys', () => {
  assert.deepEqual(readKeySet({ keys: [] }), { keys: [], problems: [] })
})

test('more keys than allowed are a problem of shape before any of them is read', () => {
  assert.equal(readKeySet({ keys: [RSA, EC] }, { maxKeys: 1 }).problems[0]?.kind, 'shape')
  assert.equal(readKeySet({ keys: Array<JsonValue>(101).fill(RSA) }).problems[0]?.kind, 'shape')
})

test('several keys without a kid are all skipped, and named by position', () => {
  const { keys, problems } = readKeySet({ keys: [RSA, { ...EC, kid: 'two' }, EC] })
  assert.deepEqual(
    keys.map(({ kid }) => kid),
    ['two'],
  )
  assert.equal(problems.length, 1)
  assert.equal(problems[0]!.kind, 'ambiguous')
  assert.match(problems[0]!.message, /`keys\[0\]`, `keys\[2\]` have no kid/)
})

test('two keys of one kid and one algorithm are both skipped', () => {
  const other = createSigner('RS256', { kid: 'one' }).jwk
  const { keys, problems } = readKeySet({ keys: [{ ...RSA, kid: 'one' }, other, { ...EC, kid: 'two' }] })
  assert.deepEqual(
    keys.map(({ kid }) => kid),
    ['two'],
  )
  assert.deepEqual(
    problems.map(({ kind, label }) => [kind, label]),
    [['ambiguous', 'kid "one"']],
  )
})

test('of very many keys that clash, the first are named, and no more are compared', () => {
  const many = Array.from({ length: 200 }, () => createSigner('EdDSA').jwk)
  for (const keys of [many, many.map((jwk) => ({ ...jwk, kid: 'one' }))]) {
    const reading = readKeySet({ keys: [...keys, { ...EC, kid: 'two' }] }, { maxKeys: 1000 })
    assert.deepEqual(
      reading.keys.map(({ kid }) => kid),
      ['two'],
    )
    assert.equal(reading.problems.length, 1)
    assert.match(reading.problems[0]!.message, /`keys\[0\]`, .*`keys\[13\]` and perhaps others have /)
    assert.doesNotMatch(reading.problems[0]!.message, /keys\[14\]/)
  }
})

test('the same key listed twice is one key', () => {
  for (const jwk of [RSA, { ...RSA, kid: 'one' }]) {
    const { keys, problems } = readKeySet({ keys: [jwk, jwk] })
    assert.deepEqual([keys.length, problems.length], [1, 0])
  }
})
