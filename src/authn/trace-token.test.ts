import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  authenticationSpec,
  bearer,
  decisionOn,
  guardSpec,
  hmacIssuer,
  NOW_SECONDS,
  planOf,
  routeSpec,
} from '../../test/support/decision.ts'
import { keySource } from '../../test/support/key-source.ts'
import { claimRules, mint } from '../../test/support/signer.ts'
import type { ClaimRules } from '../jwt/index.ts'
import type { AuthenticationSpec } from '../plan/spec.ts'
import { Trace, type Step } from '../policy/index.ts'

const issuer = hmacIssuer({ kid: 'k1' })
const other = hmacIssuer({ kid: 'k2' })

function stepsOf(
  headers: readonly string[],
  rules: Partial<ClaimRules> = {},
  showsValues = true,
  material: Partial<AuthenticationSpec> = { keys: issuer.keys },
): readonly Step[] {
  const plan = planOf({
    authentications: [authenticationSpec('main', { ...material, rules: claimRules(rules) })],
    routes: [routeSpec({ guards: [guardSpec('main')] })],
  })
  const trace = new Trace(showsValues)
  decisionOn(plan, { headers }, NOW_SECONDS, trace)
  return trace.steps.filter(({ stage }) => ['token', 'key', 'signature', 'claims'].includes(stage))
}

const brief = (steps: readonly Step[]): readonly string[] =>
  steps.map(({ stage, outcome }) => `${stage} ${outcome}`)

test('a good token passes every step', () => {
  assert.deepEqual(brief(stepsOf(bearer(issuer.token()))), [
    'token passed',
    'key passed',
    'signature passed',
    'claims passed',
  ])
})

test('a refused token has the steps that it passed, then the one that it failed, and no more', () => {
  for (const [token, expected] of [
    ['x', ['token passed', 'token failed']],
    [other.token(), ['token passed', 'key failed']],
    [mint(other.signer, { exp: 4e9 }, { kid: 'k1' }), ['token passed', 'key passed', 'signature failed']],
    [issuer.token({ exp: 1 }), ['token passed', 'key passed', 'signature passed', 'claims failed']],
  ] as const) {
    assert.deepEqual(brief(stepsOf(bearer(token))), expected)
  }
})

test('a missing token names every place that was looked at', () => {
  const [step] = stepsOf([])
  assert.equal(step?.message, 'no token in header `Authorization` with prefix `Bearer `')
})

test('the steps name the authentication and where it is configured', () => {
  const failed = stepsOf(bearer(issuer.token({ exp: 1 }))).at(-1)
  assert.deepEqual([failed?.subject, failed?.origin], ['main', 'test:1'])
})

test('for the holder of the token both sides of a comparison are shown', () => {
  const last = (token: string, rules: Partial<ClaimRules> = {}): string =>
    stepsOf(bearer(token), rules).at(-1)?.message ?? ''
  assert.match(
    last(issuer.token({ exp: NOW_SECONDS - 90 })),
    /: 2027-01-15T07:58:30Z is 90 s ago, and the skew allowed is 0 s$/,
  )
  assert.match(last(issuer.token({ exp: NOW_SECONDS - 3 * 3600 })), /is 3 h ago/)
  assert.match(last(issuer.token({ exp: NOW_SECONDS - 600 })), /is 10 min ago/)
  assert.match(last(issuer.token({ nbf: NOW_SECONDS + 10 * 86_400 })), /is 10 days from now/)
  assert.match(
    last(issuer.token({ aud: ['x'] }), { audiences: ['api', 'web'] }),
    /says `\["x"\]`, configured is `\["api","web"\]`$/,
  )
  assert.match(last(issuer.token({ iss: 'b' }), { issuer: 'a' }), /says `"b"`, configured is `\["a"\]`$/)
  assert.match(last(issuer.token(), { subject: 'admin' }), /says `"user"`, configured is `"admin"`$/)
  assert.match(last(other.token()), /says `"k2"`, the keys are .*k1.*HS256/)
  assert.match(last(issuer.token({ exp: 'soon' })), /\(`exp`\): the token says `"soon"`$/)
})

test('keys are named once each, and where there is none it is said', () => {
  const message = (material: Partial<AuthenticationSpec>): string =>
    stepsOf(bearer(other.token()), {}, true, material).find(({ outcome }) => outcome === 'failed')?.message ??
    ''
  const [key] = issuer.keys
  assert.ok(key)
  assert.equal(message({ keys: [key, key, key] }).split('"k1"').length, 2)
  assert.match(message({ keys: [], keySources: [keySource()] }), /says `"k2"`, and there is no key$/)
})

test('values of any size and kind are shown briefly, and break nothing', () => {
  for (const exp of ['x'.repeat(10_000), [[[]]], null, { a: 1 }, false]) {
    const message = stepsOf(bearer(issuer.token({ exp }))).at(-1)?.message ?? ''
    assert.ok(message.length < 500)
  }
  const huge = mint(issuer.signer, '{"exp":1,"nbf":1e300}')
  assert.match(stepsOf(bearer(huge)).at(-1)?.message ?? '', /is past: 1970-01-01T00:00:01Z/)
  const negative = mint(issuer.signer, '{"exp":-1e300}')
  assert.match(stepsOf(bearer(negative)).at(-1)?.message ?? '', /`-1e\+?300`/)
})

test('for a log no step quotes a claim, a header parameter or the token', () => {
  const secrets = { iss: 'issuer-s3cret', sub: 'subject-s3cret', aud: 'audience-s3cret', name: 'name-s3cret' }
  const rules: readonly Partial<ClaimRules>[] = [
    {},
    { issuer: 'a' },
    { subject: 'a' },
    { audiences: ['a'] },
    { issuer: 'issuer-s3cret' },
  ]
  const tokens = [
    issuer.token(secrets),
    issuer.token({ ...secrets, exp: 1 }),
    issuer.token({ ...secrets, exp: 'time-s3cret' }),
    other.token(secrets),
    mint(issuer.signer, secrets, { kid: 'kid-s3cret' }),
    mint(issuer.signer, secrets, { alg: 'alg-s3cret' }),
    mint(issuer.signer, secrets, { crit: ['crit-s3cret'] }),
    'garbage-s3cret',
  ]
  for (const rule of rules) {
    for (const token of tokens) {
      const steps = JSON.stringify(stepsOf(bearer(token), rule, false)).replaceAll('test:1', '')
      // What the configuration says itself may be there.
      assert.ok(!steps.includes('s3cret'), steps)
      assert.ok(!token.split('.').some((part) => part.length > 10 && steps.includes(part)))
    }
  }
})
