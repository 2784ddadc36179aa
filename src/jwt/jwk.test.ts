import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createSigner } from '../../test/support/signer.ts'
import { A2, A3, A4 } from '../../test/support/rfc7515.ts'
import type { JsonObject, JsonValue } from '../kernel/json.ts'
import { readJwk } from './jwk.ts'

const RSA = A2.jwk
const EC = A3.jwk
const ED25519 = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
const OCT = { kty: 'oct', k: 'A'.repeat(43) }

function problem(
  jwk: JsonValue,
  position = 'keys[0]',
): { kind: string; message: string; hint?: string; label: string } {
  const read = readJwk(jwk, position)
  assert.ok(!read.ok, 'the key was accepted')
  return read.error
}

function kind(jwk: JsonValue): string {
  const read = readJwk(jwk, 'keys[0]')
  return read.ok ? 'usable' : read.error.kind
}

function algorithms(jwk: JsonValue): readonly string[] {
  const read = readJwk(jwk, 'keys[0]')
  assert.ok(read.ok)
  return read.value.algorithms
}

function secret(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}

test('a key of each type is read with its size, its label and its public members', () => {
  const read = readJwk({ ...RSA, kid: 'one', alg: 'RS256', use: 'sig', x5c: ['AAAA'], other: 1 }, 'keys[0]')
  assert.ok(read.ok)
  const { keyObject, ...rest } = read.value
  assert.equal(keyObject.type, 'public')
  assert.deepEqual(rest, {
    kid: 'one',
    label: 'kid "one"',
    type: 'RSA',
    algorithms: ['RS256'],
    bits: 2048,
    jwk: { ...RSA, kid: 'one', alg: 'RS256', use: 'sig' },
  })
  const sizes = [EC, A4.jwk, ED25519, OCT].map((jwk) => {
    const key = readJwk(jwk, 'keys[0]')
    return key.ok ? [key.value.type, key.value.bits, key.value.label] : key.error.message
  })
  assert.deepEqual(sizes, [
    ['EC', 256, 'the key without a kid'],
    ['EC', 521, 'the key without a kid'],
    ['OKP', 255, 'the key without a kid'],
    ['oct', 256, 'the key without a kid'],
  ])
})

test('the secret of an `oct` key is not among the members for export', () => {
  const read = readJwk({ ...OCT, kid: 'one' }, 'keys[0]')
  assert.ok(read.ok)
  assert.deepEqual(read.value.jwk, { kty: 'oct', kid: 'one', use: 'sig' })
})

test('a key without `alg` allows the algorithms of its type, curve and size', () => {
  assert.deepEqual(algorithms(RSA), ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'])
  assert.deepEqual(algorithms(EC), ['ES256'])
  assert.deepEqual(algorithms(ED25519), ['EdDSA'])
  assert.deepEqual(algorithms({ kty: 'oct', k: secret(32) }), ['HS256'])
  assert.deepEqual(algorithms({ kty: 'oct', k: secret(63) }), ['HS256', 'HS384'])
  assert.deepEqual(algorithms({ kty: 'oct', k: secret(64) }), ['HS256', 'HS384', 'HS512'])
})

test('a key with `alg` allows that one alone', () => {
  assert.deepEqual(algorithms({ ...RSA, alg: 'PS384' }), ['PS384'])
  assert.deepEqual(algorithms({ kty: 'oct', k: secret(64), alg: 'HS256' }), ['HS256'])
})

test('an `alg` of another type or curve is malformed, one that is not served unsupported', () => {
  for (const [jwk, alg] of [
    [RSA, 'HS256'],
    [RSA, 'ES256'],
    [EC, 'RS256'],
    [EC, 'ES384'],
    [A4.jwk, 'ES256'],
    [OCT, 'RS256'],
    [ED25519, 'ES256'],
  ] as const) {
    assert.equal(kind({ ...jwk, alg }), 'malformed', alg)
  }
  for (const alg of ['none', 'RSA-OAEP', 'ES256K', 'A256GCM', '', 'rs256'])
    assert.equal(kind({ ...RSA, alg }), 'unsupported')
  for (const alg of [null, 1, ['RS256']]) assert.equal(kind({ ...RSA, alg }), 'malformed')
})

test('a private member makes a key private, whatever else is right or wrong with it', () => {
  for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth']) {
    for (const jwk of [
      RSA,
      EC,
      ED25519,
      { kty: 'unknown' },
      { ...RSA, use: 'enc' },
      {},
    ] as readonly JsonObject[]) {
      const { message, hint, kind: found } = problem({ ...jwk, [member]: 'SECRETMATERIAL', kid: 'one' })
      assert.equal(found, 'private')
      assert.ok(message.startsWith('kid "one": ') && message.includes(`\`${member}\``))
      assert.ok(!message.includes('SECRET') && hint !== undefined)
    }
  }
})

