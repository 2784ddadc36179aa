import assert from 'node:assert/strict'
import { constants, generateKeyPairSync, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import { pssKey } from './pss-key.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const DATA = Buffer.from('what was signed')
const HASHES = [
  ['sha256', 32],
  ['sha384', 48],
  ['sha512', 64],
] as const

function pssSignature(hash: string, saltLength: number): Buffer {
  return sign(hash, DATA, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })
}

test('a bound key verifies its own hash and salt length and nothing else (RFC 7518 §3.5)', () => {
  for (const [hash, saltBytes] of HASHES) {
    const key = pssKey(publicKey, hash, saltBytes)
    assert.deepEqual(key.asymmetricKeyDetails, {
      modulusLength: 2048,
      publicExponent: 65537n,
      hashAlgorithm: hash,
      mgf1HashAlgorithm: hash,
      saltLength: saltBytes,
    })
    assert.ok(verify(hash, DATA, key, pssSignature(hash, saltBytes)))
    for (const salt of [0, saltBytes - 1, saltBytes + 1, 100]) {
      assert.ok(!verify(hash, DATA, key, pssSignature(hash, salt)), `${hash} with a salt of ${salt}`)
    }
    assert.ok(!verify(hash, DATA, key, sign(hash, DATA, privateKey)), 'not PKCS #1 v1.5')
  }
})

test('a key is bound once for each hash', () => {
  assert.equal(pssKey(publicKey, 'sha256', 32), pssKey(publicKey, 'sha256', 32))
  assert.notEqual(pssKey(publicKey, 'sha256', 32), pssKey(publicKey, 'sha384', 48))
})

test('the largest keys that are taken have their lengths in DER right', () => {
  const large = generateKeyPairSync('rsa', { modulusLength: 4096 })
  const key = pssKey(large.publicKey, 'sha512', 64)
  const options = { key: large.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 }
  assert.ok(verify('sha512', DATA, key, sign('sha512', DATA, options)))
})
