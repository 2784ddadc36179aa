import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  authenticationSpec,
  hmacIssuer,
  keysOf,
  NOW_SECONDS,
  requestOf,
} from '../../test/support/decision.ts'
import { claimRules } from '../../test/support/signer.ts'
import { DEFAULT_TOKEN_LIMITS } from '../jwt/index.ts'
import { LiveKeys } from '../keys/index.ts'
import type { Result } from '../kernel/result.ts'
import { coverOf, type Cover } from '../plan/cover.ts'
import type { Authentication } from '../plan/plan.ts'
import type { AuthenticationSpec } from '../plan/spec.ts'
import { AddressSet, Trace } from '../policy/index.ts'
import { TokenCache } from './token-cache.ts'
import { CHECKS_AT_ONCE } from './signature-checks.ts'
import { authenticate, type AuthenticationRefusal } from './authenticate.ts'
import type { Principal } from './principal.ts'
import { TokenWait } from './token-wait.ts'
import { Turnstile } from './turnstile.ts'

const issuer = hmacIssuer({ kid: 'k1' })
const stranger = hmacIssuer({ kid: 'k1' })

function authentication(name: string, more: Partial<AuthenticationSpec> = {}): Authentication {
  const spec = authenticationSpec(name, { keys: issuer.keys, ...more })
  return { spec, keys: new LiveKeys(spec.keys, []) }
}

function run(
  cover: Cover,
  headers: readonly string[],
  trace?: Trace,
): Result<Principal | undefined, AuthenticationRefusal> {
  const places = { headers, query: undefined, form: undefined }
  const outcome = authenticate({ ...CIRCUMSTANCES, cover, places, tokens: new TokenCache() }, trace)
  if (outcome.ok) return outcome
  const { error } = outcome
  return error instanceof TokenWait ? assert.fail('nothing is waited for here') : { ok: false, error }
}

const CIRCUMSTANCES = {
  request: requestOf(),
  trustedPeers: new AddressSet([]),
  nowMs: NOW_SECONDS * 1000,
  limits: DEFAULT_TOKEN_LIMITS,
  signatures: CHECKS_AT_ONCE,
  turnstile: new Turnstile({ now: () => NOW_SECONDS * 1000 }),
  awaited: undefined,
}

test('a token that comes a third time is the same principal, who says that he came before', () => {
  const cover = coverOf(true, [authentication('a')])
  const places = { headers: withToken(issuer.token()), query: undefined, form: undefined }
  const tokens = new TokenCache()
  const outcomes = [1, 2, 3].map(() => authenticate({ ...CIRCUMSTANCES, cover, places, tokens }, undefined))
  const [first, second, third] = outcomes.map((outcome) => (outcome.ok ? outcome.value : assert.fail()))
  // The first is not kept: most tokens of some clients never come again.
  assert.notEqual(second, first)
  assert.equal(third, second)
  assert.deepEqual([first?.repeated, third?.repeated], [false, true])
})

test('a token is another principal for another authentication, at another place, and by another key', () => {
  const one = authentication('a')
  const both = {
    locations: [
      { in: 'header', name: 'Authorization', prefix: 'Bearer ' },
      { in: 'header', name: 'X-Token', prefix: 'Bearer ' },
    ],
  } as const
  const elsewhere = authentication('b', both)
  const rotated = authentication('c', { keys: hmacIssuer({ kid: 'k1' }).keys })
  const tokens = new TokenCache()
  const text = `Bearer ${issuer.token()}`
  const principal = (of: Authentication, name = 'Authorization'): Principal | undefined => {
    const places = { headers: [name, text], query: undefined, form: undefined }
    const outcome = authenticate({ ...CIRCUMSTANCES, cover: coverOf(true, [of]), places, tokens }, undefined)
    return outcome.ok ? outcome.value : undefined
  }
  principal(one)
  const known = principal(one)
  assert.ok(known !== undefined)
  assert.equal(principal(one), known)
  assert.notEqual(principal(elsewhere), known)
  assert.equal(principal(elsewhere, 'X-Token')?.location, both.locations[1])
  assert.equal(principal(rotated), undefined)
  const changing = authentication('d')
  const before = principal(changing)
  assert.equal(principal(changing), before)
  Object.assign(changing, { keys: new LiveKeys(keysOf(issuer.signer.jwk), []) })
  assert.notEqual(principal(changing), before)
  assert.notEqual(principal(changing)?.key, before?.key)
})

const withToken = (token: string): readonly string[] => ['Authorization', `Bearer ${token}`]

function refusalOf(cover: Cover, headers: readonly string[]): AuthenticationRefusal {
  const outcome = run(cover, headers)
  return outcome.ok ? assert.fail('let in') : outcome.error
}

test('a good token gives a principal with its authentication, claims, key and place', () => {
  const main = authentication('main')
  const outcome = run(coverOf(true, [main]), withToken(issuer.token({ role: 'x' })))
  assert.ok(outcome.ok)
  assert.equal(outcome.value?.authentication, main)
  assert.equal(outcome.value.claims['role'], 'x')
  assert.equal(outcome.value.key.kid, 'k1')
  assert.equal(outcome.value.location, main.spec.locations[0])
})

