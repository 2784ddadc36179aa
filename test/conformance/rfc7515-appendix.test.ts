import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSignature, parseCompact, readJwk } from '../../src/jwt/index.ts'
import { encodePart } from '../support/signer.ts'
import { A1, A2, A3, A4, A5_TOKEN, tokenOf } from '../support/rfc7515.ts'

for (const example of [A1, A2, A3, A4]) {
  test(`RFC 7515 ${example.section}: the ${example.alg} example verifies`, () => {
    const key = readJwk(example.jwk, 'key')
    assert.ok(key.ok)
    const parsed = parseCompact(tokenOf(example))
    assert.ok(parsed.ok)
    assert.deepEqual(parsed.value.header, { alg: example.alg, kid: undefined })
    assert.equal(checkSignature(key.value, parsed.value), undefined)
  })

  test(`RFC 7515 ${example.section}: the ${example.alg} example does not verify once one bit is changed`, () => {
    const key = readJwk(example.jwk, 'key')
    const parsed = parseCompact(tokenOf(example))
    assert.ok(key.ok && parsed.ok)
    const signature = Buffer.from(parsed.value.signature)
    signature[signature.length >> 1]! ^= 1
    assert.equal(checkSignature(key.value, { ...parsed.value, signature })?.reason, 'signature-mismatch')
  })
}

test('RFC 7515 A.5: the unsecured example is refused for its algorithm', () => {
  const parsed = parseCompact(A5_TOKEN)
  assert.equal(parsed.ok ? 'accepted' : parsed.error.reason, 'alg-none')
})

test('RFC 7515 A.6: the general JSON serialization is no token', () => {
  const json = JSON.stringify({
    payload: A2.payload,
    signatures: [{ protected: A2.header, signature: A2.signature }],
  })
  const parsed = parseCompact(json)
  assert.equal(parsed.ok ? 'accepted' : parsed.error.reason, 'not-three-parts')
})

test('RFC 7515 appendix E: an extension that is critical and not understood is refused, whatever the algorithm', () => {
  for (const alg of ['none', 'HS256']) {
    const header = { alg, crit: ['http://example.com/UNDEFINED'], 'http://example.com/UNDEFINED': true }
    const parsed = parseCompact(`${encodePart(header)}.${encodePart('FAIL')}.${A1.signature}`)
    assert.equal(
      parsed.ok ? 'accepted' : parsed.error.reason,
      alg === 'none' ? 'alg-none' : 'crit-unsupported',
    )
  }
})
