import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { createAuthority } from '../support/authority.ts'
import { json } from '../support/key-answer.ts'
import { jwksOf, tokenOf } from '../support/key-documents.ts'
import { startKeyServer } from '../support/key-server.ts'
import { startKeyedGateway, type KeyedAnswer } from '../support/keyed-gateway.ts'
import { createSigner } from '../support/signer.ts'

const a = createSigner('ES256', { kid: 'a' })
const b = createSigner('ES256', { kid: 'b' })
const told = ({ status, code }: KeyedAnswer): string => `${status} ${code}`.trim()

describe('keys that were fetched before', { timeout: 120_000 }, () => {
  for (const [what, change] of Object.entries({
    serveStale: 'serveStale: 48h',
    timeout: 'timeout: 9s',
    refresh: 'refresh: 1h',
    cooldown: 'cooldown: 2s',
  }))
    it(`stay through a reload that changes ${what} in an outage`, async () => {
      await using server = await startKeyServer()
      server.serve('/keys', json(jwksOf(a)))
      const at = (more: string) => ({
        authentications: { main: `keys: { url: "${server.url}/keys", ${more} }` },
      })
      await using gateway = await startKeyedGateway({ ...at('cooldown: 1s'), fetched: 1 })
      assert.equal(told(await gateway.ask(tokenOf(a))), '200')
      await server.stop()
      await gateway.reload(at(change.startsWith('cooldown') ? change : `cooldown: 1s, ${change}`))
      await sleep(100)
      assert.equal(told(await gateway.ask(tokenOf(a))), '200')
    })

  it('stay through a renewal of the client certificate in an outage', async () => {
    using authority = createAuthority()
    const { certPem: cert, keyPem: key } = authority.issue('127.0.0.1')
    const own = authority.issue('a gateway')
    const renewed = authority.issue('a gateway')
    await using server = await startKeyServer({ tls: { cert, key, clientCa: authority.certPem } })
    server.serve('/keys', json(jwksOf(a)))
    const options = (pair: typeof own) => ({
      authentications: {
        main: `keys: { url: "${server.url}/keys", ca: ca.pem, clientCertificate: { cert: gw.crt, key: gw.key } }`,
      },
      files: { 'ca.pem': authority.certPem, 'gw.crt': pair.certPem, 'gw.key': pair.keyPem },
    })
    await using gateway = await startKeyedGateway({ ...options(own), fetched: 1 })
    assert.equal(told(await gateway.ask(tokenOf(a))), '200')
    await server.stop()
    await gateway.reload(options(renewed))
    await sleep(300)
    assert.equal(told(await gateway.ask(tokenOf(a))), '200')
  })

  it('are fetched anew by SIGHUP, so that one that leaked is gone at once', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a, b), { 'Cache-Control': 'max-age=86400' }))
    const options = { authentications: { main: `keys: { url: "${server.url}/keys", cooldown: 1s }` } }
    await using gateway = await startKeyedGateway({ ...options, fetched: 1 })
    assert.equal(told(await gateway.ask(tokenOf(a))), '200')
    server.serve('/keys', json(jwksOf(b), { 'Cache-Control': 'max-age=86400' }))
    await gateway.reload(options)
    await gateway.untilLines('keys were fetched', 2)
    assert.equal(told(await gateway.ask(tokenOf(a))), '401 GW_TOKEN_INVALID')
    assert.equal(told(await gateway.ask(tokenOf(b))), '200')
  })

  it('are kept on disk without secrets that their server publishes by mistake', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'claimgate-key-cache-'))
    await using server = await startKeyServer()
    server.serve('/keys', json({ keys: [a.jwk, createSigner('HS256', { kid: 'secret' }).jwk] }))
    {
      await using gateway = await startKeyedGateway({
        authentications: { main: `keys: { url: "${server.url}/keys" }` },
        keyCache: join(folder, 'keys'),
        fetched: 1,
      })
      await gateway.stop()
    }
    const [file] = readdirSync(join(folder, 'keys'))
    const text = readFileSync(join(folder, 'keys', file!), 'utf8')
    rmSync(folder, { recursive: true })
    assert.doesNotMatch(text, /\\"k\\"/)
  })

  it('of one source are not held up by another that hangs', async () => {
    await using server = await startKeyServer()
    server.serve('/a', (_request, index) =>
      index === 0 ? json(jwksOf(a), { 'Cache-Control': 'max-age=86400' }) : { hangs: 'before the head' },
    )
    server.serve('/b', json(jwksOf(a), { 'Cache-Control': 'max-age=86400' }))
    await using gateway = await startKeyedGateway({
      authentications: {
        main: `keys: [{ url: "${server.url}/a", timeout: 8s }, { url: "${server.url}/b" }]`,
      },
      fetched: 2,
    })
    assert.equal(told(await gateway.ask(tokenOf(a))), '200')
    server.serve('/b', json(jwksOf(b)))
    const answer = await gateway.ask(tokenOf(b))
    assert.equal(told(answer), '200')
    assert.ok(answer.durationMs < 4000, String(answer.durationMs))
  })

  it('serve the first request after a restart, however long they take to be read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'claimgate-key-cache-'))
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    const options = {
      authentications: { main: `keys: { url: "${server.url}/keys" }` },
      keyCache: join(folder, 'keys'),
    }
    {
      await using gateway = await startKeyedGateway({ ...options, fetched: 1 })
      await gateway.stop()
    }
    const [file] = readdirSync(join(folder, 'keys'))
    const path = join(folder, 'keys', file!)
    writeFileSync(path, readFileSync(path, 'utf8') + ' '.repeat(30_000_000))
    await server.stop()
    await using gateway = await startKeyedGateway(options)
    const answers = [await gateway.ask(tokenOf(a)), await gateway.ask(tokenOf(a))]
    rmSync(folder, { recursive: true })
    assert.deepEqual(answers.map(told), ['200', '200'])
  })

  it('are fetched once for many requests of two workers, also for those that come just as that ends', async () => {
    const counts: number[] = []
    for (let i = 0; i < 3; i++) {
      await using server = await startKeyServer()
      server.serve('/keys', json(jwksOf(a), { 'Cache-Control': 'max-age=86400' }))
      await using gateway = await startKeyedGateway({
        authentications: { main: `keys: { url: "${server.url}/keys", cooldown: 1s }` },
        workers: 2,
        fetched: 1,
      })
      await gateway.ask(tokenOf(a))
      server.serve('/keys', json(jwksOf(a, b), { 'Cache-Control': 'max-age=86400' }))
      await Promise.all(Array.from({ length: 100 }, () => gateway.ask(tokenOf(b))))
      await sleep(1500)
      counts.push(server.fetches())
    }
    assert.deepEqual(counts, [2, 2, 2])
  })
})
