import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { json } from '../support/key-answer.ts'
import { jwksOf, tokenOf } from '../support/key-documents.ts'
import { startKeyServer, type KeyServer } from '../support/key-server.ts'
import { startKeyedGateway, type KeyedAnswer, type KeyedGateway } from '../support/keyed-gateway.ts'
import { createSigner } from '../support/signer.ts'
import { until } from '../support/wait.ts'

const a = createSigner('ES256', { kid: 'a' })
const b = createSigner('ES256', { kid: 'b' })
/** What comes in the place of `a` under its kid. */
const nextA = createSigner('ES256', { kid: 'a' })

/** Nothing is fetched but what tokens ask for. */
const LONG = { 'Cache-Control': 'max-age=86400' }

const told = ({ status, code }: KeyedAnswer): string => `${status} ${code}`.trim()

const serving = (server: KeyServer, more = 'cooldown: 1s', fetched = 1): Promise<KeyedGateway> =>
  startKeyedGateway({
    authentications: { main: `keys: { url: "${server.url}/keys", ${more} }` },
    fetched,
  })

describe('keys that rotate', { timeout: 120_000, concurrency: 3 }, () => {
  it('are fetched again for a kid that nobody knows: both keys serve, by two fetches', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a), LONG))
    await using gateway = await serving(server)
    const old = tokenOf(a)
    assert.equal((await gateway.ask(old)).status, 200)
    server.serve('/keys', json(jwksOf(a, b), LONG))
    const answers = await Promise.all([tokenOf(b), old, tokenOf(b)].map((token) => gateway.ask(token)))
    assert.deepEqual(answers.map(told), ['200', '200', '200'])
    assert.equal(server.fetches(), 2)
    const [, second] = await gateway.untilLines('keys were fetched', 2)
    assert.deepEqual(
      [second?.['keys'], second?.['added'], second?.['removed']],
      [['kid "a"', 'kid "b"'], ['kid "b"'], undefined],
    )
  })

  it('are fetched again where a signature fails under a kid that is known: the kid has a new key', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a), LONG))
    await using gateway = await serving(server)
    const old = tokenOf(a)
    assert.equal((await gateway.ask(old)).status, 200)
    server.serve('/keys', json(jwksOf(nextA), LONG))
    assert.equal(told(await gateway.ask(tokenOf(nextA))), '200')
    assert.equal(told(await gateway.ask(old)), '401 GW_TOKEN_INVALID')
    // The old token may have been another reason to look, and no more than that.
    assert.ok(server.fetches() <= 3, String(server.fetches()))
    const lines = await gateway.untilLines('keys were fetched', 2)
    assert.deepEqual(lines[1]?.['replaced'], ['kid "a"'])
  })

  it('are fetched again for a kid of which the key was of another algorithm', async () => {
    const other = createSigner('EdDSA', { kid: 'a' })
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a), LONG))
    await using gateway = await serving(server)
    assert.equal((await gateway.ask(tokenOf(a))).status, 200)
    server.serve('/keys', json(jwksOf(other), LONG))
    assert.equal(told(await gateway.ask(tokenOf(other))), '200')
  })

  it('stop verifying as soon as a fetch has withdrawn them, tokens that were let in before included', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a, b)))
    await using gateway = await serving(server, 'refresh: 1s, minRefresh: 1s, cooldown: 1s')
    const [tokenOfA, tokenOfB] = [tokenOf(a), tokenOf(b)]
    for (const token of [tokenOfA, tokenOfB, tokenOfA, tokenOfB])
      assert.equal((await gateway.ask(token)).status, 200)
    server.serve('/keys', json(jwksOf(b)))
    await gateway.untilLines('keys were fetched', 1, ({ removed }) => Array.isArray(removed))
    const withdrawn = await gateway.ask(tokenOfA)
    assert.equal(told(withdrawn), '401 GW_TOKEN_INVALID')
    assert.equal((await gateway.entryOf(withdrawn))['reason'], 'kid-unknown')
    assert.equal((await gateway.ask(tokenOfB)).status, 200)
  })

  it('are all withdrawn by an empty set, and may come back', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    await using gateway = await serving(server, 'refresh: 1s, minRefresh: 1s, cooldown: 1s')
    const token = tokenOf(a)
    assert.equal((await gateway.ask(token)).status, 200)
    server.serve('/keys', json({ keys: [] }))
    await gateway.untilLines('keys were fetched', 1, ({ removed }) => Array.isArray(removed))
    assert.equal(told(await gateway.ask(token)), '401 GW_TOKEN_INVALID')
    server.serve('/keys', json(jwksOf(a)))
    await gateway.askUntil({ status: 200 }, token)
  })

  it('make requests wait for a fetch that is under way, and only those that need it', async () => {
    await using server = await startKeyServer()
    const gate = Promise.withResolvers<void>()
    server.serve('/keys', async (_request, index) => {
      if (index > 0) await gate.promise
      return json(jwksOf(...(index === 0 ? [a] : [a, b])), LONG)
    })
    await using gateway = await serving(server, 'cooldown: 1s, timeout: 10s')
    assert.equal((await gateway.ask(tokenOf(a))).status, 200)
    let answered = 0
    const waiting = Array.from({ length: 50 }, async () => {
      const answer = await gateway.ask(tokenOf(b))
      answered++
      return told(answer)
    })
    await until(() => server.fetches() === 2)
    for (let i = 0; i < 10; i++) assert.equal((await gateway.ask(tokenOf(a))).status, 200)
    assert.equal(answered, 0)
    gate.resolve()
    assert.deepEqual(new Set(await Promise.all(waiting)), new Set(['200']))
    assert.equal(server.fetches(), 2)
  })

  it('are waited for by the first requests, and the start waits for nothing', async () => {
    await using server = await startKeyServer()
    const gate = Promise.withResolvers<void>()
    server.serve('/keys', async () => {
      await gate.promise
      return json(jwksOf(a), LONG)
    })
    await using gateway = await serving(server, 'timeout: 10s', 0)
    const answers = Promise.all(Array.from({ length: 20 }, () => gateway.ask(tokenOf(a))))
    await until(() => server.fetches() === 1)
    // It has said that it listens, and answers what needs no keys.
    assert.equal(told(await gateway.ask(undefined)), '401 GW_TOKEN_MISSING')
    gate.resolve()
    assert.deepEqual(new Set((await answers).map(told)), new Set(['200']))
    assert.equal(server.fetches(), 1)
  })

  it('are not refused where somebody else has just made the gateway look: who is good waits for the next look', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a), LONG))
    await using gateway = await serving(server)
    assert.equal((await gateway.ask(tokenOf(a))).status, 200)
    const stranger = tokenOf(createSigner('ES256', { kid: 'stranger' }))
    assert.equal(told(await gateway.ask(stranger)), '401 GW_TOKEN_INVALID')
    server.serve('/keys', json(jwksOf(a, b), LONG))
    assert.equal(told(await gateway.ask(tokenOf(b))), '200')
    assert.equal(server.fetches(), 3)
  })
})

