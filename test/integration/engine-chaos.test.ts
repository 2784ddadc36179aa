import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { RawClient, startRawServer } from '../support/raw-http.ts'
import { until } from '../support/wait.ts'
import { eachEngine } from '../support/engines.ts'

const SLOTS = 3
const CLIENTS = 300

/** A small generator of numbers below `bound` (mulberry32), so that a failing run can be had again by its seed. */
function randomly(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}

/** Ends a client's side once it has so many answers, or after a time in which some of them may never come. */
async function endWhenAnswered(client: RawClient, answers: number): Promise<void> {
  for (let i = 0; i < 400 && client.text.split('[').length <= answers; i++) await sleep(10)
  client.socket.end()
}

const BODY = 'x'.repeat(70_000)

/** What a backend may do with a request; most of it is wrong. */
const BACKEND_MOODS: readonly ((client: RawClient) => unknown)[] = [
  (client) => client.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  (client) => client.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`),
  (client) => client.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'),
  (client) => client.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort'),
  (client) => client.socket.destroy(),
  (client) => client.socket.resetAndDestroy(),
  (client) => client.write('garbage\r\n\r\n'),
  (client) => client.write('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'),
  (client) => client.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
  (client) => setTimeout(() => client.socket.destroy(), 20),
]

/** What a client may do, and when it goes away. */
const CLIENT_MOODS: readonly ((client: RawClient) => unknown)[] = [
  (client) => client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
  (client) => client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
  (client) => client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(5)),
  (client) => client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`),
  (client) => client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf'),
  (client) => client.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz'),
  (client) => client.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n'),
  (client) => client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello'),
  (client) => client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\ngarbage\r\n\r\n'),
  (client) => client.write('GET / HT'),
  (client) => client.socket.end('GET / HTTP/1.0\r\n\r\n'),
]

/** What a backend may do with a request that carries a nonce. Nothing with `[0]` in it was ever asked for. */
const NONCE_MOODS: readonly ((client: RawClient, nonce: string) => unknown)[] = [
  (client, nonce) => client.write(`HTTP/1.1 200 OK\r\nContent-Length: ${nonce.length}\r\n\r\n${nonce}`),
  (client, nonce) =>
    client.write(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${nonce.length.toString(16)}\r\n${nonce}\r\n0\r\n\r\n`,
    ),
  (client, nonce) => client.socket.end(`HTTP/1.1 200 OK\r\n\r\n${nonce}`),
  (client, nonce) => client.write(`HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n${nonce}`),
  (client, nonce) => client.socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n${nonce}`),
  (client, nonce) =>
    client.write(
      `HTTP/1.1 200 OK\r\nContent-Length: ${nonce.length}\r\n\r\n${nonce}HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[0]`,
    ),
  (client) => client.socket.resetAndDestroy(),
  (client) => client.write('garbage\r\n\r\n[0]'),
]

eachEngine(({ startForwardingGateway }) => {
  test('after hundreds of broken exchanges nothing is left open, every slot is free, and each was reported once', async () => {
    const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)
    const random = randomly(seed)
    let honest = false
    await using backend = await startRawServer(async (client) => {
      for (;;) {
        const head = await client.until('\r\n\r\n')
        const mood = BACKEND_MOODS[honest ? 0 : random(BACKEND_MOODS.length)]
        // A body is read by some and left by others.
        if (random(2) === 0) await client.take(Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0))
        mood?.(client)
      }
    })
    let exchanges = 0
    await using gateway = await startForwardingGateway({
      backend: {
        urls: [backend.url],
        maxConnections: SLOTS,
        connectTimeoutMs: 300,
        firstByteTimeoutMs: 300,
        idleTimeoutMs: 300,
      },
      timeouts: { headMs: 300, bodyIdleMs: 300, keepAliveIdleMs: 300 },
      intercept: () => {
        exchanges++
        return false
      },
    })
    const clients: RawClient[] = []
    for (let i = 0; i < CLIENTS; i++) {
      const client = await RawClient.connect(gateway.port)
      clients.push(client)
      CLIENT_MOODS[random(CLIENT_MOODS.length)]?.(client)
      if (random(3) === 0) setTimeout(() => client.socket.destroy(), random(50))
      if (random(10) === 0) client.socket.pause()
      if (random(4) === 0) await sleep(1)
    }
    await sleep(300)
    for (const client of clients) client.socket.destroy()
    await until(() => gateway.listener.exchanges === 0 && gateway.listener.connections === 0)
    // Attempts that were given up hold their connection until the backend's own timeouts at the latest.
    await sleep(200)
    const ends = gateway.outcomes.filter(
      ({ kind }) => kind === 'done' || kind === 'failed' || kind === 'broken',
    )
    assert.equal(ends.length, exchanges, `seed ${seed}`)
    honest = true
    for (let i = 0; i < 3 * SLOTS; i++) {
      const client = await RawClient.connect(gateway.port)
      client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      assert.match(await client.until('\r\n\r\nok'), /^HTTP\/1.1 200 /, `seed ${seed}`)
      client.socket.destroy()
    }
  })

  test('whatever breaks around them, clients get the answers to their own requests, in order, or none', async () => {
    const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)
    const random = randomly(seed)
    await using backend = await startRawServer(async (client) => {
      for (;;) {
        const nonce = /^\w+ \/(\S+)/.exec(await client.until('\r\n\r\n'))![1]!
        const mood = NONCE_MOODS[random(NONCE_MOODS.length)]!
        if (random(3) === 0) await sleep(random(5))
        mood(client, `[${nonce}]`)
      }
    })
    await using gateway = await startForwardingGateway({
      backend: {
        urls: [backend.url],
        maxConnections: SLOTS,
        connectTimeoutMs: 2000,
        firstByteTimeoutMs: 300,
        idleTimeoutMs: 300,
      },
    })
    const answered = await Promise.all(
      Array.from({ length: CLIENTS }, async (_, name) => {
        await sleep(random(200))
        const client = await RawClient.connect(gateway.port)
        const nonces = Array.from({ length: 1 + random(6) }, (_, i) => `${name}.${i}`)
        client.write(nonces.map((nonce) => `GET /${nonce} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
        if (random(4) === 0) setTimeout(() => client.socket.resetAndDestroy(), random(40))
        else void endWhenAnswered(client, nonces.length)
        const text = await client.rest()
        client.socket.destroy()
        const got = [...text.matchAll(/\[([\d.]+)\]/g)].map(([, nonce]) => nonce!)
        const own = got.filter((nonce) => nonces.includes(nonce))
        assert.deepEqual(got, own, `seed ${seed}: an answer of another client`)
        assert.deepEqual(
          own,
          nonces.filter((nonce) => own.includes(nonce)),
          `seed ${seed}: out of order`,
        )
        return own.length
      }),
    )
    assert.ok(answered.reduce((sum, each) => sum + each) > CLIENTS / 4)
    await until(() => gateway.listener.exchanges === 0 && gateway.listener.connections === 0)
  })
})
