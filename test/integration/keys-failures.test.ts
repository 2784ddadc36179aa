import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createAuthority } from '../support/authority.ts'
import { gzipped, HTML, json, redirect, tenMegabytes, type KeyAnswer } from '../support/key-answer.ts'
import { jwksOf, tokenOf } from '../support/key-documents.ts'
import { startKeyServer, type Answerer } from '../support/key-server.ts'
import { startKeyedGateway, type KeyedAnswer, type KeyedGateway } from '../support/keyed-gateway.ts'
import { whyNoOpenssl } from '../support/openssl.ts'
import { resolving } from '../support/names.ts'
import { startRawServer } from '../support/raw-http.ts'
import { createSigner } from '../support/signer.ts'
import { until } from '../support/wait.ts'

const a = createSigner('ES256', { kid: 'a' })
const b = createSigner('ES256', { kid: 'b' })
const GOOD = json(jwksOf(a))
const TEXT = JSON.stringify(jwksOf(a))

const told = ({ status, code }: KeyedAnswer): string => `${status} ${code}`.trim()
const UNAVAILABLE = '503 GW_KEYS_UNAVAILABLE'

/** What a server may do in the place of giving keys. */
const MISBEHAVIOURS: Readonly<Record<string, KeyAnswer | Answerer>> = {
  internalError: { status: 500 },
  notFound: { status: 404, ...GOOD },
  noContent: { status: 204 },
  html: HTML,
  htmlCalledJson: { ...HTML, headers: { 'Content-Type': 'application/json' } },
  empty: { body: '' },
  notJson: { body: TEXT.slice(0, -5) },
  array: json(jwksOf(a).keys),
  noKeys: json({ issuer: 'https://idp.example' }),
  keysNoList: json({ keys: 'none' }),
  twice: { body: `{"keys":[],${TEXT.slice(1)}` },
  shorterThanSaid: { ...GOOD, contentLength: TEXT.length + 500 },
  longerThanSaid: { ...GOOD, contentLength: TEXT.length - 10 },
  tenMegabytes: tenMegabytes(jwksOf(a)),
  tenMegabytesInChunks: { ...tenMegabytes(jwksOf(a)), contentLength: 'none' },
  tenMegabytesCompressed: gzipped(tenMegabytes(jwksOf(a))),
  redirectToItself: redirect('/redirectToItself'),
  redirectNowhere: { status: 302 },
  redirectElsewhere: redirect('http://keys.example/keys'),
  redirectToFile: redirect('file:///etc/hostname'),
  slowHead: { ...GOOD, headDelayMs: 60_000 },
  slowBody: { ...GOOD, bodyDelayMs: 60_000 },
  noHead: { hangs: 'before the head' },
  halfBody: { ...GOOD, hangs: 'in the body' },
  drips: { ...GOOD, dripMs: 20 },
}
const NAMES = Object.keys(MISBEHAVIOURS)

/** One gateway with a source for each misbehaviour, so that one after the other shows what each is worth. */
function startForAll(url: string, more: string): Promise<KeyedGateway> {
  return startKeyedGateway({
    authentications: {
      ...Object.fromEntries(NAMES.map((name) => [name, `keys: { url: "${url}/${name}", ${more} }`])),
      inline: `keys: { jwks: ${TEXT} }`,
    },
  })
}

