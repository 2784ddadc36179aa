import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExactNumber, type JsonObject } from '../kernel/json.ts'
import { claimRules } from '../../test/support/signer.ts'
import { checkClaims } from './claims.ts'
import type { ClaimRules } from './types.ts'

const NOW = 1_800_000_000

function outcome(claims: JsonObject, rules: Partial<ClaimRules> = {}, now = NOW): string {
  const rejection = checkClaims(claims, claimRules(rules), now * 1000)
  return rejection === undefined ? 'accepted' : `${rejection.reason} ${rejection.member ?? ''}`.trim()
}

test('claims without any of the registered names are accepted where no rule asks for one', () => {
  assert.equal(outcome({}), 'accepted')
  assert.equal(outcome({ role: 'admin', 'https://example.com/x': null }), 'accepted')
})

test('a token is expired on its second and after, not before', () => {
  assert.equal(outcome({ exp: NOW + 1 }), 'accepted')
  assert.equal(outcome({ exp: NOW + 0.001 }), 'accepted')
  assert.equal(outcome({ exp: NOW }), 'expired exp')
  assert.equal(outcome({ exp: NOW - 1 }), 'expired exp')
  for (const exp of [0, -0, -1, -1e15]) assert.equal(outcome({ exp }), 'expired exp')
})

test('milliseconds count', () => {
  assert.equal(outcome({ exp: NOW }, {}, NOW - 0.001), 'accepted')
  assert.equal(outcome({ nbf: NOW }, {}, NOW - 0.001), 'not-yet-valid nbf')
})

test('the clock skew makes every edge later or earlier by itself', () => {
  const rules = { clockSkewSeconds: 60 }
  assert.equal(outcome({ exp: NOW - 59 }, rules), 'accepted')
  assert.equal(outcome({ exp: NOW - 60 }, rules), 'expired exp')
  assert.equal(outcome({ nbf: NOW + 60 }, rules), 'accepted')
  assert.equal(outcome({ nbf: NOW + 61 }, rules), 'not-yet-valid nbf')
  assert.equal(outcome({ iat: NOW + 60 }, rules), 'accepted')
  assert.equal(outcome({ iat: NOW + 61 }, rules), 'issued-in-the-future iat')
})

test('a token is valid from the second of its nbf, and may have been issued just now', () => {
  assert.equal(outcome({ nbf: NOW, iat: NOW }), 'accepted')
  assert.equal(outcome({ nbf: NOW + 1 }), 'not-yet-valid nbf')
  assert.equal(outcome({ iat: NOW + 1 }), 'issued-in-the-future iat')
})

test('a token without exp is refused only where exp is required', () => {
  assert.equal(outcome({}, { expRequired: true }), 'exp-missing exp')
  assert.equal(outcome({ exp: NOW + 1 }, { expRequired: true }), 'accepted')
})

test('times must be finite numbers, even where no rule asks for them', () => {
  for (const member of ['exp', 'nbf', 'iat']) {
    for (const value of [
      null,
      true,
      '1900000000',
      [],
      {},
      Infinity,
      -Infinity,
      NaN,
      new ExactNumber('1e400'),
    ]) {
      assert.equal(outcome({ [member]: value }), `claim-type ${member}`)
    }
  }
})

test('a time of more digits than a double has is still a time', () => {
  assert.equal(outcome({ exp: new ExactNumber('1800000001.00000000001') }), 'accepted')
  assert.equal(outcome({ exp: new ExactNumber('1799999999.99999999999') }), 'expired exp')
})

test('iss, sub and jti must be text, even where no rule asks for them', () => {
  for (const member of ['iss', 'sub', 'jti']) {
    for (const value of [null, 1, false, ['joe'], {}, new ExactNumber('12345678901234567890')]) {
      assert.equal(outcome({ [member]: value }), `claim-type ${member}`)
    }
  }
})

test('aud must be text or a list of texts, even where no rule asks for it', () => {
  for (const aud of [null, 1, {}, ['a', 1], [['a']], [null]]) assert.equal(outcome({ aud }), 'claim-type aud')
  for (const aud of ['', 'a', [], ['a', 'b']]) assert.equal(outcome({ aud }), 'accepted')
})

test('the issuer must be the configured text exactly', () => {
  const rules = { issuer: 'https://issuer.example' }
  assert.equal(outcome({ iss: 'https://issuer.example' }, rules), 'accepted')
  assert.equal(outcome({}, rules), 'issuer-missing iss')
  for (const iss of [
    '',
    'https://issuer.example/',
    'HTTPS://issuer.example',
    'https://issuer',
    'https://issuer.example\u0000',
  ]) {
    assert.equal(outcome({ iss }, rules), 'issuer-mismatch iss')
  }
})

test('an empty issuer in the rules is an issuer that must be there and be empty', () => {
  assert.equal(outcome({}, { issuer: '' }), 'issuer-missing iss')
  assert.equal(outcome({ iss: '' }, { issuer: '' }), 'accepted')
})

test('the subject must be the configured text exactly', () => {
  assert.equal(outcome({ sub: 'joe' }, { subject: 'joe' }), 'accepted')
  for (const claims of [{}, { sub: 'Joe' }, { sub: 'joe ' }]) {
    assert.equal(outcome(claims, { subject: 'joe' }), 'subject-mismatch sub')
  }
})

test('one of the audiences must be in aud', () => {
  const rules = { audiences: ['a', 'b'] }
  for (const aud of ['a', 'b', ['x', 'b']]) assert.equal(outcome({ aud }, rules), 'accepted')
  for (const claims of [{}, { aud: 'c' }, { aud: [] }, { aud: ['A'] }, { aud: 'a,b' }]) {
    assert.equal(outcome(claims, rules), 'audience-mismatch aud')
  }
})

test('only a token that was meant for this place is said to be expired', () => {
  assert.equal(outcome({ exp: 1, iss: 'jim' }, { issuer: 'joe' }), 'issuer-mismatch iss')
  assert.equal(outcome({ exp: 1, aud: 'x' }, { audiences: ['y'] }), 'audience-mismatch aud')
  assert.equal(outcome({ exp: 1, iss: 'joe' }, { issuer: 'joe' }), 'expired exp')
})

test('a rejection holds no value of a claim', () => {
  const rejection = checkClaims({ iss: 'secret-issuer' }, claimRules({ issuer: 'other' }), 0)
  assert.ok(!JSON.stringify(rejection).includes('secret-issuer'))
})
