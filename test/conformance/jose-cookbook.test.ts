import assert from 'node:assert/strict'
import {
  checkSignature,
  createKeySet,
  parseCompact,
  readJwk,
  readKeySet,
  selectKey,
} from '../../src/jwt/index.ts'
import type { JsonObject, JsonValue } from '../../src/kernel/json.ts'
import { vectorTest } from '../support/vectors.ts'

interface Example {
  readonly input: { readonly payload: string; readonly alg: string; readonly key: JsonObject }
  readonly output: { readonly compact: string; readonly json: unknown; readonly json_flat?: unknown }
}

const SIGNED = [
  ['RFC 7520 §4.1', 'jws/4_1.rsa_v15_signature.json'],
  ['RFC 7520 §4.2', 'jws/4_2.rsa-pss_signature.json'],
  ['RFC 7520 §4.3', 'jws/4_3.ecdsa_signature.json'],
  ['RFC 7520 §4.4', 'jws/4_4.hmac-sha2_integrity_protection.json'],
  ['RFC 8037 A.4 and A.5', 'curve25519/jws.json'],
] as const

for (const [section, file] of SIGNED) {
  vectorTest(
    `the signed example of ${section} verifies with its public key and with no other payload`,
    'jose-cookbook',
    (vectors) => {
      const { input, output } = vectors.json(file) as Example
      const key = readJwk(publicPart(input.key), 'key')
      assert.ok(key.ok)
      const parsed = parseCompact(output.compact)
      assert.ok(parsed.ok)
      assert.equal(parsed.value.payload.toString('utf8'), input.payload)
      assert.equal(parsed.value.header.alg, input.alg)
      assert.equal(checkSignature(key.value, parsed.value), undefined)
      const signingInput = parsed.value.signingInput.slice(0, -4) + 'AAAA'
      assert.equal(checkSignature(key.value, { ...parsed.value, signingInput })?.reason, 'signature-mismatch')
    },
  )

  vectorTest(`the JSON serializations of ${section} are no tokens`, 'jose-cookbook', (vectors) => {
    const { output } = vectors.json(file) as Example
    for (const form of [output.json, output.json_flat]) {
      if (form === undefined) continue
      assert.equal(parseCompact(JSON.stringify(form)).ok, false)
    }
  })
}

vectorTest(
  'a compact JWS with detached content (RFC 7520 §4.5) does not verify',
  'jose-cookbook',
  (vectors) => {
    const { input, output } = vectors.json('jws/4_5.signature_with_detached_content.json') as Example
    const key = readJwk(input.key, 'key')
    const parsed = parseCompact(output.compact)
    assert.ok(key.ok && parsed.ok)
    assert.equal(checkSignature(key.value, parsed.value)?.reason, 'signature-mismatch')
  },
)

vectorTest(
  'a JWS with `b64` false (RFC 7797 §4) is refused before any key is looked at',
  'jose-cookbook',
  (vectors) => {
    const { output } = vectors.json('rfc7797/hmac-sha2_b64_false.json') as Example
    const parsed = parseCompact(output.compact)
    assert.ok(!parsed.ok)
    assert.equal(parsed.error.reason, 'b64-unsupported')
  },
)

vectorTest(
  'the public keys of RFC 7520 §3 are read, with the algorithms of their type',
  'jose-cookbook',
  (vectors) => {
    const ec = readJwk(vectors.json('jwk/3_1.ec_public_key.json') as JsonValue, 'key')
    assert.ok(ec.ok)
    assert.deepEqual([ec.value.type, ec.value.bits, ec.value.algorithms], ['EC', 521, ['ES512']])
    const rsa = readJwk(vectors.json('jwk/3_3.rsa_public_key.json') as JsonValue, 'key')
    assert.ok(rsa.ok)
    const ofRsa = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
    assert.deepEqual([rsa.value.type, rsa.value.bits, rsa.value.algorithms], ['RSA', 2048, ofRsa])
    const oct = readJwk(vectors.json('jwk/3_5.symmetric_key_mac_computation.json') as JsonValue, 'key')
    assert.ok(oct.ok)
    assert.deepEqual([oct.value.type, oct.value.bits, oct.value.algorithms], ['oct', 256, ['HS256']])
  },
)

vectorTest(
  'the private keys of RFC 7520 §3 are refused as private, and the encryption key as of another use',
  'jose-cookbook',
  (vectors) => {
    const kinds = ['3_2.ec_private_key', '3_4.rsa_private_key', '3_6.symmetric_key_encryption'].map(
      (name) => {
        const key = readJwk(vectors.json(`jwk/${name}.json`) as JsonValue, 'key')
        return key.ok ? 'usable' : key.error.kind
      },
    )
    assert.deepEqual(kinds, ['private', 'private', 'use'])
  },
)

vectorTest(
  'the key-agreement key of RFC 8037 A.6 is unsupported and spoils no other key',
  'jose-cookbook',
  (vectors) => {
    const { input } = vectors.json('curve25519/jws.json') as Example
    const x25519 = { kty: 'OKP', crv: 'X25519', kid: 'Bob', x: '3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08' }
    const { keys, problems } = readKeySet({ keys: [x25519, publicPart(input.key)] })
    assert.deepEqual(
      problems.map(({ kind, label }) => [kind, label]),
      [['unsupported', 'kid "Bob"']],
    )
    assert.ok(selectKey({ alg: 'EdDSA', kid: undefined }, createKeySet(keys)).ok)
  },
)

function publicPart(jwk: JsonObject): JsonObject {
  if (jwk['kty'] === 'oct') return jwk
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest } = jwk
  return rest
}
