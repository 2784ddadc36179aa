import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { certificateOf } from '../../test/support/authority.ts'
import { certificateMapOf, jwksOf, pemMapOf, pemOf } from '../../test/support/key-documents.ts'
import { keySource } from '../../test/support/key-source.ts'
import { whyNoOpenssl } from '../../test/support/openssl.ts'
import { createSigner } from '../../test/support/signer.ts'
import type { VerificationKey } from '../jwt/index.ts'
import { readDocument, type DocumentReading } from './read-document.ts'
import type { KeySourceSpec } from './spec.ts'

const [A, B] = [createSigner('ES256', { kid: 'a' }), createSigner('ES256', { kid: 'b' })]
const SECRET = createSigner('HS256', { kid: 'secret' })
/** Reading it costs most of what there is. */
const RSA = createSigner('RS256', { kid: 'r' })

function read(document: unknown, spec: Partial<KeySourceSpec> = {}): DocumentReading {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  const reading = readDocument(text, keySource(spec))
  assert.ok(reading.ok, reading.ok ? '' : reading.error.message)
  return reading.value
}

function failureOf(document: unknown, spec: Partial<KeySourceSpec> = {}): string {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  const reading = readDocument(text, keySource(spec))
  return reading.ok ? assert.fail(`it was read: ${text.slice(0, 80)}`) : reading.error.message
}

const kids = (keys: readonly VerificationKey[]): readonly unknown[] => keys.map(({ kid }) => kid)
const skipped = (reading: DocumentReading): readonly string[] => reading.skipped.map(({ message }) => message)

describe('a key set', () => {
  it('is read with everything around it that JSON lets be', () => {
    const text = JSON.stringify(jwksOf(A, RSA))
    for (const document of [text, `\uFEFF${text}`, ` \r\n\t${text}\n\n`, `\uFEFF\n${text}`])
      assert.deepEqual(kids(read(document).keys), ['a', 'r'])
    assert.deepEqual(kids(read({ ...jwksOf(A), issuer: 'x', extra: [{ a: { b: {} } }] }).keys), ['a'])
  })

  it('may be empty, and then has no key', () => {
    assert.deepEqual(read({ keys: [] }), { keys: [], skipped: [] })
  })

  it('skips what cannot be used, names it, and keeps the rest', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
    const reading = read({
      keys: [
        { kty: 'AKP', kid: 'new', alg: 'ML-DSA-44', pub: 'AA' },
        { ...A.jwk, kid: 'enc', use: 'enc' },
        { ...privateKey.export({ format: 'jwk' }), kid: 'private' },
        { ...weak, kid: 'weak' },
        { ...A.jwk, kid: 7 },
        { kty: 'EC', kid: 'cut', crv: 'P-256', x: 'AAAA' },
        null,
        'text',
        SECRET.jwk,
        B.jwk,
      ],
    })
    assert.deepEqual(kids(reading.keys), ['b'])
    const messages = skipped(reading)
    assert.equal(messages.length, 9)
    for (const name of ['new', 'enc', 'private', 'weak', 'cut', 'secret'])
      assert.equal(messages.filter((message) => message.startsWith(`kid "${name}": `)).length, 1, name)
    for (const position of ['keys[4]', 'keys[6]', 'keys[7]'])
      assert.ok(
        messages.some((message) => message.startsWith(`${position}: `)),
        position,
      )
    const told = JSON.stringify(reading.skipped)
    for (const { d, k } of [privateKey.export({ format: 'jwk' }), SECRET.jwk] as { d?: string; k?: string }[])
      assert.ok(!told.includes(d ?? k ?? ''))
  })

  it('skips secrets, which leave the choice of the others as it is', () => {
    const { kid: _kid, ...secret } = SECRET.jwk
    const { kid: _other, ...nameless } = A.jwk
    for (const keepAmbiguous of [false, true]) {
      const reading = read({ keys: [secret, nameless] }, { keepAmbiguous })
      assert.deepEqual(kids(reading.keys), [undefined])
      assert.deepEqual(skipped(reading), [
        'keys[0]: it is a secret (`oct`), and whoever can fetch it can sign with it',
      ])
    }
  })

  it('takes the same key once, and of keys that a token cannot choose between none', () => {
    assert.deepEqual(kids(read({ keys: [A.jwk, A.jwk] }).keys), ['a'])
    const clash = { keys: [A.jwk, { ...B.jwk, kid: 'a' }, RSA.jwk] }
    const reading = read(clash)
    assert.deepEqual(kids(reading.keys), ['r'])
    assert.match(skipped(reading)[0] ?? '', /same kid and an algorithm in common/)
    assert.deepEqual(kids(read(clash, { keepAmbiguous: true }).keys), ['a', 'a', 'r'])
  })

  it('names keys as it likes', () => {
    const names = [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      '../../etc/passwd',
      '\u0000',
      '💥',
      ' ',
    ]
    const keys = names.map((kid) => ({ ...createSigner('ES256').jwk, kid }))
    assert.deepEqual(kids(read({ keys }).keys), names)
  })

  it('has so many keys at the most, and is no key set with more', () => {
    const keys = Array.from({ length: 4 }, (_, i) => ({ ...A.jwk, kid: `k${i}` }))
    assert.equal(read({ keys }, { maxKeys: 4 }).keys.length, 4)
    assert.equal(failureOf({ keys }, { maxKeys: 3 }), 'the key set: there are 4 keys; 3 are the most')
    // Also where none of them could be used: they were to be read.
    assert.match(failureOf({ keys: keys.map(() => null) }, { maxKeys: 3 }), /3 are the most/)
  })
})

