import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { certificateOf } from '../support/authority.ts'
import { json } from '../support/key-answer.ts'
import { discoveryOf, jwksOf, tokenOf } from '../support/key-documents.ts'
import { startKeyServer } from '../support/key-server.ts'
import { startKeyedGateway } from '../support/keyed-gateway.ts'
import { whyNoOpenssl } from '../support/openssl.ts'
import { createSigner } from '../support/signer.ts'

const ROOT = resolve(import.meta.dirname, '../..')

describe('keys come from the configuration alone', { timeout: 60_000 }, () => {
  it('and never from what a token says: no fetch, no key', { skip: whyNoOpenssl() ?? false }, async () => {
    const a = createSigner('ES256', { kid: 'a' })
    const attacker = createSigner('ES256', { kid: 'a' })
    await using server = await startKeyServer()
    await using own = await startKeyServer()
    server.serve('/keys', json(jwksOf(a), { 'Cache-Control': 'max-age=3600' }))
    own.serve('/keys', json(jwksOf(attacker)))
    own.serve('/.well-known/openid-configuration', json(discoveryOf(own.url, `${own.url}/keys`)))
    const x5c = certificateOf(attacker).replaceAll(/-----[^-]+-----|\s/g, '')
    const url = `${own.url}/keys`
    await using gateway = await startKeyedGateway({
      authentications: { main: `keys: { url: "${server.url}/keys", cooldown: 1s }` },
    })
    assert.equal((await gateway.ask(tokenOf(a))).status, 200)
    const headers = [
      { jku: url },
      { x5u: url },
      { jwk: attacker.jwk },
      { x5c: [x5c] },
      { kid: url },
      { kid: '../../../../etc/hostname' },
      { kid: `${server.url}/keys` },
      { iss: own.url },
    ]
    const forged = headers.flatMap((header) => [{}, { iss: own.url }].map((claims) => ({ header, claims })))
    const answers = await Promise.all(
      forged.map(({ header, claims }) => gateway.ask(tokenOf(attacker, claims, header))),
    )
    for (const [i, { status }] of answers.entries())
      assert.equal(status, 401, Object.keys(forged[i]!.header).join())
    assert.equal(own.connections, 0)
    assert.equal(server.fetches(), server.fetches('/keys'))
    assert.equal((await gateway.ask(tokenOf(a))).status, 200)
  })

  it('and there is none in the program: no run of text in it is as long as a key', () => {
    const files = ['src', 'bin'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.[jt]s$/.test(name) && !name.endsWith('.test.ts'))
        .map((name) => join(folder, name)),
    )
    assert.ok(files.length > 100)
    for (const file of files) {
      const text = readFileSync(join(ROOT, file), 'utf8')
      // The shortest public key that can be used, of Ed25519, is 43 characters of base64url.
      const runs = text.match(/[\w+-]{43,}/g) ?? []
      const random = runs.filter((run) => /\d/.test(run) && /[A-Z]/.test(run) && /[a-z]/.test(run))
      // An alphabet is no key.
      assert.deepEqual(
        random.filter((run) => !run.includes('ABCDEFGHIJKLM')),
        [],
        file,
      )
    }
  })
})
