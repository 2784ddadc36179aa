import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodePart } from '../../test/support/signer.ts'
import { DEFAULT_TOKEN_LIMITS, parseCompact, parseToken } from './compact.ts'

const HEADER = encodePart({ alg: 'HS256', kid: 'one' })
const PAYLOAD = encodePart({ iss: 'joe' })

function outcome(token: string): string {
  const parsed = parseToken(token)
  return parsed.ok ? 'accepted' : parsed.error.reason
}

function withHeader(header: unknown): string {
  return outcome(`${encodePart(header)}.${PAYLOAD}.AAAA`)
}

test('a token is split into header, claims, signing input and signature', () => {
  const parsed = parseToken(`${HEADER}.${PAYLOAD}.AAEC`)
  assert.ok(parsed.ok)
  assert.deepEqual(parsed.value.header, { alg: 'HS256', kid: 'one' })
  assert.equal(parsed.value.claims['iss'], 'joe')
  assert.equal(parsed.value.signingInput, `${HEADER}.${PAYLOAD}`)
  assert.deepEqual(parsed.value.signature, Buffer.from([0, 1, 2]))
})

test('anything but three parts is refused', () => {
  for (const token of [
    '',
    '.',
    '..',
    'a',
    'a.b',
    `${HEADER}.${PAYLOAD}`,
    `${HEADER}.${PAYLOAD}.AAAA.`,
    `.${HEADER}.${PAYLOAD}.AAAA`,
    `${HEADER}.${PAYLOAD}.AAAA.AAAA.AAAA`,
  ]) {
    const reason = outcome(token)
    assert.ok(
      reason === 'not-three-parts' || (token === '..' && reason === 'header-json'),
      `${token}: ${reason}`,
    )
  }
})

test('an empty header, payload or signature is refused', () => {
  assert.equal(outcome(`.${PAYLOAD}.AAAA`), 'header-json')
  assert.equal(outcome(`${HEADER}..AAAA`), 'payload-json')
  assert.equal(outcome(`${HEADER}.${PAYLOAD}.`), 'signature-length')
})

test('each part must be strict base64url', () => {
  for (const bad of ['A', 'AB', 'AA=', 'AA==', 'A+AA', 'A/AA', ' AAA', 'AAA\n', 'AA%41', 'AAAé']) {
    assert.equal(outcome(`${bad}.${PAYLOAD}.AAAA`), 'header-base64', bad)
    assert.equal(outcome(`${HEADER}.${bad}.AAAA`), 'payload-base64', bad)
    assert.equal(outcome(`${HEADER}.${PAYLOAD}.${bad}`), 'signature-base64', bad)
  }
})

test('white space around a token is not taken off', () => {
  assert.equal(outcome(` ${HEADER}.${PAYLOAD}.AAAA`), 'header-base64')
  assert.equal(outcome(`${HEADER}.${PAYLOAD}.AAAA\n`), 'signature-base64')
})

test('header and payload must be UTF-8', () => {
  const invalid = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')])
  assert.equal(outcome(`${encodePart(invalid)}.${PAYLOAD}.AAAA`), 'header-json')
  assert.equal(outcome(`${HEADER}.${encodePart(invalid)}.AAAA`), 'payload-json')
})

test('a token of the largest size is read and one character more is refused', () => {
  const room = DEFAULT_TOKEN_LIMITS.maxTokenBytes - HEADER.length - PAYLOAD.length - 2
  const largest = `${HEADER}.${PAYLOAD}.${'A'.repeat(room - (room % 4))}`
  assert.equal(outcome(largest), 'accepted')
  assert.equal(outcome(`${HEADER}.${PAYLOAD}.${'A'.repeat(room + 1)}`), 'token-too-large')
})

test('limits are what the caller says', () => {
  const token = `${HEADER}.${PAYLOAD}.AAAA`
  const limits = { maxTokenBytes: token.length, maxHeaderBytes: 30 }
  assert.ok(parseCompact(token, limits).ok)
  const tooLarge = parseCompact(token, { ...limits, maxTokenBytes: token.length - 1 })
  assert.equal(tooLarge.ok ? '' : tooLarge.error.reason, 'token-too-large')
  const header = parseCompact(token, { ...limits, maxHeaderBytes: 20 })
  assert.equal(header.ok ? '' : header.error.reason, 'header-too-large')
})

test('a header of more than 4 KiB is refused before it is decoded', () => {
  assert.equal(withHeader({ alg: 'HS256', kid: 'x'.repeat(4000) }), 'accepted')
  assert.equal(withHeader({ alg: 'HS256', kid: 'x'.repeat(4096) }), 'header-too-large')
  assert.equal(outcome(`${'!'.repeat(8000)}.${PAYLOAD}.AAAA`), 'header-too-large')
})

test('the header must be a JSON object without duplicate names', () => {
  for (const header of [
    '',
    'null',
    '[]',
    '"HS256"',
    '{"alg":"HS256"',
    '{"alg":"HS256"}x',
    '{"alg":"none","alg":"HS256"}',
  ]) {
    assert.equal(withHeader(header), 'header-json', header)
  }
})

test('the algorithm must be one of the table, spelt exactly so', () => {
  assert.equal(withHeader({}), 'alg-missing')
  for (const alg of [null, 1, '', ['HS256'], { a: 1 }]) assert.equal(withHeader({ alg }), 'alg-missing')
  for (const alg of ['none', 'None', 'NONE', 'nOnE']) assert.equal(withHeader({ alg }), 'alg-none')
  for (const alg of ['hs256', 'HS256 ', 'HS257', 'ES256K', 'RSA-OAEP', 'constructor', '__proto__', 'none ']) {
    assert.equal(withHeader({ alg }), 'alg-unsupported', alg)
  }
})

test('every `crit` is refused, since no extension is understood', () => {
  for (const crit of [['exp'], ['b64'], [], null, 'exp', {}]) {
    assert.equal(withHeader({ alg: 'HS256', crit }), 'crit-unsupported')
  }
})

test('`b64` may only be true', () => {
  assert.equal(withHeader({ alg: 'HS256', b64: true }), 'accepted')
  for (const b64 of [false, null, 0, 'true'])
    assert.equal(withHeader({ alg: 'HS256', b64 }), 'b64-unsupported')
})

test('a kid must be text, and an empty one is none', () => {
  for (const kid of [null, 1, ['one'], {}]) assert.equal(withHeader({ alg: 'HS256', kid }), 'kid-not-text')
  const parsed = parseToken(`${encodePart({ alg: 'HS256', kid: '' })}.${PAYLOAD}.AAAA`)
  assert.ok(parsed.ok)
  assert.equal(parsed.value.header.kid, undefined)
})

test('where a token says its key is found is not read', () => {
  const header = {
    alg: 'HS256',
    jku: 'https://evil.example/jwks',
    x5u: 1,
    jwk: { kty: 'oct', k: 'AAAA' },
    x5c: ['AAAA'],
  }
  const parsed = parseToken(`${encodePart(header)}.${PAYLOAD}.AAAA`)
  assert.ok(parsed.ok)
  assert.deepEqual(parsed.value.header, { alg: 'HS256', kid: undefined })
})
