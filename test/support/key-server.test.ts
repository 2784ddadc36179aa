import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { describe, it } from 'node:test'
import { createAuthority } from './authority.ts'
import { gzipped, HTML, json, redirect, TEN_MEGABYTES, tenMegabytes } from './key-answer.ts'
import { certificateMapOf, certifies, jwksOf, pemMapOf } from './key-documents.ts'
import { startKeyServer } from './key-server.ts'
import { whyNoOpenssl } from './openssl.ts'
import { RawClient } from './raw-http.ts'
import { createSigner } from './signer.ts'

const KEYS = jwksOf(createSigner('ES256', { kid: 'a' }))
const PLEASE = 'GET /keys HTTP/1.1\r\nHost: keys.example\r\n\r\n'

describe('the server of keys', { timeout: 60_000 }, () => {
  it('counts what it is asked for, with times and hosts', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(KEYS, { 'Cache-Control': 'max-age=60' }))
    const answer = await fetch(`${server.url}/keys`)
    assert.deepEqual(await answer.json(), KEYS)
    assert.equal(answer.headers.get('cache-control'), 'max-age=60')
    assert.equal((await fetch(`${server.url}/other`)).status, 404)
    assert.deepEqual([server.fetches('/keys'), server.fetches('/other'), server.fetches()], [1, 1, 2])
    const [first, second] = server.requests
    assert.equal(first?.host, `127.0.0.1:${server.port}`)
    assert.ok(first !== undefined && second !== undefined && first.timeMs <= second.timeMs)
  })

  it('is down, and comes back at the same port', async () => {
    await using server = await startKeyServer({ stopped: true })
    server.serve('/keys', json(KEYS))
    const [refused] = await Promise.allSettled([fetch(`${server.url}/keys`)])
    assert.match(String((refused as PromiseRejectedResult).reason.cause), /ECONNREFUSED/)
    await server.start()
    assert.equal((await fetch(`${server.url}/keys`)).status, 200)
    const open = connect({ port: server.port, host: '127.0.0.1' })
    const closed = new RawClient(open).rest()
    await server.stop()
    await closed
    await assert.rejects(RawClient.connect(server.port))
  })

  it('answers each request by itself, and waits where it is told to', async () => {
    await using server = await startKeyServer()
    const gate = Promise.withResolvers<void>()
    server.serve('/keys', async (_request, index) => {
      if (index === 0) await gate.promise
      return json({ index })
    })
    const first = fetch(`${server.url}/keys`)
    while (server.fetches() === 0) await new Promise((next) => setTimeout(next, 1))
    assert.deepEqual(await (await fetch(`${server.url}/keys`)).json(), { index: 1 })
    gate.resolve()
    assert.deepEqual(await (await first).json(), { index: 0 })
  })

  it('is slow with heads and bodies', async () => {
    await using server = await startKeyServer()
    for (const slow of [{ headDelayMs: 60 }, { bodyDelayMs: 60 }]) {
      server.serve('/keys', { ...json(KEYS), ...slow })
      const since = performance.now()
      assert.deepEqual(await (await fetch(`${server.url}/keys`)).json(), KEYS)
      assert.ok(performance.now() - since > 50)
    }
  })

  it('stands still before the head, in the body, and while it drips', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', { ...json(KEYS), hangs: 'in the body' })
    const half = await RawClient.connect(server.port)
    half.write(PLEASE)
    await half.until('{"keys')
    server.serve('/keys', { ...json(KEYS), dripMs: 1 })
    const dripping = await RawClient.connect(server.port)
    dripping.write(PLEASE)
    await dripping.until('}\r\n1\r\n \r\n1\r\n \r\n')
    server.serve('/keys', { hangs: 'before the head' })
    const none = await RawClient.connect(server.port)
    none.write(PLEASE)
    while (server.fetches() < 3) await new Promise((next) => setTimeout(next, 1))
    assert.deepEqual([half.text.includes('}'), dripping.socket.destroyed, none.text], [false, false, ''])
    for (const { socket } of [half, dripping, none]) socket.destroy()
  })

  it('lies about its length', async () => {
    await using server = await startKeyServer()
    for (const [contentLength, ends] of [
      [5, false],
      [5000, true],
    ] as const) {
      server.serve('/keys', { body: 'ten bytes.', contentLength })
      const client = await RawClient.connect(server.port)
      client.write(PLEASE)
      assert.match(await client.until('\r\n\r\n'), new RegExp(`^Content-Length: ${contentLength}\r$`, 'm'))
      assert.equal(await client.take(10), 'ten bytes.')
      if (ends) assert.equal(await client.rest(), '')
      client.socket.destroy()
    }
  })

  it('gives much, in chunks or of a length, compressed or not, and other things than keys', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', tenMegabytes(KEYS))
    assert.ok((await (await fetch(`${server.url}/keys`)).text()).length > TEN_MEGABYTES)
    server.serve('/keys', { ...tenMegabytes(KEYS), contentLength: 'none' })
    const chunked = await fetch(`${server.url}/keys`)
    assert.equal(chunked.headers.get('content-length'), null)
    assert.ok((await chunked.text()).length > TEN_MEGABYTES)
    server.serve('/keys', gzipped(json(KEYS)))
    assert.deepEqual(await (await fetch(`${server.url}/keys`)).json(), KEYS)
    server.serve('/keys', HTML)
    assert.match(await (await fetch(`${server.url}/keys`)).text(), /^<!doctype html>/)
    server.serve('/keys', redirect('/other', 307))
    const other = await fetch(`${server.url}/keys`, { redirect: 'manual' })
    assert.deepEqual([other.status, other.headers.get('location')], [307, '/other'])
  })

  it('maps kids to keys and certificates', { skip: whyNoOpenssl() ?? false }, () => {
    for (const signer of [createSigner('ES256', { kid: 'a' }), createSigner('RS256', { kid: 'a' })]) {
      assert.match(pemMapOf(signer)['a'] ?? '', /^-----BEGIN PUBLIC KEY-----/)
      assert.ok(certifies(certificateMapOf(signer)['a'] ?? '', signer))
    }
  })

  it('speaks TLS, notes the name, and demands a certificate', { skip: whyNoOpenssl() ?? false }, async () => {
    using authority = createAuthority()
    using stranger = createAuthority('somebody else')
    const { certPem: cert, keyPem: key } = authority.issue('keys.example', '127.0.0.1')
    const client = authority.issue('a gateway')
    const forged = stranger.issue('a gateway')
    await using server = await startKeyServer({ tls: { cert, key, clientCa: authority.certPem } })
    server.serve('/keys', json(KEYS))
    const ask = async (servername: string, shown: { cert?: string; key?: string }): Promise<string> => {
      const options = { port: server.port, host: '127.0.0.1', ca: authority.certPem, ...shown }
      const socket = connectTls({ ...options, ...(servername === '' ? {} : { servername }) })
      const raw = new RawClient(socket)
      raw.write(PLEASE.replace('Host', 'Connection: close\r\nHost'))
      return raw.rest()
    }
    const own = { cert: client.certPem, key: client.keyPem }
    for (const name of ['keys.example', '']) assert.match(await ask(name, own), /^HTTP\/1.1 200 /)
    assert.equal(await ask('keys.example', {}), '')
    assert.equal(await ask('keys.example', { cert: forged.certPem, key: forged.keyPem }), '')
    assert.deepEqual(
      server.requests.map(({ serverName, clientName }) => [serverName, clientName]),
      [
        ['keys.example', 'a gateway'],
        [undefined, 'a gateway'],
      ],
    )
  })
})
