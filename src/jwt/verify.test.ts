import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALGORITHMS, claimRules, createSigner, keySetOf, mint } from '../../test/support/signer.ts'
import { parseToken } from './compact.ts'
import { createKeySet } from './key-set.ts'
import type { ClaimRules, KeySet } from './types.ts'
import { verifyToken } from './verify.ts'

const NOW = 1_800_000_000

function outcome(token: string, keys: KeySet, rules: Partial<ClaimRules> = {}): unknown {
  const parsed = parseToken(token)
  assert.ok(parsed.ok)
  const verified = verifyToken(parsed.value, keys, claimRules(rules), NOW * 1000)
  return verified.ok ? 'accepted' : verified.error
}

test('a token of each algorithm is verified with the key of its kid', () => {
  const signers = ALGORITHMS.map((alg) => createSigner(alg, { kid: `kid-${alg}` }))
  const keys = keySetOf(...signers.map(({ jwk }) => jwk))
  for (const signer of signers) {
    const parsed = parseToken(mint(signer, { sub: 'joe', exp: NOW + 60 }))
    assert.ok(parsed.ok)
    const verified = verifyToken(parsed.value, keys, claimRules({ expRequired: true }), NOW * 1000)
    assert.ok(verified.ok)
    assert.equal(verified.value.key.kid, signer.kid)
    assert.equal(verified.value.claims['sub'], 'joe')
    assert.equal(verified.value.header.alg, signer.alg)
  }
})

test('a forged token is refused for its signature before its claims have a say', () => {
  const keys = keySetOf(createSigner('HS256').jwk)
  const forged = mint(createSigner('HS256'), { exp: 1, iss: 7 })
  assert.deepEqual(outcome(forged, keys), { reason: 'signature-mismatch', key: 'the key without a kid' })
})

test('a rejection of the claims names the key that the signature was right for', () => {
  const signer = createSigner('HS256', { kid: 'one' })
  const keys = keySetOf(signer.jwk)
  assert.deepEqual(outcome(mint(signer, { exp: NOW }), keys), {
    reason: 'expired',
    member: 'exp',
    key: 'kid "one"',
  })
})

test('without a key nothing is accepted', () => {
  const token = mint(createSigner('HS256'), {})
  assert.deepEqual(outcome(token, createKeySet([])), { reason: 'no-keys' })
})
