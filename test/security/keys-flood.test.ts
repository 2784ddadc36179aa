import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { openHttp2, statusOf } from '../support/http2-client.ts'
import { json } from '../support/key-answer.ts'
import { jwksOf, tokenOf } from '../support/key-documents.ts'
import { startKeyServer } from '../support/key-server.ts'
import { startKeyedGateway } from '../support/keyed-gateway.ts'
import { createSigner, encodePart } from '../support/signer.ts'
import { until } from '../support/wait.ts'

const SESSIONS = 50
const STREAMS = 100
const ROUNDS = 2
const ALL = SESSIONS * STREAMS * ROUNDS

const a = createSigner('ES256', { kid: 'a' })
const b = createSigner('ES256', { kid: 'b' })

/** What costs a stranger nothing to make: a random signature, and a random kid or the one that there is. */
function strange(i: number): string {
  const kid = i % 2 === 0 ? randomBytes(8).toString('hex') : 'a'
  const payload = encodePart({ sub: 'x', exp: Math.floor(Date.now() / 1000) + 600 })
  return `${encodePart({ alg: 'ES256', kid })}.${payload}.${randomBytes(64).toString('base64url')}`
}

describe('tokens of kids that nobody has', { timeout: 120_000 }, () => {
  it(`cause a handful of fetches, ${ALL} of them from as many addresses, and good tokens are served meanwhile`, async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a), { 'Cache-Control': 'max-age=86400' }))
    await using gateway = await startKeyedGateway({
      authentications: { main: `keys: { url: "${server.url}/keys", cooldown: 1s }` },
      more: 'log: { access: false }\ntrustedProxies: [127.0.0.1/32]',
      fetched: 1,
    })
    const good = tokenOf(a)
    assert.equal((await gateway.ask(good)).status, 200)
    const since = performance.now()
    const counts: Record<number, number> = {}
    const progress = { sent: 0 }
    const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => openHttp2(gateway.url)))
    const flood = sessions.flatMap((session) =>
      Array.from({ length: STREAMS }, async () => {
        for (let round = 0; round < ROUNDS; round++) {
          const i = progress.sent++
          const address = `203.0.${(i >> 8) & 255}.${i & 255}`
          const status = await statusOf(session, '/main/x', strange(i), { 'x-forwarded-for': address })
          counts[status] = (counts[status] ?? 0) + 1
        }
      }),
    )
    const refused: number[] = []
    while (progress.sent < ALL) {
      const { status } = await gateway.ask(good)
      if (status !== 200) refused.push(status)
      await sleep(20)
    }
    await Promise.all(flood)
    for (const session of sessions) session.destroy()
    const seconds = (performance.now() - since) / 1000
    assert.deepEqual(refused, [])
    assert.equal(counts[200], undefined)
    // One at the start; then no more often than the cool-down allows, and than the bucket of 4 and one every 10 s does.
    const most = 1 + Math.min(1 + seconds, 4 + 1 + seconds / 10)
    assert.ok(server.fetches() >= 2 && server.fetches() <= most, `${server.fetches()} in ${seconds} s`)
  })

  it('keep no token of a key waiting for long that is published meanwhile, and have none refused', async () => {
    await using server = await startKeyServer()
    const long = { 'Cache-Control': 'max-age=86400' }
    server.serve('/keys', json(jwksOf(a), long))
    await using gateway = await startKeyedGateway({
      authentications: { main: `keys: { url: "${server.url}/keys", cooldown: 1s }` },
      more: 'log: { access: false }\ntrustedProxies: [127.0.0.1/32]',
      fetched: 1,
    })
    const session = await openHttp2(gateway.url)
    const flood = { isOver: false, sent: 0 }
    const strangers = Array.from({ length: STREAMS / 2 }, async () => {
      while (!flood.isOver) {
        const i = flood.sent++
        const address = `203.0.${(i >> 8) & 255}.${i & 255}`
        await statusOf(session, '/main/x', strange(2 * i), { 'x-forwarded-for': address })
      }
    })
    // The one at the start and the four of the bucket: nothing is left of it.
    await until(() => server.fetches() >= 5)
    server.serve('/keys', json(jwksOf(a, b), long))
    const answers = await Promise.all(Array.from({ length: 20 }, () => gateway.ask(tokenOf(b))))
    const fetches = server.fetches()
    flood.isOver = true
    await Promise.all(strangers)
    session.destroy()
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    assert.ok(Math.max(...answers.map(({ durationMs }) => durationMs)) < 15_000)
    assert.ok(fetches <= 7, String(fetches))
  })
})