describe('sources of keys that fail', { timeout: 120_000 }, () => {
  it('neither hold up the start nor let anybody in, and serve when they have come to their senses', async () => {
    await using server = await startKeyServer()
    for (const name of NAMES) server.serve(`/${name}`, MISBEHAVIOURS[name]!)
    await using gateway = await startForAll(server.url, 'timeout: 500ms, cooldown: 1s')
    const token = tokenOf(a)
    assert.equal((await gateway.ask(token, 'inline')).status, 200)
    const answers = await Promise.all(NAMES.map((name) => gateway.ask(token, name)))
    assert.deepEqual(
      Object.fromEntries(NAMES.map((name, i) => [name, told(answers[i]!)])),
      Object.fromEntries(NAMES.map((name) => [name, UNAVAILABLE])),
    )
    for (const answer of answers) {
      assert.match(String(answer.headers['retry-after']), /^[1-9]\d?$/)
      assert.equal(answer.headers['content-type'], 'application/problem+json')
    }
    assert.equal((await gateway.entryOf(answers[0]!))['reason'], 'keys-unavailable')
    const failed = await gateway.untilLines('keys could not be fetched', NAMES.length)
    for (const name of NAMES) {
      const line = failed.find(({ source }) => source === name)
      assert.ok(typeof line?.['error'] === 'string' && line['error'] !== '', name)
      assert.ok(Number(line['nextTryInMs']) > 0, name)
      // At the start, for the token, and by retries of a busy machine; each fetch follows 5 redirects at most.
      const most = name === 'redirectToItself' ? 24 : 4
      assert.ok(server.fetches(`/${name}`) <= most, `${name}: ${server.fetches(`/${name}`)}`)
    }
    for (const name of NAMES) server.serve(`/${name}`, GOOD)
    await Promise.all(NAMES.map((name) => gateway.askUntil({ status: 200 }, token, name)))
  })

  it('serve with their last good keys, and with new ones when they come back', async () => {
    await using server = await startKeyServer()
    for (const name of NAMES) server.serve(`/${name}`, GOOD)
    await using gateway = await startForAll(
      server.url,
      'refresh: 1s, minRefresh: 1s, timeout: 500ms, cooldown: 1s',
    )
    const token = tokenOf(a)
    await Promise.all(NAMES.map((name) => gateway.askUntil({ status: 200 }, token, name)))
    for (const name of NAMES) server.serve(`/${name}`, MISBEHAVIOURS[name]!)
    const failedOf = (name: string): boolean =>
      gateway.lines('keys could not be fetched').some(({ source }) => source === name)
    await until(() => NAMES.every(failedOf))
    const answers = await Promise.all(NAMES.map((name) => gateway.ask(token, name)))
    assert.deepEqual(
      Object.fromEntries(NAMES.map((name, i) => [name, told(answers[i]!)])),
      Object.fromEntries(NAMES.map((name) => [name, '200'])),
    )
    // A kid that is not among the last good ones may be among those that cannot be fetched.
    assert.equal(told(await gateway.ask(tokenOf(b), 'html')), UNAVAILABLE)
    for (const name of NAMES) server.serve(`/${name}`, json(jwksOf(b)))
    await Promise.all(NAMES.map((name) => gateway.askUntil({ status: 200 }, tokenOf(b), name)))
    const old = await Promise.all(NAMES.map((name) => gateway.ask(token, name)))
    assert.deepEqual(new Set(old.map(told)), new Set(['401 GW_TOKEN_INVALID']))
  })
})

/** What comes on the connection in the place of an answer. */
const NO_ANSWERS: Readonly<Record<string, string>> = {
  'nothing, and its end': '',
  'another protocol': 'SSH-2.0-OpenSSH_9.2\r\n',
  'an upgrade that nobody asked for':
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'hints of what will come, and no more': 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n',
  'a head without end': `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(50_000)}`,
  'two lengths': `HTTP/1.1 200 OK\r\nContent-Length: ${TEXT.length}\r\nContent-Length: 5\r\n\r\n${TEXT}`,
  'a length and chunks': `HTTP/1.1 200 OK\r\nContent-Length: ${TEXT.length}\r\nTransfer-Encoding: chunked\r\n\r\n${TEXT}`,
}

