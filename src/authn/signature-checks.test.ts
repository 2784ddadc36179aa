import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keysOf, requestOf } from '../../test/support/decision.ts'
import { createSigner, mint } from '../../test/support/signer.ts'
import { parseToken, type Algorithm, type ParsedToken, type VerificationKey } from '../jwt/index.ts'
import { Wait } from '../kernel/wait.ts'
import { CHECKS_AT_ONCE, PooledChecks } from './signature-checks.ts'
import { AddressSet } from '../policy/index.ts'
import { KnownToken } from './token-cache.ts'
import { Turnstile } from './turnstile.ts'

const CLOCK = { now: () => 0 }
const CLIENT = { request: requestOf(), trustedPeers: new AddressSet([]) }

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
    const checks = new PooledChecks(new Turnstile(CLOCK), 2)
    assert.equal(checks.check(known, token, key, CLIENT), undefined)
    const rejection = checks.check(known, token, stranger, CLIENT)
    assert.ok(rejection !== undefined && !(rejection instanceof Wait))
    assert.equal(rejection.reason, 'signature-mismatch')
  })
}

for (const alg of ['ES384', 'ES512'] as const) {
  test(`${alg} is slow: it is waited for, and then known, right or wrong`, async () => {
    const { known, token, key, stranger } = subject(alg)
    const checks = new PooledChecks(new Turnstile(CLOCK), 2)
    await ended(checks.check(known, token, key, CLIENT))
    assert.equal(checks.check(known, token, key, CLIENT), undefined)
    await ended(checks.check(known, token, stranger, CLIENT))
    const rejection = checks.check(known, token, stranger, CLIENT)
    assert.ok(rejection !== undefined && !(rejection instanceof Wait))
    assert.equal(rejection.reason, 'signature-mismatch')
    assert.equal(checks.check(known, token, key, CLIENT), undefined, 'what the other key said is still known')
  })
}

test('a token that comes again while it is checked waits for the same check', async () => {
  const { known, token, key } = subject('ES384')
  const checks = new PooledChecks(new Turnstile(CLOCK), 2)
  const first = checks.check(known, token, key, CLIENT)
  assert.equal(checks.check(known, token, key, CLIENT), first)
  await Promise.all([ended(first), ended(first)])
  await ended(first)
  assert.equal(checks.check(known, token, key, CLIENT), undefined)
})

test('a wrong signature counts against who sent it, unless another key has signed the token', () => {
  const { token, key, stranger } = subject('ES256')
  for (const tried of [[stranger, key], [stranger]]) {
    const turnstile = new Turnstile(CLOCK)
    const checks = new PooledChecks(turnstile, 2)
    for (let i = 0; i < 600; i++) {
      const known = new KnownToken(300, { ok: true, value: token })
      for (const each of tried) checks.check(known, token, each, CLIENT)
    }
    assert.equal(turnstile.refused(CLIENT, 'signature-mismatch'), !tried.includes(key))
  }
})

test('no more slow signatures are checked at one time than there are cores', async () => {
  const { token, key } = subject('ES384')
  const turnstile = new Turnstile(CLOCK)
  const checks = new PooledChecks(turnstile, 1)
  const order: number[] = []
  const waits = [0, 1, 2, 3].map((index) => {
    const wait = checks.check(new KnownToken(300, { ok: true, value: token }), token, key, CLIENT)
    assert.ok(wait instanceof Wait)
    return new Promise<void>((resolve) => wait.start(() => resolve(void order.push(index))))
  })
  await Promise.all(waits)
  assert.deepEqual(order, [0, 1, 2, 3])
})

test('where all is decided at once, slow signatures are too', () => {
  const { known, token, key, stranger } = subject('ES512')
  assert.equal(CHECKS_AT_ONCE.check(known, token, key, CLIENT), undefined)
  const rejection = CHECKS_AT_ONCE.check(known, token, stranger, CLIENT)
  assert.ok(rejection !== undefined && !(rejection instanceof Wait))
  assert.equal(rejection.reason, 'signature-mismatch')
})