describe('a kid that cannot be looked for now', { timeout: 60_000 }, () => {
  it('is told of when it can be, and is looked for then', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a), LONG))
    await using gateway = await serving(server, 'cooldown: 13s')
    const stranger = tokenOf(createSigner('ES256', { kid: 'stranger' }))
    assert.equal(told(await gateway.ask(stranger)), '401 GW_TOKEN_INVALID')
    server.serve('/keys', json(jwksOf(a, b), LONG))
    const refused = await gateway.ask(tokenOf(b))
    assert.equal(told(refused), '503 GW_KEYS_UNAVAILABLE')
    const seconds = Number(refused.headers['retry-after'])
    assert.ok(seconds >= 11 && seconds <= 13, String(seconds))
    assert.equal((await gateway.entryOf(refused))['reason'], 'keys-asked-too-often')
    await sleep(seconds * 1000)
    assert.equal(told(await gateway.ask(tokenOf(b))), '200')
    assert.equal(server.fetches(), 3)
  })
})

describe('a late answer', { timeout: 60_000, concurrency: 3 }, () => {
  it('that was given up overwrites nothing that came after it', async () => {
    await using server = await startKeyServer()
    const late = Promise.withResolvers<void>()
    server.serve('/keys', async (_request, index) => {
      if (index > 0) return json(jwksOf(b), LONG)
      await late.promise
      return json(jwksOf(a), LONG)
    })
    await using gateway = await serving(server, 'timeout: 300ms, cooldown: 1s', 0)
    await gateway.askUntil({ status: 200 }, tokenOf(b))
    late.resolve()
    await sleep(100)
    assert.equal(told(await gateway.ask(tokenOf(b))), '200')
    assert.equal(told(await gateway.ask(tokenOf(a))), '401 GW_TOKEN_INVALID')
  })

  it("of a source that a reload has replaced is nobody's", async () => {
    await using server = await startKeyServer()
    const late = Promise.withResolvers<void>()
    server.serve('/old', async () => {
      await late.promise
      return json(jwksOf(a), LONG)
    })
    server.serve('/new', json(jwksOf(b), LONG))
    const at = (path: string) => ({
      authentications: { main: `keys: { url: "${server.url}${path}", timeout: 10s }` },
    })
    await using gateway = await startKeyedGateway(at('/old'))
    await until(() => server.fetches('/old') === 1)
    assert.match(await gateway.reload(at('/new')), /reloaded/)
    await gateway.askUntil({ status: 200 }, tokenOf(b))
    late.resolve()
    await sleep(100)
    assert.equal(told(await gateway.ask(tokenOf(b))), '200')
    assert.equal(told(await gateway.ask(tokenOf(a))), '401 GW_TOKEN_INVALID')
  })
})
