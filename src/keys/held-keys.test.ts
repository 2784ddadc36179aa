import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSigner, keySetOf, type Signer } from '../../test/support/signer.ts'
import type { VerificationKey } from '../jwt/index.ts'
import { fingerprintOf, identityOf } from './fingerprint.ts'
import { changesBetween, hold, isUnchanged, seenOf, type KeyChanges } from './held-keys.ts'

const [A, B, C] = ['a', 'b', 'c'].map((kid) => createSigner('ES256', { kid })) as [Signer, Signer, Signer]
const A_AGAIN = createSigner('ES256', { kid: 'a' })

/** The key of a signer, read anew. */
function keyOf(signer: Signer, more: object = {}): VerificationKey {
  const [key] = keySetOf({ ...signer.jwk, ...more }).keys
  return key ?? assert.fail()
}

function changes(
  before: readonly VerificationKey[],
  after: readonly VerificationKey[],
): Record<string, unknown[]> {
  const found: KeyChanges = changesBetween(before, after)
  return {
    added: found.added.map(({ kid }) => kid),
    removed: found.removed.map(({ kid }) => kid),
    replaced: found.replaced.map(({ kid }) => kid),
  }
}

describe('what a document changed', () => {
  it('is nothing where the same keys come in another order, read anew', () => {
    const found = changesBetween([keyOf(A), keyOf(B)], [keyOf(B), keyOf(A)])
    assert.equal(isUnchanged(found), true)
  })

  it('is what came, what went, and what is another under its name', () => {
    assert.deepEqual(changes([], [keyOf(A)]), { added: ['a'], removed: [], replaced: [] })
    assert.deepEqual(changes([keyOf(A)], []), { added: [], removed: ['a'], replaced: [] })
    assert.deepEqual(changes([keyOf(A), keyOf(B)], [keyOf(A_AGAIN), keyOf(C)]), {
      added: ['c'],
      removed: ['b'],
      replaced: ['a'],
    })
  })

  it('is another key where its algorithms are others: it verifies other tokens', () => {
    const rsa = createSigner('RS256', { kid: 'r' })
    assert.deepEqual(changes([keyOf(rsa)], [keyOf(rsa, { alg: 'PS256' })]), {
      added: [],
      removed: [],
      replaced: ['r'],
    })
  })

  it('tells keys without a kid apart by what they are', () => {
    const [one, two] = [keyOf(A, { kid: undefined }), keyOf(B, { kid: undefined })]
    assert.deepEqual(changes([one], [two]), { added: [], removed: [], replaced: [undefined] })
    assert.equal(isUnchanged(changesBetween([one], [keyOf(A, { kid: undefined })])), true)
    // Of one that got a name, the old one went.
    assert.deepEqual(changes([one], [keyOf(A)]), { added: ['a'], removed: [undefined], replaced: [] })
  })

  it('is quick for ten thousand keys', () => {
    const key = keyOf(A)
    const many = Array.from({ length: 10_000 }, (_, i) => ({ ...key, kid: `k${i}` }))
    const beganMs = performance.now()
    assert.equal(changesBetween(many, many.slice(1)).removed.length, 1)
    assert.ok(performance.now() - beganMs < 5000)
  })
})

describe('a key that is held', () => {
  it('was seen first when it was, whatever it is called now', () => {
    const held = hold([keyOf(A)], 10, new Map())
    const later = hold([keyOf(A, { kid: 'renamed' }), keyOf(B)], 20, seenOf(held))
    assert.deepEqual(
      later.map(({ firstSeenMs }) => firstSeenMs),
      [10, 20],
    )
  })
})

describe('a fingerprint', () => {
  it('is that of the public key alone, and the identity that of all that counts', () => {
    const key = keyOf(A)
    const renamed = keyOf(A, { kid: 'renamed' })
    assert.match(fingerprintOf(key), /^[0-9a-f]{64}$/)
    assert.equal(fingerprintOf(key), fingerprintOf(keyOf(A)))
    assert.equal(fingerprintOf(key), fingerprintOf(renamed))
    assert.notEqual(fingerprintOf(key), fingerprintOf(keyOf(A_AGAIN)))
    assert.equal(identityOf(key), identityOf(keyOf(A)))
    const others = [renamed, keyOf(A_AGAIN), keyOf(A, { kid: undefined })]
    assert.equal(new Set([key, ...others].map(identityOf)).size, 4)
    // No name may look like another with other algorithms.
    assert.notEqual(identityOf({ ...key, kid: '"],"x' }), identityOf({ ...key, kid: '"]' }))
  })
})