test('a private member that is null or empty is private too', () => {
  for (const d of [null, '', 0, false]) assert.equal(kind({ ...EC, d }), 'private')
})

test('`use` must be sig and `key_ops` must have verify, where they stand', () => {
  assert.equal(kind({ ...RSA, use: 'sig' }), 'usable')
  assert.equal(kind({ ...RSA, key_ops: ['verify'] }), 'usable')
  assert.equal(kind({ ...OCT, key_ops: ['sign', 'verify'] }), 'usable')
  for (const use of ['enc', 'SIG', '', null, 1, ['sig']]) assert.equal(kind({ ...RSA, use }), 'use')
  for (const key_ops of [[], ['sign'], ['encrypt'], 'verify', null, { verify: true }]) {
    assert.equal(kind({ ...RSA, key_ops }), 'use')
  }
})

test('unknown key types and curves are unsupported', () => {
  for (const kty of ['AKP', 'rsa', 'OCT', '', 'constructor']) assert.equal(kind({ kty }), 'unsupported', kty)
  for (const crv of ['secp256k1', 'p-256', 'brainpoolP256r1', '__proto__'])
    assert.equal(kind({ ...EC, crv }), 'unsupported')
  assert.equal(kind({ ...ED25519, crv: 'X25519' }), 'unsupported')
})

test('missing members, and members that are not text, are malformed', () => {
  for (const [jwk, members] of [
    [RSA, ['kty', 'n', 'e']],
    [EC, ['kty', 'crv', 'x', 'y']],
    [ED25519, ['kty', 'crv', 'x']],
    [OCT, ['kty', 'k']],
  ] as const) {
    for (const member of members) {
      for (const value of [undefined, null, 1, ['AQAB'], {}]) {
        assert.equal(kind({ ...jwk, [member]: value }), 'malformed', member)
      }
    }
  }
  for (const jwk of [null, 'text', 1, [], [RSA]]) assert.equal(kind(jwk), 'malformed')
  assert.equal(kind({ ...RSA, kid: 7 }), 'malformed')
})

test('curves of one type are malformed in the other', () => {
  for (const jwk of [
    { ...ED25519, crv: 'P-256' },
    { ...EC, crv: 'Ed25519' },
  ]) {
    const { kind: found, message } = problem(jwk)
    assert.equal(found, 'malformed')
    assert.match(message, /is no curve of `kty`/)
  }
})

test('line breaks and spaces from a copied document are named, with the member and the key', () => {
  for (const gap of [' ', '\n', '\r\n', '\t', '\u00a0']) {
    const n = `${RSA['n']!.slice(0, 40)}${gap}${RSA['n']!.slice(40)}`
    const { kind: found, message, hint } = problem({ ...RSA, n }, 'keys[3]')
    assert.equal(found, 'malformed')
    assert.equal(message, 'keys[3]: `n` has line breaks or spaces in it')
    assert.equal(hint, 'remove the line breaks and spaces inside `n`')
  }
})

test('plain base64 and cut-off members are told apart', () => {
  assert.match(problem({ ...RSA, n: `${RSA['n']!}==` }).message, /base64, not base64url/)
  assert.match(problem({ ...OCT, k: '+/'.repeat(22) }).hint!, /write `-` for `\+`/)
  assert.match(problem({ ...RSA, n: RSA['n']!.slice(0, 341) }).message, /not base64url, or is cut off/)
})

test('RSA keys under 2048 bits are weak, and their size is said', () => {
  for (const modulusLength of [512, 1024, 2040]) {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength })
    const { kind: found, message } = problem(publicKey.export({ format: 'jwk' }) as JsonObject)
    assert.equal(found, 'weak')
    assert.ok(message.includes(`${modulusLength} bits`), message)
  }
})

test('zeros in front do not make an RSA key longer, and do not harm a long one', () => {
  const { n } = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  const padded = Buffer.concat([Buffer.alloc(128), Buffer.from(n!, 'base64url')]).toString('base64url')
  assert.equal(kind({ kty: 'RSA', n: padded, e: 'AQAB' }), 'weak')
  const signed = Buffer.concat([Buffer.alloc(1), Buffer.from(RSA['n']!, 'base64url')]).toString('base64url')
  const read = readJwk({ ...RSA, n: signed }, 'key')
  assert.ok(read.ok)
  assert.equal(read.value.bits, 2048)
  assert.equal(read.value.jwk['n'], RSA['n'])
})