describe('what is no answer', { timeout: 120_000, concurrency: 3 }, () => {
  for (const [what, bytes] of Object.entries(NO_ANSWERS))
    it(`such as ${what}, brings no keys, and the next answer does`, async () => {
      const server = { isBad: true }
      await using raw = await startRawServer(async (client) => {
        await client.until('\r\n\r\n')
        if (!server.isBad)
          client.write(
            `HTTP/1.1 200 OK\r\nContent-Length: ${TEXT.length}\r\nConnection: close\r\n\r\n${TEXT}`,
          )
        else if (bytes === '') client.socket.destroy()
        else client.write(bytes)
      })
      await using gateway = await startKeyedGateway({
        authentications: { main: `keys: { url: "${raw.url}/keys", timeout: 1s, cooldown: 1s }` },
      })
      assert.equal(told(await gateway.ask(tokenOf(a))), UNAVAILABLE)
      await gateway.untilLines('keys could not be fetched')
      server.isBad = false
      await gateway.askUntil({ status: 200 }, tokenOf(a))
    })
})

describe('a server of keys that is down', { timeout: 120_000, concurrency: 3 }, () => {
  it('is asked again when it is back, at the same port', async () => {
    await using server = await startKeyServer({ stopped: true })
    server.serve('/keys', GOOD)
    await using gateway = await startKeyedGateway({
      authentications: {
        main: `keys: { url: "${server.url}/keys", refresh: 1s, minRefresh: 1s, cooldown: 1s }`,
      },
    })
    const token = tokenOf(a)
    const down = await gateway.ask(token)
    assert.equal(told(down), UNAVAILABLE)
    assert.ok(down.durationMs < 5000, String(down.durationMs))
    assert.equal(told(await gateway.ask(undefined)), '401 GW_TOKEN_MISSING')
    await server.start()
    await gateway.askUntil({ status: 200 }, token)
    const failures = gateway.lines('keys could not be fetched').length
    await server.stop()
    await gateway.untilLines('keys could not be fetched', failures + 1)
    assert.equal((await gateway.ask(token)).status, 200)
    server.serve('/keys', json(jwksOf(b)))
    await server.start()
    await gateway.askUntil({ status: 200 }, tokenOf(b))
    assert.equal(told(await gateway.ask(token)), '401 GW_TOKEN_INVALID')
  })

  it('is served for as long as configured, and no longer', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', GOOD)
    await using gateway = await startKeyedGateway({
      authentications: {
        main: `keys: { url: "${server.url}/keys", refresh: 1s, minRefresh: 1s, cooldown: 1s, serveStale: 2s }`,
      },
    })
    const token = tokenOf(a)
    assert.equal((await gateway.ask(token)).status, 200)
    await server.stop()
    await gateway.untilLines('keys could not be fetched')
    assert.equal((await gateway.ask(token)).status, 200)
    await gateway.askUntil({ status: 503, code: 'GW_KEYS_UNAVAILABLE' }, token)
    await server.start()
    await gateway.askUntil({ status: 200 }, token)
  })

  it('does not hold up a reload, and takes nothing from what was there', async () => {
    await using server = await startKeyServer()
    await using down = await startKeyServer({ stopped: true })
    server.serve('/keys', json(jwksOf(a), { 'Cache-Control': 'max-age=3600' }))
    server.serve('/hangs', { hangs: 'before the head' })
    const main = `keys: { url: "${server.url}/keys" }`
    await using gateway = await startKeyedGateway({ authentications: { main }, fetched: 1 })
    const token = tokenOf(a)
    assert.equal((await gateway.ask(token)).status, 200)
    const since = performance.now()
    const said = await gateway.reload({
      authentications: {
        main,
        down: `keys: { url: "${down.url}/keys" }`,
        hangs: `keys: { url: "${server.url}/hangs", timeout: 30s }`,
      },
    })
    assert.match(said, /^the configuration was reloaded/)
    assert.ok(performance.now() - since < 10_000)
    assert.equal((await gateway.ask(token)).status, 200)
    assert.equal(told(await gateway.ask(token, 'down')), UNAVAILABLE)
    // Once at the start, and once for SIGHUP.
    assert.ok(server.fetches('/keys') <= 2)
  })

  it('is known from one that was asked and has no such kid', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', GOOD)
    await using gateway = await startKeyedGateway({
      authentications: { main: `keys: { url: "${server.url}/keys", cooldown: 1s }` },
    })
    assert.equal((await gateway.ask(tokenOf(a))).status, 200)
    const unknown = await gateway.ask(tokenOf(b))
    assert.equal(told(unknown), '401 GW_TOKEN_INVALID')
    assert.equal((await gateway.entryOf(unknown))['reason'], 'kid-unknown')
    await server.stop()
    const unavailable = await gateway.askUntil({ status: 503 }, tokenOf(b))
    assert.equal(told(unavailable), UNAVAILABLE)
    assert.equal((await gateway.entryOf(unavailable))['reason'], 'keys-unavailable')
    assert.equal((await gateway.ask(tokenOf(a))).status, 200)
  })

  it('keeps requests for no longer than a fetch may take', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', { hangs: 'before the head' })
    await using gateway = await startKeyedGateway({
      authentications: { main: `keys: { url: "${server.url}/keys", timeout: 1s }` },
    })
    const answers = await Promise.all(Array.from({ length: 100 }, () => gateway.ask(tokenOf(a))))
    assert.deepEqual(new Set(answers.map(told)), new Set([UNAVAILABLE]))
    assert.ok(Math.max(...answers.map(({ durationMs }) => durationMs)) < 8000)
    assert.ok(server.fetches() <= 3, String(server.fetches()))
  })
})

