import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keysOf } from '../../test/support/decision.ts'
import { createSigner, mint } from '../../test/support/signer.ts'
import { parseToken, type Algorithm, type ParsedToken, type VerificationKey } from '../jwt/index.ts'
import { Wait } from '../kernel/wait.ts'
import { CHECKS_AT_ONCE, PooledChecks } from './signature-checks.ts'
import { KnownToken } from './token-cache.ts'

interface Subject {
  readonly known: KnownToken
  readonly token: ParsedToken
  readonly key: VerificationKey
  readonly stranger: VerificationKey
}

function subject(alg: Algorithm): Subject {
  const signer = createSigner(alg)
  const text = mint(signer, { sub: 'joe' })
  const parsed = parseToken(text)
  const [key] = keysOf(signer.jwk)
  const [stranger] = keysOf(createSigner(alg).jwk)
  assert.ok(parsed.ok && key !== undefined && stranger !== undefined)
  return { known: new KnownToken(text.length, parsed), token: parsed.value, key, stranger }
}

function ended(wait: unknown): Promise<void> {
  assert.ok(wait instanceof Wait)
  return new Promise((resolve) => wait.start(resolve))
}

for (const alg of ['HS256', 'ES256', 'EdDSA'] as const) {
  test(`${alg} is quick: its answer is there at once`, () => {
    const { known, token, key, stranger } = subject(alg)
    const checks = new PooledChecks()
    assert.equal(checks.check(known, token, key), undefined)
    const rejection = checks.check(known, token, stranger)
    assert.ok(rejection !== undefined && !(rejection instanceof Wait))
    assert.equal(rejection.reason, 'signature-mismatch')
  })
}

for (const alg of ['ES384', 'ES512'] as const) {
  test(`${alg} is slow: it is waited for, and then known, right or wrong`, async () => {
    const { known, token, key, stranger } = subject(alg)
    const checks = new PooledChecks()
    await ended(checks.check(known, token, key))
    assert.equal(checks.check(known, token, key), undefined)
    await ended(checks.check(known, token, stranger))
    const rejection = checks.check(known, token, stranger)
    assert.ok(rejection !== undefined && !(rejection instanceof Wait))
    assert.equal(rejection.reason, 'signature-mismatch')
    assert.equal(checks.check(known, token, key), undefined, 'what the other key said is still known')
  })
}

test('a token that comes again while it is checked waits for the same check', async () => {
  const { known, token, key } = subject('ES384')
  const checks = new PooledChecks()
  const first = checks.check(known, token, key)
  assert.equal(checks.check(known, token, key), first)
  await Promise.all([ended(first), ended(first)])
  await ended(first)
  assert.equal(checks.check(known, token, key), undefined)
})

test('where all is decided at once, slow signatures are too', () => {
  const { known, token, key, stranger } = subject('ES512')
  assert.equal(CHECKS_AT_ONCE.check(known, token, key), undefined)
  const rejection = CHECKS_AT_ONCE.check(known, token, stranger)
  assert.ok(rejection !== undefined && !(rejection instanceof Wait))
  assert.equal(rejection.reason, 'signature-mismatch')
})
