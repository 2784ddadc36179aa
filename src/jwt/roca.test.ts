import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { vectorTest } from '../../test/support/vectors.ts'
import { isRocaModulus } from './roca.ts'

test('moduli of sound generators do not have the fingerprint', () => {
  for (let i = 0; i < 3; i++) {
    const { n } = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
    assert.equal(isRocaModulus(Buffer.from(n!, 'base64url')), false)
  }
})

test('a number that is a power of 65537 modulo every small prime has the fingerprint', () => {
  assert.equal(isRocaModulus(Buffer.from((65_537n ** 128n).toString(16).padStart(514, '0'), 'hex')), true)
})

vectorTest('the modulus of a chip with the flaw has the fingerprint', 'wycheproof', (vectors) => {
  const { testGroups } = vectors.json('json_web_key_test.json') as {
    testGroups: { comment: string; public?: { keys: { n: string }[] } }[]
  }
  const group = testGroups.find(({ comment }) => comment === 'jws_rsa_roca_key')
  assert.ok(isRocaModulus(Buffer.from(group!.public!.keys[0]!.n, 'base64url')))
})
