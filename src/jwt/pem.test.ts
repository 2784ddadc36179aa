import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { readJwk } from './jwk.ts'
import { readPem } from './pem.ts'

/** A self-signed certificate of a P-256 key, made for this test, and its public key. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIUKQYl19fZHqkVaoDp7WAQzNA1tDcwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjIyMDEwMDNaFw0zNjExMTkyMDEwMDNa
MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATWRVQh
LfjNS2blbz1N7xa283LRuag8sMh09HMMOXUsj5WVrZRNsxVA2I3MujVugOzS94KG
uemo+UXzLJ0kLKGko1MwUTAdBgNVHQ4EFgQURU02E1P+Ag48Sq98nnZNdA6yQZww
HwYDVR0jBBgwFoAURU02E1P+Ag48Sq98nnZNdA6yQZwwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiEA4RCbq0W+lyuSF6vceyctPr31OA2W2jup7Oxp
uNavYQcCICboqtFc0wLevgMwGMh5xUciMAlJz8+eJKGiZTe6a/Y+
-----END CERTIFICATE-----
`
const PUBLIC_KEY = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1kVUIS34zUtm5W89Te8WtvNy0bmo
PLDIdPRzDDl1LI+Vla2UTbMVQNiNzLo1boDs0veChrnpqPlF8yydJCyhpA==
-----END PUBLIC KEY-----
`

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })

function spki(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

function kind(text: string): string {
  const read = readPem(text, undefined, undefined, 'key.pem')
  return read.ok ? 'usable' : read.error.kind
}

test('a public key is read as its JWK would be', () => {
  for (const key of [
    rsa.publicKey,
    generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey,
    generateKeyPairSync('ed25519').publicKey,
    generateKeyPairSync('ed448').publicKey,
  ]) {
    const fromPem = readPem(spki(key), 'one', undefined, 'key.pem')
    const fromJwk = readJwk(
      { ...(key.export({ format: 'jwk' }) as Record<string, string>), kid: 'one' },
      'key.pem',
    )
    assert.ok(fromPem.ok && fromJwk.ok)
    const { keyObject, notAfterMs, ...rest } = fromPem.value
    const { keyObject: other, ...expected } = fromJwk.value
    assert.deepEqual(rest, expected)
    assert.ok(keyObject.equals(other))
    assert.equal(notAfterMs, undefined)
  }
})

test('a PKCS#1 public key is the same key', () => {
  const read = readPem(
    rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    undefined,
    'PS256',
    'key.pem',
  )
  assert.ok(read.ok)
  assert.ok(read.value.keyObject.equals(rsa.publicKey))
  assert.deepEqual(read.value.algorithms, ['PS256'])
})

test('a certificate gives its public key and says until when it holds', () => {
  const read = readPem(CERTIFICATE, 'leaf', undefined, 'cert.pem')
  const bare = readPem(PUBLIC_KEY, 'leaf', undefined, 'key.pem')
  assert.ok(read.ok && bare.ok)
  assert.ok(read.value.keyObject.equals(bare.value.keyObject))
  assert.equal(read.value.notAfterMs, Date.UTC(2036, 10, 19, 20, 10, 3))
})

test('text before the block, indentation and Windows line ends do not matter', () => {
  assert.equal(kind(`Subject: CN=test\n\n${CERTIFICATE}`), 'usable')
  assert.equal(kind(PUBLIC_KEY.replaceAll('\n', '\r\n')), 'usable')
  assert.equal(kind(`  ${PUBLIC_KEY.trim().replaceAll('\n', '\n    ')}`), 'usable')
})

test('private keys of every kind are private, wherever in the text they stand', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const texts = [
    rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    rsa.privateKey
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' })
      .toString(),
    ec.export({ type: 'sec1', format: 'pem' }).toString(),
    '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n',
  ]
  for (const text of texts) {
    assert.equal(kind(text), 'private')
    assert.equal(kind(` \n${text}`), 'private')
    assert.equal(kind(PUBLIC_KEY + text), 'private')
    const read = readPem(text, 'one', undefined, 'key.pem')
    assert.ok(!read.ok)
    for (const line of text.split('\n').slice(1, -2))
      assert.ok(!JSON.stringify(read.error).includes(line) || line === '')
  }
})

test('a private key under the label of a public one is malformed, not taken for its public half', () => {
  const der = rsa.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
  assert.equal(kind(`-----BEGIN PUBLIC KEY-----\n${der}\n-----END PUBLIC KEY-----`), 'malformed')
})

test('several blocks are malformed, and the hint says to give one', () => {
  const read = readPem(CERTIFICATE + CERTIFICATE, undefined, undefined, 'chain.pem')
  assert.ok(!read.ok)
  assert.equal(read.error.kind, 'malformed')
  assert.equal(read.error.message, 'chain.pem: there are several PEM blocks')
  assert.ok(read.error.hint !== undefined)
})

test('other blocks are unsupported', () => {
  for (const type of [
    'CERTIFICATE REQUEST',
    'PGP PUBLIC KEY BLOCK',
    'TRUSTED CERTIFICATE',
    'public key',
    '',
  ]) {
    assert.equal(kind(`-----BEGIN ${type}-----\nAAAA\n-----END ${type}-----`), 'unsupported', type)
  }
})

test('blocks that are damaged are malformed', () => {
  const lines = PUBLIC_KEY.trim().split('\n')
  for (const text of [
    '',
    'key.pem',
    lines.slice(0, -1).join('\n'),
    [lines[0], lines[2], lines[3]].join('\n'),
    PUBLIC_KEY.replace('MFkw', 'MF*w'),
    PUBLIC_KEY.replace('MFkw', 'Proc-Type: 4,ENCRYPTED\nMFkw'),
    PUBLIC_KEY.replaceAll('\n', '\\n'),
    PUBLIC_KEY.replaceAll('PUBLIC KEY', 'CERTIFICATE'),
    `-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----`,
    `${' '.repeat(70_000)}${PUBLIC_KEY}`,
  ]) {
    assert.equal(kind(text), 'malformed', text.slice(0, 80))
  }
})

test('keys that tokens are not verified with are unsupported', () => {
  assert.equal(kind(spki(generateKeyPairSync('x25519').publicKey)), 'unsupported')
  assert.equal(kind(spki(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)), 'unsupported')
  assert.equal(kind(spki(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)), 'unsupported')
})

test('the refusals of a JWK hold for PEM too', () => {
  assert.equal(kind(spki(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)), 'weak')
  const read = readPem(PUBLIC_KEY, 'one', 'RS256', 'key.pem')
  assert.ok(!read.ok)
  assert.equal(read.error.message, 'kid "one": `alg` RS256 does not fit `kty` EC')
})
