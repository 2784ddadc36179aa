import assert from 'node:assert/strict'
import { test } from 'node:test'
import { briefly, readTexts } from '../../test/support/dialects.ts'
import { makeCertificate, whyNoOpenssl } from '../../test/support/openssl.ts'

const skip = whyNoOpenssl() ?? false
const first = skip === false ? makeCertificate('a.example') : { certPem: '', keyPem: '' }
const second = skip === false ? makeCertificate('b.example') : { certPem: '', keyPem: '' }
const files = {
  'cert.pem': first.certPem,
  'key.pem': first.keyPem,
  'other.pem': second.keyPem,
  'text.txt': 'hello',
}

async function read(cert: string, key: string, more = '') {
  const tls = `{ certificates: [{ cert: ${cert}, key: ${key} }]${more} }`
  const text = `version: 1\nlisteners:\n  - { address: ":8443", tls: ${tls} }\nroutes: []\n`
  return readTexts({ ...files, 'main.yaml': text })
}

test('a certificate is read with its key', { skip }, async () => {
  const { configuration } = await read('cert.pem', 'key.pem')
  assert.deepEqual(configuration?.server.listeners, [
    { host: '', port: 8443, tls: { certificates: [first], minVersion: 'TLSv1.2' } },
  ])
  assert.equal(configuration.files.length, 3)
})

test('the version of TLS may be written as a number', { skip }, async () => {
  for (const [written, meant] of [
    ['1.3', 'TLSv1.3'],
    ['"1.3"', 'TLSv1.3'],
    ['1.2', 'TLSv1.2'],
  ]) {
    const { configuration } = await read('cert.pem', 'key.pem', `, minVersion: ${written}`)
    assert.equal(configuration?.server.listeners[0]?.tls?.minVersion, meant)
  }
  assert.equal((await read('cert.pem', 'key.pem', ', minVersion: 1.1')).configuration, undefined)
})

test('a certificate that cannot serve is an error where it is named', { skip }, async () => {
  const wrong: Readonly<Record<string, readonly [string, string]>> = {
    'the private key in `other.pem` is not that of the certificate in `cert.pem`': ['cert.pem', 'other.pem'],
    '`text.txt` holds no certificate in PEM': ['text.txt', 'key.pem'],
    '`cert.pem` holds no private key in PEM, or one with a password': ['cert.pem', 'cert.pem'],
    '`missing.pem` cannot be read: there is no such file': ['missing.pem', 'key.pem'],
  }
  for (const [message, [cert, key]] of Object.entries(wrong)) {
    const { configuration, problems } = await read(cert, key)
    assert.equal(configuration, undefined)
    assert.ok(briefly(problems).includes(`3 error: ${message}`), message)
  }
})

test('a file without the authorities of clients is an error by its name', { skip }, async () => {
  const { configuration, problems } = await read('cert.pem', 'key.pem', ', clientCa: text.txt')
  assert.equal(configuration, undefined)
  assert.deepEqual(briefly(problems), ['3 error: `text.txt` holds no certificate in PEM'])
})

const admin = (address: string, listener = '127.0.0.1:8080') =>
  readTexts({
    'main.yaml': `version: 1\nlisteners: [{ address: ${JSON.stringify(listener)} }]\nadmin:\n  address: ${JSON.stringify(address)}\nbackends: { b: { url: http://127.0.0.1:1 } }\nroutes: [{ path: /*, backend: b, auth: none }]\n`,
  })

test('without `admin` the gateway tells nothing of itself', async () => {
  const { configuration } = await readTexts({ 'main.yaml': 'version: 1\nroutes: []\n' })
  assert.notEqual(configuration, undefined)
  assert.equal(configuration?.server.admin, undefined)
})

test('an admin address that only this machine reaches is fine, and any other is warned of', async () => {
  for (const address of [
    '127.0.0.1:9901',
    '127.1.2.3:9901',
    '[::1]:9901',
    '[0:0::1]:9901',
    'localhost:9901',
  ]) {
    const { configuration, problems } = await admin(address)
    assert.deepEqual(briefly(problems), [], address)
    assert.equal(configuration?.server.admin?.port, 9901)
  }
  for (const address of [':9901', '0.0.0.0:9901', '10.0.0.1:9901', '[::]:9901', 'gateway.example:9901']) {
    const { configuration, problems } = await admin(address)
    assert.deepEqual(
      briefly(problems),
      ['4 warning: others than this machine can read the metrics here'],
      address,
    )
    assert.equal(configuration?.server.admin?.port, 9901)
  }
})

test('an admin address that a listener has is an error with its line; two free ports are not', async () => {
  for (const [address, listener] of [
    ['127.0.0.1:8080', '127.0.0.1:8080'],
    ['127.0.0.1:8080', ':8080'],
    ['127.0.0.1:8080', '0.0.0.0:8080'],
  ] as const) {
    const { configuration, problems } = await admin(address, listener)
    assert.equal(configuration, undefined)
    assert.deepEqual(briefly(problems), ['4 error: a listener takes the same address'])
  }
  assert.deepEqual(briefly((await admin('127.0.0.1:0', '127.0.0.1:0')).problems), [])
})

test('an admin address that is none is an error with its line', async () => {
  for (const address of ['9901', '127.0.0.1', '127.0.0.1:99999', 'http://127.0.0.1:9901', '']) {
    const { configuration, problems } = await admin(address)
    assert.equal(configuration, undefined, address)
    assert.equal(problems[0]?.line, 4)
    assert.equal(problems.length, 1)
  }
  for (const written of ['127.0.0.1:9901', '[]', 'true', '{ address: 9901 }', '{ port: 1 }', '{}']) {
    const { configuration } = await readTexts({ 'main.yaml': `version: 1\nadmin: ${written}\nroutes: []\n` })
    assert.equal(configuration, undefined, written)
  }
})
