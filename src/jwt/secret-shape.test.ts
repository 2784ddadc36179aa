import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { looksLikePublicKey } from './secret-shape.ts'

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

test('a public key in any of its encodings is seen', () => {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  for (const secret of [
    pem,
    ` \n\t${pem}`,
    pem.replaceAll('\n', '\r\n'),
    publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    publicKey.export({ type: 'spki', format: 'der' }),
    publicKey.export({ type: 'pkcs1', format: 'der' }),
    JSON.stringify(publicKey.export({ format: 'jwk' })),
    'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ user@host',
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA user@host',
  ]) {
    assert.ok(looksLikePublicKey(Buffer.from(secret)))
  }
})

test('random secrets are not, nor is a passphrase, nor bytes that start like DER', () => {
  for (let i = 0; i < 100; i++) {
    const secret = randomBytes(64)
    assert.equal(looksLikePublicKey(secret), false)
    secret[0] = 0x30
    assert.equal(looksLikePublicKey(secret), false)
  }
  assert.equal(looksLikePublicKey(Buffer.from('correct horse battery staple, and then some')), false)
})
