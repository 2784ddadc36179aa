import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALGORITHMS } from '../../test/support/signer.ts'
import { algorithmFacts, algorithmsOf, isAlgorithm, isCurve, signatureBytes } from './algorithms.ts'

test('the table has the thirteen algorithms and no other name, inherited ones included', () => {
  for (const alg of ALGORITHMS) assert.ok(isAlgorithm(alg))
  for (const name of [
    'none',
    'None',
    'rs256',
    'ES521',
    'ES256K',
    'HS1',
    '',
    'constructor',
    '__proto__',
    'toString',
  ]) {
    assert.equal(isAlgorithm(name), false, name)
  }
})

test('curves are told by their exact names', () => {
  for (const name of ['P-256', 'P-384', 'P-521', 'Ed25519', 'Ed448']) assert.ok(isCurve(name))
  for (const name of ['p-256', 'secp256k1', 'X25519', 'constructor']) assert.equal(isCurve(name), false)
})

test('a key gets the algorithms of its own type, curve and size, and none else', () => {
  const rsa = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
  assert.deepEqual(algorithmsOf({ type: 'RSA', bits: 2048 }), rsa)
  assert.deepEqual(algorithmsOf({ type: 'RSA', bits: 2047 }), [])
  assert.deepEqual(algorithmsOf({ type: 'EC', bits: 256, curve: 'P-256' }), ['ES256'])
  assert.deepEqual(algorithmsOf({ type: 'EC', bits: 384, curve: 'P-384' }), ['ES384'])
  assert.deepEqual(algorithmsOf({ type: 'EC', bits: 521, curve: 'P-521' }), ['ES512'])
  assert.deepEqual(algorithmsOf({ type: 'OKP', bits: 255, curve: 'Ed25519' }), ['EdDSA'])
  assert.deepEqual(algorithmsOf({ type: 'OKP', bits: 448, curve: 'Ed448' }), ['EdDSA'])
  assert.deepEqual(algorithmsOf({ type: 'oct', bits: 255 }), [])
  assert.deepEqual(algorithmsOf({ type: 'oct', bits: 256 }), ['HS256'])
  assert.deepEqual(algorithmsOf({ type: 'oct', bits: 511 }), ['HS256', 'HS384'])
  assert.deepEqual(algorithmsOf({ type: 'oct', bits: 512 }), ['HS256', 'HS384', 'HS512'])
})

test('no two key types share an algorithm', () => {
  const sizes = [
    { type: 'RSA', bits: 4096 },
    { type: 'EC', bits: 256, curve: 'P-256' },
    { type: 'EC', bits: 384, curve: 'P-384' },
    { type: 'EC', bits: 521, curve: 'P-521' },
    { type: 'OKP', bits: 255, curve: 'Ed25519' },
    { type: 'oct', bits: 512 },
  ] as const
  const all = sizes.flatMap((size) => algorithmsOf(size))
  assert.equal(new Set(all).size, all.length)
  assert.deepEqual([...all].sort(), [...ALGORITHMS].sort())
})

test('signatures have the lengths that the RFCs give', () => {
  assert.equal(length('RS256', 2048), 256)
  assert.equal(length('PS256', 2049), 257)
  assert.equal(length('ES256', 256), 64)
  assert.equal(length('ES384', 384), 96)
  assert.equal(length('ES512', 521), 132)
  assert.equal(length('EdDSA', 255), 64)
  assert.equal(length('EdDSA', 448), 114)
  assert.equal(length('HS256', 4096), 32)
  assert.equal(length('HS384', 384), 48)
  assert.equal(length('HS512', 512), 64)
})

function length(alg: (typeof ALGORITHMS)[number], bits: number): number {
  return signatureBytes(algorithmFacts(alg), { bits })
}