describe('a redirect', { timeout: 120_000, concurrency: 3 }, () => {
  it('is followed on the same host, five times, and to the hosts that are configured', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', GOOD)
    for (let i = 1; i <= 6; i++)
      server.serve(`/hop${i}`, redirect(i === 1 ? '/keys' : `/hop${i - 1}`, 300 + [1, 2, 3, 7, 8][i % 5]!))
    server.serve('/byName', redirect(`http://keys.example:${server.port}/keys`))
    const all = 'allowAddresses: [127.0.0.0/8]'
    await using gateway = await startKeyedGateway({
      authentications: {
        five: `keys: { url: "${server.url}/hop5" }`,
        six: `keys: { url: "${server.url}/hop6" }`,
        elsewhere: `keys: { url: "${server.url}/byName", ${all} }`,
        configured: `keys: { url: "${server.url}/byName", redirectsTo: [keys.example], ${all} }`,
      },
      env: resolving({ 'keys.example': [['127.0.0.1']] }),
    })
    const statuses: Record<string, string> = {}
    for (const name of ['five', 'six', 'elsewhere', 'configured'])
      statuses[name] = told(await gateway.ask(tokenOf(a), name))
    assert.deepEqual(statuses, { five: '200', six: UNAVAILABLE, elsewhere: UNAVAILABLE, configured: '200' })
  })

  it('leads from http to https, and never back', { skip: whyNoOpenssl() ?? false }, async () => {
    using authority = createAuthority()
    const { certPem: cert, keyPem: key } = authority.issue('127.0.0.1')
    await using plain = await startKeyServer()
    await using secure = await startKeyServer({ tls: { cert, key } })
    plain.serve('/keys', GOOD)
    plain.serve('/up', redirect(`${secure.url}/keys`))
    secure.serve('/keys', GOOD)
    secure.serve('/down', redirect(`${plain.url}/keys`))
    await using gateway = await startKeyedGateway({
      authentications: {
        up: `keys: { url: "${plain.url}/up", ca: ca.pem }`,
        down: `keys: { url: "${secure.url}/down", ca: ca.pem, redirectsTo: [127.0.0.1] }`,
      },
      files: { 'ca.pem': authority.certPem },
    })
    assert.equal(told(await gateway.ask(tokenOf(a), 'up')), '200')
    assert.equal(told(await gateway.ask(tokenOf(a), 'down')), UNAVAILABLE)
    assert.deepEqual([plain.fetches('/keys'), secure.fetches('/keys')], [0, 1])
  })
})