test('where nothing is asked, nobody is found, whatever the request holds', () => {
  for (const headers of [[], withToken('garbage'), withToken(issuer.token())]) {
    const outcome = run(coverOf(false, []), headers)
    assert.ok(outcome.ok)
    assert.equal(outcome.value, undefined)
  }
})

test('an optional authentication finds who has a good token, and nobody otherwise', () => {
  const cover = coverOf(false, [authentication('main')])
  const found = run(cover, withToken(issuer.token()))
  assert.ok(found.ok)
  assert.equal(found.value?.claims['sub'], 'user')
  const expired = issuer.token({ exp: NOW_SECONDS - 3600 })
  for (const headers of [
    [],
    withToken('x'),
    withToken(stranger.token()),
    withToken(expired),
    ['Authorization', 'Basic x'],
  ]) {
    const outcome = run(cover, headers)
    assert.ok(outcome.ok)
    assert.equal(outcome.value, undefined)
  }
})

test('a missing token is told in the words and by the name of the first authentication', () => {
  const cover = coverOf(true, [
    authentication('first', { refusals: 'function-compute' }),
    authentication('second'),
  ])
  const { refusal, style } = refusalOf(cover, [])
  assert.deepEqual(
    [refusal.code, refusal.reason, refusal.by, style],
    ['GW_TOKEN_MISSING', 'token-missing', 'first', 'function-compute'],
  )
})

test('a bad token is told in the words and by the name of the authentication that it came furthest with', () => {
  const rules = { clock: claimRules({ issuer: 'i' }), none: claimRules() }
  const cover = coverOf(true, [
    authentication('far', { keys: stranger.keys, rules: rules.none }),
    authentication('near', { rules: rules.none, refusals: 'function-compute' }),
  ])
  const { refusal, style } = refusalOf(cover, withToken(issuer.token({ exp: NOW_SECONDS - 3600 })))
  assert.deepEqual(
    [refusal.code, refusal.reason, refusal.by, style],
    ['GW_TOKEN_EXPIRED', 'expired', 'near', 'function-compute'],
  )
})

test('who cannot sign learns nothing of age, audience or issuer', () => {
  const cover = coverOf(true, [
    authentication('main', { rules: claimRules({ issuer: 'i', audiences: ['api'] }) }),
  ])
  for (const claims of [{ exp: 1 }, { aud: 'other' }, { nbf: 4e9 }, { exp: 'soon' }]) {
    const { refusal } = refusalOf(cover, withToken(stranger.token({ iss: 'i', ...claims })))
    assert.deepEqual([refusal.code, refusal.reason], ['GW_TOKEN_INVALID', 'signature-mismatch'])
  }
})

test('a rejection names the claim concerned and never its value', () => {
  const cover = coverOf(true, [authentication('main', { rules: claimRules({ audiences: ['api'] }) })])
  const { refusal } = refusalOf(cover, withToken(issuer.token({ aud: 'secret-audience' })))
  assert.match(refusal.detail ?? '', /`aud`/)
  assert.ok(!JSON.stringify(refusal).includes('secret-audience'))
})

test('one search that finds no token does not spoil another that does', () => {
  const inCookie = authentication('cookie', { locations: [{ in: 'cookie', name: 'jwt' }] })
  const cover = coverOf(true, [authentication('header'), inCookie])
  const outcome = run(cover, ['Cookie', `jwt=${issuer.token()}`])
  assert.ok(outcome.ok)
  assert.equal(outcome.value?.authentication, inCookie)
  // Of a missing token and a bad one, the bad one is told.
  assert.equal(refusalOf(cover, ['Cookie', 'jwt=bad']).refusal.reason, 'not-three-parts')
  assert.equal(refusalOf(cover, withToken('bad')).refusal.reason, 'not-three-parts')
  assert.equal(refusalOf(cover, []).refusal.reason, 'token-missing')
})

test('a key set without usable keys lets nobody in', () => {
  const cover = coverOf(true, [authentication('empty', { keys: [] })])
  assert.equal(refusalOf(cover, withToken(issuer.token())).refusal.reason, 'no-keys')
})

test('the token limit of the plan holds before anything is decoded', () => {
  const cover = coverOf(true, [authentication('main')])
  const places = { headers: withToken(issuer.token()), query: undefined, form: undefined }
  const limits = { ...DEFAULT_TOKEN_LIMITS, maxTokenBytes: 20 }
  const outcome = authenticate(
    { ...CIRCUMSTANCES, cover, places, limits, tokens: new TokenCache() },
    undefined,
  )
  assert.ok(!outcome.ok && !(outcome.error instanceof TokenWait))
  assert.equal(outcome.error.refusal.reason, 'token-too-large')
})

test('a trace changes no outcome', () => {
  const covers = [coverOf(true, [authentication('main')]), coverOf(false, [authentication('main')])]
  const tokens = [issuer.token(), stranger.token(), issuer.token({ exp: 1 }), 'x', 'e30.e30.', '']
  for (const cover of covers) {
    for (const token of tokens) {
      const trace = new Trace(true)
      assert.deepEqual(run(cover, withToken(token), trace), run(cover, withToken(token)))
      assert.ok(trace.steps.length > 0)
    }
  }
})
