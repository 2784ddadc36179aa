import assert from 'node:assert/strict'
import { constants, sign } from 'node:crypto'
import { test } from 'node:test'
import { ALGORITHMS, createSigner, encodePart, mint, type Signer } from '../../test/support/signer.ts'
import { parseToken } from './compact.ts'
import { readJwk } from './jwk.ts'
import { checkSignature } from './signature.ts'
import type { ParsedToken, VerificationKey } from './types.ts'

const SIGNERS: readonly (readonly [string, Signer])[] = [
  ...ALGORITHMS.map((alg) => [alg, createSigner(alg)] as const),
  ['EdDSA with Ed448', createSigner('EdDSA', { okpCurve: 'ed448' })],
]

for (const [name, signer] of SIGNERS) {
  test(`${name}: a right signature is right, and stays so on every call`, () => {
    const key = keyOf(signer)
    const token = parse(mint(signer, { sub: 'joe' }))
    for (let i = 0; i < 3; i++) assert.equal(checkSignature(key, token), undefined)
  })

  test(`${name}: a signature of which any one byte is changed is wrong`, () => {
    const key = keyOf(signer)
    const token = parse(mint(signer, { sub: 'joe' }))
    for (const at of [0, token.signature.length >> 1, token.signature.length - 1]) {
      const signature = Buffer.from(token.signature)
      signature[at]! ^= 1
      assert.equal(checkSignature(key, { ...token, signature })?.reason, 'signature-mismatch')
    }
  })

  test(`${name}: a signature over other bytes, or by another key, is wrong`, () => {
    const token = parse(mint(signer, { sub: 'joe' }))
    const other = parse(mint(signer, { sub: 'jim' }))
    assert.equal(
      checkSignature(keyOf(signer), { ...token, signature: other.signature })?.reason,
      'signature-mismatch',
    )
    if (signer.jwk['kty'] === 'RSA') return
    const stranger = createSigner(signer.alg, signer.jwk['crv'] === 'Ed448' ? { okpCurve: 'ed448' } : {})
    assert.equal(checkSignature(keyOf(stranger), token)?.reason, 'signature-mismatch')
  })

  test(`${name}: a signature of another length is refused for its length`, () => {
    const key = keyOf(signer)
    const token = parse(mint(signer, { sub: 'joe' }))
    for (const signature of [
      Buffer.alloc(0),
      token.signature.subarray(1),
      token.signature.subarray(0, -1),
      Buffer.concat([token.signature, Buffer.alloc(1)]),
      Buffer.concat([Buffer.alloc(1), token.signature]),
    ]) {
      assert.equal(checkSignature(key, { ...token, signature })?.reason, 'signature-length')
    }
  })
}

test('an algorithm that is not of the key is refused whatever the signature, for every pair', () => {
  for (const [, signer] of SIGNERS) {
    const token = parse(mint(signer, {}))
    for (const [, other] of SIGNERS) {
      if (other.alg === signer.alg) continue
      assert.equal(checkSignature(keyOf(other), token)?.reason, 'alg-not-of-key')
    }
  }
})

test('an ECDSA signature in DER is refused: tokens carry r and s as they are', () => {
  const signer = createSigner('ES256')
  const token = parse(mint(signer, {}))
  for (let i = 0; i < 20; i++) {
    const der = sign('sha256', Buffer.from(token.signingInput), signer.privateKey)
    assert.equal(checkSignature(keyOf(signer), { ...token, signature: der })?.reason, 'signature-length')
  }
})

test('an RSASSA-PSS signature with a salt of another length is wrong', () => {
  const signer = createSigner('PS256')
  const token = parse(mint(signer, {}))
  for (const saltLength of [0, 20, 48, 222]) {
    const signature = sign('sha256', Buffer.from(token.signingInput), {
      key: signer.privateKey as never,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength,
    })
    assert.equal(checkSignature(keyOf(signer), { ...token, signature })?.reason, 'signature-mismatch')
  }
})

test('RSASSA-PSS and PKCS#1 v1.5 signatures of one key are not taken for each other', () => {
  const key = readJwk({ kty: 'RSA', n: createSigner('RS256').jwk['n'], e: 'AQAB' }, 'key')
  assert.ok(key.ok)
  const input = `${encodePart({ alg: 'RS256' })}.${encodePart({})}`
  const pss = createSigner('PS256').sign(Buffer.from(input))
  const signed = { header: { alg: 'RS256', kid: undefined }, signingInput: input, signature: pss } as const
  assert.equal(checkSignature(key.value, signed)?.reason, 'signature-mismatch')
  assert.equal(checkSignature(key.value, { ...signed, header: { alg: 'PS256', kid: undefined } }), undefined)
})

test('a rejection names the key', () => {
  const signer = createSigner('HS256', { kid: 'one' })
  const token = parse(mint(signer, {}))
  const rejection = checkSignature(keyOf(signer), { ...token, signature: Buffer.alloc(32) })
  assert.deepEqual(rejection, { reason: 'signature-mismatch', key: 'kid "one"' })
})

function parse(token: string): ParsedToken {
  const parsed = parseToken(token)
  assert.ok(parsed.ok)
  return parsed.value
}

function keyOf(signer: Signer): VerificationKey {
  const key = readJwk(signer.jwk, 'key')
  assert.ok(key.ok)
  return key.value
}
