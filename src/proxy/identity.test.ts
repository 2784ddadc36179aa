import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authenticationSpec, hmacIssuer } from '../../test/support/decision.ts'
import type { Principal } from '../authn/index.ts'
import { LiveKeys } from '../keys/index.ts'
import { isJsonObject, parseJson } from '../kernel/json.ts'
import type { ClaimMapping } from '../plan/spec.ts'
import { Trace } from '../policy/index.ts'
import { identityOf, type Identity } from './identity.ts'

const issuer = hmacIssuer()

function principalOf(json: string, forward: readonly ClaimMapping[]): Principal {
  const parsed = parseJson(json)
  const claims = parsed.ok && isJsonObject(parsed.value) ? parsed.value : assert.fail()
  const spec = authenticationSpec('main', { keys: issuer.keys, forward })
  const [key] = issuer.keys
  const [location] = spec.locations
  assert.ok(key !== undefined && location !== undefined)
  const authentication = { spec, keys: new LiveKeys(spec.keys, []) }
  return { authentication, location, claims, key, repeated: false }
}

const PLACES = ['header', 'query', 'form', 'cookie'] as const
const mapping = (claim: string, place: ClaimMapping['in'], name = 'x'): ClaimMapping => ({
  claim: [claim],
  in: place,
  name,
})

/** By place, names and texts in turn. */
type Pairs = Readonly<Record<ClaimMapping['in'], readonly string[]>>

function identity(json: string, ...forward: readonly ClaimMapping[]): Pairs {
  const outcome = identityOf(principalOf(json, forward), undefined)
  return outcome.ok ? pairsOf(outcome.value) : assert.fail(outcome.error.reason)
}

function pairsOf(value: Identity): Pairs {
  return { ...value, header: value.header.pairs }
}

test('each claim goes to its place under its name, in configured order', () => {
  const json = '{"a":"1","b":2,"c":true,"d":["x"]}'
  const all = identity(
    json,
    mapping('a', 'header', 'X-A'),
    mapping('b', 'query', 'b'),
    mapping('c', 'form', 'c'),
    mapping('d', 'cookie', 'd'),
    mapping('b', 'header', 'X-B'),
  )
  assert.deepEqual(all, {
    header: ['X-A', '1', 'X-B', '2'],
    query: ['b', '2'],
    form: ['c', 'true'],
    cookie: ['d', '["x"]'],
  })
})

test('nobody has no identity, and neither has a token without the mapped claims', () => {
  const nothing = { header: [], query: [], form: [], cookie: [] }
  const outcome = identityOf(undefined, undefined)
  assert.ok(outcome.ok)
  assert.deepEqual(pairsOf(outcome.value), nothing)
  assert.deepEqual(
    identity('{"a":null}', ...PLACES.flatMap((place) => [mapping('a', place), mapping('b', place)])),
    nothing,
  )
})

test('a principal who comes again is worked out once, and one who comes once is not kept', () => {
  const principal = principalOf('{"a":"x"}', [mapping('a', 'header')])
  const first = identityOf(principal, undefined)
  principal.repeated = true
  const second = identityOf(principal, undefined)
  assert.notEqual(second, first)
  assert.deepEqual(second.ok && pairsOf(second.value), first.ok && pairsOf(first.value))
  assert.equal(identityOf(principal, undefined), second)
})

test('an empty claim is forwarded as an empty value', () => {
  for (const place of PLACES) assert.deepEqual(identity('{"a":""}', mapping('a', place))[place], ['x', ''])
})

test('a header gets UTF-8 bytes, the other places text', () => {
  const json = '{"a":"Jürgen"}'
  assert.deepEqual(identity(json, mapping('a', 'header')).header, [
    'x',
    Buffer.from('Jürgen').toString('latin1'),
  ])
  for (const place of ['query', 'form', 'cookie'] as const) {
    assert.deepEqual(identity(json, mapping('a', place))[place], ['x', 'Jürgen'])
  }
})

test('a claim that its place cannot carry unchanged refuses the request and names the mapping, not the claim’s value', () => {
  const cases: readonly (readonly [string, readonly ClaimMapping['in'][]])[] = [
    ['"s3cret\\r\\nX-Admin: 1"', ['header']],
    ['"s3cret\\n"', ['header']],
    ['"s3cret\\u0000"', ['header']],
    ['" s3cret"', ['header']],
    ['"s3cret "', ['header']],
    ['"s3cret\\ud800"', PLACES],
  ]
  for (const [value, refusing] of cases) {
    for (const place of PLACES) {
      const outcome = identityOf(principalOf(`{"a":${value}}`, [mapping('a', place, 'X-A')]), undefined)
      assert.equal(outcome.ok, !refusing.includes(place), `${value} in ${place}`)
      if (outcome.ok) continue
      const { code, reason, by, detail } = outcome.error
      assert.deepEqual([code, reason, by], ['GW_TOKEN_INVALID', 'claim-not-forwardable', 'main'])
      assert.match(detail ?? '', /claim `a` to \w+ `X-A`/)
      assert.ok(!JSON.stringify(outcome.error).includes('s3cret'))
    }
  }
})

test('what is not forwarded is never looked at', () => {
  assert.deepEqual(identity('{"a":"1","bad":"\\r\\n"}', mapping('a', 'header')).header, ['x', '1'])
})

test('the trace shows a claim’s value to its holder alone', () => {
  const principal = principalOf('{"a":"s3cret"}', [mapping('a', 'header', 'X-A'), mapping('b', 'query', 'b')])
  for (const showsValues of [true, false]) {
    const trace = new Trace(showsValues)
    identityOf(principal, trace)
    assert.deepEqual(
      trace.steps.map(({ outcome }) => outcome),
      ['passed', 'noted'],
    )
    assert.equal(JSON.stringify(trace.steps).includes('s3cret'), showsValues)
  }
})