describe('a PEM document', () => {
  it('is one key, called as is said', () => {
    const { keys } = read(`\uFEFF\n${pemOf(RSA)}\n`, { kid: 'mine', alg: 'PS256' })
    assert.deepEqual([kids(keys), keys[0]?.algorithms], [['mine'], ['PS256']])
    assert.deepEqual(kids(read(pemOf(A)).keys), [undefined])
  })

  it('may be a certificate', { skip: whyNoOpenssl() }, () => {
    assert.equal(read(certificateOf(A)).keys[0]?.keyObject.equals(read(pemOf(A)).keys[0]!.keyObject), true)
  })

  it('with anything else is a failure, and no key is withdrawn for it', () => {
    const pem = pemOf(A)
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const secretPem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    assert.match(failureOf(`${pem}${pem}`), /there are several PEM blocks/)
    assert.match(failureOf(secretPem), /this is a private key/)
    assert.match(failureOf(pem.slice(0, 60)), /line is missing/)
    assert.match(failureOf(pem.replace('M', '!')), /something other than base64/)
    assert.match(failureOf('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'), /does not hold/)
    assert.match(failureOf(pem, { alg: 'RS256' }), /does not fit/)
    assert.match(failureOf(`-----BEGIN${'A'.repeat(70_000)}`), /longer than 64 KiB/)
    assert.ok(!failureOf(secretPem).includes(secretPem.slice(30, 60)))
  })
})

describe('a map of PEM texts by kid', () => {
  it('is told by its values', { skip: whyNoOpenssl() }, () => {
    assert.deepEqual(kids(read(pemMapOf(A, RSA)).keys), ['a', 'r'])
    assert.deepEqual(kids(read(certificateMapOf(A, B)).keys), ['a', 'b'])
    assert.match(failureOf({ ...pemMapOf(A), comment: 'ours' }), /`keys` is missing/)
    // One that was cut off somewhere is not known to be whole elsewhere.
    assert.match(failureOf({ ...pemMapOf(A), b: pemOf(B).slice(0, 60) }), /`keys` is missing/)
    assert.match(failureOf({}), /`keys` is missing/)
  })

  it('skips what is no key of its own, and names it', () => {
    const reading = read({
      ...pemMapOf(A),
      broken: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
      two: pemOf(A) + pemOf(B),
    })
    assert.deepEqual(kids(reading.keys), ['a'])
    assert.deepEqual(
      skipped(reading).map((message) => message.slice(0, message.indexOf(':'))),
      ['kid "broken"', 'kid "two"'],
    )
  })

  it('names keys as it likes, once each', () => {
    const pem = pemOf(A)
    const text = `{"__proto__":${JSON.stringify(pem)},"constructor":${JSON.stringify(pem)}}`
    assert.deepEqual(kids(read(text).keys), ['__proto__', 'constructor'])
    assert.match(failureOf(`{"a":${JSON.stringify(pem)},"a":${JSON.stringify(pem)}}`), /stands twice/)
  })

  it('has so many keys at the most', () => {
    assert.equal(read(pemMapOf(A, B), { maxKeys: 2 }).keys.length, 2)
    assert.equal(failureOf(pemMapOf(A, B), { maxKeys: 1 }), 'there are 2 keys; 1 are the most')
  })
})