test('an RSA modulus beyond 8192 bits is refused before any arithmetic', () => {
  const huge = Buffer.alloc(1025, 0xff).toString('base64url')
  assert.equal(kind({ kty: 'RSA', n: huge, e: 'AQAB' }), 'unsupported')
  assert.equal(
    kind({ kty: 'RSA', n: Buffer.alloc(500_000, 0xff).toString('base64url'), e: 'AQAB' }),
    'unsupported',
  )
})

test('an even modulus is malformed', () => {
  const even = Buffer.from(RSA['n']!, 'base64url')
  even[even.length - 1]! &= 0xfe
  assert.equal(kind({ ...RSA, n: even.toString('base64url') }), 'malformed')
})

test('RSA exponents must be odd, from 3 and below 2^32', () => {
  for (const hex of ['03', '11', '010001', '00010001', 'ffffffff'])
    assert.equal(kind(exponent(hex)), 'usable', hex)
  for (const hex of ['', '00', '01', '0001', '02', '010000', '0100000001', 'ff'.repeat(256)]) {
    assert.equal(kind(exponent(hex)), 'weak', hex)
  }
})

test('a point that is not on its curve is malformed', () => {
  assert.equal(kind({ ...EC, y: EC['x']! }), 'malformed')
  const zero = Buffer.alloc(32).toString('base64url')
  assert.equal(kind({ ...EC, x: zero, y: zero }), 'malformed')
})

test('coordinates must have the length of the curve', () => {
  const x = Buffer.from(EC['x']!, 'base64url')
  assert.equal(kind({ ...EC, x: x.subarray(1).toString('base64url') }), 'malformed')
  assert.equal(kind({ ...EC, x: Buffer.concat([Buffer.alloc(1), x]).toString('base64url') }), 'malformed')
  assert.equal(kind({ ...ED25519, x: Buffer.alloc(31).toString('base64url') }), 'malformed')
})

test('a secret shorter than the hash is weak', () => {
  assert.equal(kind({ kty: 'oct', k: '' }), 'weak')
  assert.equal(kind({ kty: 'oct', k: secret(31) }), 'weak')
  assert.equal(kind({ kty: 'oct', k: secret(47), alg: 'HS384' }), 'weak')
  assert.equal(kind({ kty: 'oct', k: secret(63), alg: 'HS512' }), 'weak')
  assert.equal(kind({ kty: 'oct', k: secret(64), alg: 'HS512' }), 'usable')
})

test('a kid that is strange is shown on one line, short, and harmless to a terminal', () => {
  const { label } = problem({ kty: 'x', kid: `\u001b[31m\n\u202e\u009b${'k'.repeat(500)}` })
  assert.ok(label.length < 120)
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
  assert.ok(!/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/.test(label))
})

test('no problem ever holds text of a member that may be key material', () => {
  const members = ['n', 'e', 'x', 'y', 'k', 'd', 'p', 'q'] as const
  const mark = 'MATERIAL'
  const text = fc
    .tuple(fc.constantFrom('', ' ', '=', '\n', 'é', 'A'), fc.nat(200))
    .map(([odd, n]) => `${mark}${odd}${'Q'.repeat(n)}`)
  fc.assert(
    fc.property(
      fc.constantFrom('RSA', 'EC', 'OKP', 'oct', 'x'),
      fc.constantFrom('P-256', 'Ed25519', 'X'),
      fc.subarray([...members]),
      text,
      (kty, crv, present, value) => {
        const jwk: Record<string, JsonValue> = { kty, crv }
        for (const member of present) jwk[member] = value
        const read = readJwk(jwk, 'keys[0]')
        if (!read.ok) assert.ok(!JSON.stringify(read.error).includes(mark))
      },
    ),
    { numRuns: 500 },
  )
})

test('reading any JSON ends in a key or a problem, never in an exception', () => {
  const member = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('RSA', 'EC', 'OKP', 'oct', 'sig', 'RS256', 'AQAB', 'P-256', RSA['n']!),
  )
  const jwk = fc.dictionary(
    fc.constantFrom('kty', 'n', 'e', 'crv', 'x', 'y', 'k', 'kid', 'alg', 'use', 'key_ops'),
    member,
  )
  fc.assert(
    fc.property(jwk, (value) => {
      const read = readJwk(value, 'keys[0]')
      assert.equal(typeof read.ok, 'boolean')
    }),
    { numRuns: 1000 },
  )
})

test('the key of every signer in the tests is usable, Ed448 included', () => {
  assert.equal(kind(createSigner('EdDSA', { okpCurve: 'ed448' }).jwk), 'usable')
})

function exponent(hex: string): JsonValue {
  return { ...RSA, e: Buffer.from(hex, 'hex').toString('base64url') }
}
