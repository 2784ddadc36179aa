import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { deserialize, serialize } from 'node:v8'
import { test } from 'node:test'
import { readJwk } from './jwk.ts'
import { readPem } from './pem.ts'
import { fromPortableKey, toPortableKey, type PortableKey } from './portable-key.ts'
import type { VerificationKey } from './types.ts'

/** As it comes out at the other end of a channel between processes. */
function passed(key: VerificationKey): VerificationKey {
  const portable: PortableKey = deserialize(serialize(toPortableKey(key)))
  return fromPortableKey(portable)
}

function assertSame(key: VerificationKey): void {
  const { keyObject, ...facts } = passed(key)
  const { keyObject: original, ...originalFacts } = key
  assert.deepEqual(facts, originalFacts)
  assert.equal(keyObject.type, original.type)
  assert.ok(keyObject.equals(original))
}

const publicKeys: Readonly<Record<string, () => KeyObject>> = {
  'RSA of 2048 bits': () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
  'RSA of 3072 bits with exponent 3': () =>
    generateKeyPairSync('rsa', { modulusLength: 3072, publicExponent: 3 }).publicKey,
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
  'P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey,
  'P-521': () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey,
  Ed25519: () => generateKeyPairSync('ed25519').publicKey,
  Ed448: () => generateKeyPairSync('ed448').publicKey,
}

for (const [name, generate] of Object.entries(publicKeys)) {
  test(`a public key is the same on the other side: ${name}`, () => {
    const jwk = generate().export({ format: 'jwk' })
    for (const more of [{}, { kid: 'one' }]) {
      const read = readJwk({ ...jwk, ...more }, 'keys[0]')
      assert.ok(read.ok)
      assertSame(read.value)
    }
  })
}

test('a secret is the same on the other side, whatever its bytes and length', () => {
  for (const bytes of [randomBytes(32), randomBytes(48), randomBytes(200), Buffer.alloc(64, 0x80)]) {
    const read = readJwk({ kty: 'oct', k: bytes.toString('base64url'), kid: 's' }, 'keys[0]')
    assert.ok(read.ok)
    assertSame(read.value)
    assert.deepEqual(passed(read.value).keyObject.export(), bytes)
  }
})

test('a key from PEM keeps the end of its certificate', () => {
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
    format: 'pem',
    type: 'spki',
  })
  const read = readPem(String(pem), 'one', 'PS256', 'pem')
  assert.ok(read.ok)
  const dated = { ...read.value, notAfterMs: 1_900_000_000_000 }
  assertSame(dated)
  assert.equal((passed(dated) as typeof dated).notAfterMs, 1_900_000_000_000)
})