describe('what is no key document', () => {
  it('is a failure that tells what it is, and nothing of what stands in it', () => {
    const cases: readonly (readonly [document: unknown, message: RegExp])[] = [
      ['<!doctype html><html>sign in</html>', /an HTML page or XML came/],
      ['<?xml version="1.0"?>', /an HTML page or XML came/],
      ['', /what came is not JSON: ends too early at character 0/],
      ['Not Found', /what came is not JSON/],
      ['{"keys":[', /what came is not JSON: ends too early/],
      ['{"keys":[],"keys":[]}', /stands twice/],
      ['{"keys":[]} {"keys":[]}', /text after the end/],
      [[], /a JSON object with a `keys` array is expected/],
      ['null', /a JSON object/],
      ['7', /a JSON object/],
      [{ error: 'unauthorized' }, /`keys` is missing/],
      [{ keys: {} }, /`keys` is not an array/],
      [A.jwk, /this is a single key, not a key set/],
      [{ keys: [], deep: JSON.parse('['.repeat(40) + ']'.repeat(40)) }, /nested too deep/],
    ]
    for (const [document, message] of cases) assert.match(failureOf(document), message)
  })

  it('is told of with what to do about it, which is nothing that only its publisher can do', () => {
    const hintOf = (document: unknown, spec: Partial<KeySourceSpec> = {}): string => {
      const reading = readDocument(JSON.stringify(document), keySource(spec))
      return reading.ok ? assert.fail() : (reading.error.hint ?? '')
    }
    const metadata = { issuer: 'https://idp.example', jwks_uri: 'https://idp.example/keys' }
    assert.match(failureOf(metadata), /metadata of an issuer came/)
    assert.match(hintOf(metadata), /write `discovery`/)
    // There `discovery` is written already.
    assert.match(hintOf(metadata, { issuer: 'https://idp.example' }), /is this the URL of the keys/)
    assert.match(hintOf({ error: 'unauthorized' }), /is this the URL of the keys/)
    for (const many of [jwksOf(A, B), pemMapOf(A, B)])
      assert.match(hintOf(many, { maxKeys: 1 }), /raise `maxKeys`/)
    assert.match(failureOf({ ...pemMapOf(A), x: 5 }), /not all members are whole PEM texts/)
  })

  it('is one that is longer than may be fetched', () => {
    const text = JSON.stringify(jwksOf(A))
    assert.deepEqual(kids(read(text, { maxBytes: text.length }).keys), ['a'])
    assert.match(failureOf(text, { maxBytes: text.length - 1 }), /longer than the limit/)
  })
})

describe('any text', () => {
  const pieces = fc.constantFrom(
    '-----BEGIN PUBLIC KEY-----',
    '-----END PUBLIC KEY-----',
    '-----BEGIN CERTIFICATE-----',
    'AAAA',
    '\n',
    '{',
    '}',
    '"keys":[',
    ']',
    '"kty":"EC"',
    '"kty":"RSA","n":"AQAB","e":"AQAB"',
    ',',
    '"',
    '\uFEFF',
    '<',
    '\u0000',
    '"kid":',
    JSON.stringify(A.jwk),
    pemOf(A),
  )
  const member = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('EC', 'RSA', 'OKP', 'oct', 'AQAB', 'P-256', 'ES256', 'sig'),
  )
  const names = fc.constantFrom(
    'kty',
    'kid',
    'use',
    'key_ops',
    'alg',
    'crv',
    'x',
    'y',
    'n',
    'e',
    'k',
    'd',
    'oth',
  )
  const jwk = fc.dictionary(names, member)
  const documents = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces).map((each) => each.join('')),
    fc
      .array(fc.oneof(jwk, fc.constant(A.jwk), fc.constant(RSA.jwk), fc.jsonValue()))
      .map((keys) => JSON.stringify({ keys })),
    fc.dictionary(fc.string(), fc.oneof(pieces, fc.constant(pemOf(B)))).map((map) => JSON.stringify(map)),
    fc.json(),
  )

  it('is read or is a failure; it never throws, and no key of it is a secret', () => {
    fc.assert(
      fc.property(documents, fc.boolean(), (text, keepAmbiguous) => {
        const reading = readDocument(text, keySource({ keepAmbiguous }))
        if (reading.ok) assert.ok(reading.value.keys.every(({ type }) => type !== 'oct'))
        else assert.ok(reading.error.message.length > 0 && reading.error.message.length < 400)
      }),
      { numRuns: 1500 },
    )
  })
})
