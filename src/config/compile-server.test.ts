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
    'the private key is not that of the certificate': ['cert.pem', 'other.pem'],
    'the file holds no certificate in PEM': ['text.txt', 'key.pem'],
    'the file holds no private key in PEM, or one with a password': ['cert.pem', 'cert.pem'],
    '`missing.pem` cannot be read: there is no such file': ['missing.pem', 'key.pem'],
  }
  for (const [message, [cert, key]] of Object.entries(wrong)) {
    const { configuration, problems } = await read(cert, key)
    assert.equal(configuration, undefined)
    assert.ok(briefly(problems).includes(`3 error: ${message}`), message)
  }
})
