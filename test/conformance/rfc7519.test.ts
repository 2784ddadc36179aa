import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseToken, verifyToken, type ClaimRules } from '../../src/jwt/index.ts'
import { A1, A5_TOKEN, JOE_EXP, tokenOf } from '../support/rfc7515.ts'
import { claimRules, createSigner, encodePart, keySetOf, mint, mintRaw } from '../support/signer.ts'

const KEYS = keySetOf(A1.jwk)

test('RFC 7519 §3.1: the example is accepted until its expiry, with the claims that it shows', () => {
  const rules = claimRules({ issuer: 'joe', expRequired: true })
  const parsed = parseToken(tokenOf(A1))
  assert.ok(parsed.ok)
  const verified = verifyToken(parsed.value, KEYS, rules, (JOE_EXP - 1) * 1000)
  assert.ok(verified.ok)
  const claims = { iss: 'joe', exp: JOE_EXP, 'http://example.com/is_root': true }
  assert.deepEqual({ ...verified.value.claims }, claims)
  const late = verifyToken(parsed.value, KEYS, rules, JOE_EXP * 1000)
  assert.equal(late.ok ? 'accepted' : late.error.reason, 'expired')
})

test('RFC 7519 §4: a claim name that stands twice is refused', () => {
  const signer = createSigner('HS256')
  const token = mintRaw(signer, { alg: 'HS256' }, '{"iss":"joe","iss":"jim"}')
  assert.equal(outcome(token), 'payload-json')
})

test('RFC 7519 §5.2: a nested token, whose payload is a token and no JSON object, is refused', () => {
  const signer = createSigner('HS256')
  assert.equal(outcome(mintRaw(signer, { alg: 'HS256', cty: 'JWT' }, tokenOf(A1))), 'payload-json')
})

test('RFC 7519 §6.1: the unsecured example is refused', () => {
  assert.equal(outcome(A5_TOKEN), 'alg-none')
})

test('RFC 7519 §7.2: the claims must be a JSON object', () => {
  const signer = createSigner('HS256')
  for (const payload of ['[]', '"text"', '1', 'null', '', '{', '\ufeff{}']) {
    assert.equal(outcome(mintRaw(signer, { alg: 'HS256' }, payload)), 'payload-json', payload)
  }
})

test('RFC 7519 appendix A.1: the encrypted example form, five parts, is no token here', () => {
  const parts = [encodePart({ alg: 'RSA1_5', enc: 'A128CBC-HS256' }), 'AAAA', 'AAAA', 'AAAA', 'AAAA']
  assert.equal(outcome(parts.join('.')), 'not-three-parts')
})

const AUDIENCES: readonly (readonly [aud: unknown, expected: string, result: string])[] = [
  ['a', 'a', 'accepted'],
  [['b', 'a'], 'a', 'accepted'],
  [[], 'a', 'audience-mismatch'],
  ['ab', 'a', 'audience-mismatch'],
  ['A', 'a', 'audience-mismatch'],
  [['b'], 'a', 'audience-mismatch'],
  [['a', 1], 'a', 'claim-type'],
  [{ a: 'a' }, 'a', 'claim-type'],
  [null, 'a', 'claim-type'],
]

for (const [aud, expected, result] of AUDIENCES) {
  test(`RFC 7519 §4.1.3: aud ${JSON.stringify(aud)} where ${expected} is expected: ${result}`, () => {
    const signer = createSigner('HS256')
    const parsed = parseToken(mint(signer, { aud }))
    assert.ok(parsed.ok)
    const rules: ClaimRules = claimRules({ audiences: [expected] })
    const verified = verifyToken(parsed.value, keySetOf(signer.jwk), rules, 0)
    assert.equal(verified.ok ? 'accepted' : verified.error.reason, result)
  })
}

function outcome(token: string): string {
  const parsed = parseToken(token)
  return parsed.ok ? 'accepted' : parsed.error.reason
}
