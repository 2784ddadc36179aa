import assert from 'node:assert/strict'
import type { ClientHttp2Session } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { openHttp2, statusOf } from '../support/http2-client.ts'
import { json } from '../support/key-answer.ts'
import { jwksOf, tokenOf } from '../support/key-documents.ts'
import { startKeyServer } from '../support/key-server.ts'
import { startKeyedGateway, type KeyedGateway } from '../support/keyed-gateway.ts'
import { childrenOf, noProcesses } from '../support/process-gateway.ts'
import { createSigner, type Signer } from '../support/signer.ts'
import { until } from '../support/wait.ts'

const a = createSigner('ES256', { kid: 'a' })
const b = createSigner('ES256', { kid: 'b' })
const LONG = { 'Cache-Control': 'max-age=86400' }

const start = (url: string, more: string): Promise<KeyedGateway> =>
  startKeyedGateway({
    authentications: { main: `keys: { url: "${url}/keys", ${more} }` },
    workers: 2,
    fetched: 1,
    more: 'log: { access: false }',
  })

/** Statuses of so many requests, each on a connection of its own; connections go to the workers in turn. */
async function inTurn(gateway: KeyedGateway, token: string, number: number): Promise<ReadonlySet<number>> {
  const statuses = new Set<number>()
  for (let i = 0; i < number; i++) statuses.add((await gateway.ask(token)).status)
  return statuses
}

const SESSIONS = 100
const STREAMS = 100

describe('keys for several workers', { skip: noProcesses, timeout: 180_000 }, () => {
  it('are fetched once for all of them, at the start, for an unknown kid, and when they are withdrawn', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a), LONG))
    await using gateway = await start(server.url, 'cooldown: 1s')
    const token = tokenOf(a)
    assert.deepEqual(await inTurn(gateway, token, 6), new Set([200]))
    assert.equal(server.fetches(), 1)
    server.serve('/keys', json(jwksOf(b), LONG))
    const answers = await Promise.all(Array.from({ length: 20 }, () => gateway.ask(tokenOf(b))))
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]))
    assert.equal(server.fetches(), 2)
    await until(() => gateway.lines('keys were fetched').length === 2)
    // What one fetch has withdrawn is nowhere good any more.
    const withdrawn = await Promise.all(Array.from({ length: 6 }, () => gateway.ask(token)))
    assert.deepEqual(new Set(withdrawn.map((answer) => answer.status)), new Set([401]))
    // They made the gateway look once more, or twice where they did not come at once.
    assert.ok(server.fetches() <= 4, String(server.fetches()))
  })

  it('are those of the gateway for a worker that comes later', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a), LONG))
    await using gateway = await start(server.url, 'cooldown: 1s')
    const token = tokenOf(a)
    assert.deepEqual(await inTurn(gateway, token, 4), new Set([200]))
    await server.stop()
    const before = childrenOf(gateway.cli.pid)
    for (const pid of before) process.kill(pid, 'SIGKILL')
    await gateway.untilLines('a worker serves', 4)
    assert.deepEqual(await inTurn(gateway, token, 6), new Set([200]))
    assert.equal(server.fetches(), 1)
  })

  it('refuse not one good token of ten thousand at once while they rotate, by one fetch more', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a), LONG))
    await using gateway = await start(server.url, 'cooldown: 1s, timeout: 10s')
    assert.deepEqual(await inTurn(gateway, tokenOf(a), 4), new Set([200]))
    const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => openHttp2(gateway.url)))
    const gate = Promise.withResolvers<void>()
    server.serve('/keys', async () => {
      await gate.promise
      return json(jwksOf(a, b), LONG)
    })
    const counts = new Map<string, number>()
    let answered = 0
    const one = async (session: ClientHttp2Session, signer: Signer, i: number): Promise<void> => {
      const made = `${signer.kid} ${await statusOf(session, '/main/x', tokenOf(signer, { sub: `user-${i}` }))}`
      counts.set(made, (counts.get(made) ?? 0) + 1)
      answered++
    }
    const all = Promise.all(
      sessions.flatMap((session, s) =>
        Array.from({ length: STREAMS }, (_, i) => one(session, i % 2 === 0 ? a : b, s * STREAMS + i)),
      ),
    )
    // Those of the old key are served while those of the new one wait for the fetch; not for longer than a busy machine has.
    await Promise.race([until(() => answered >= (SESSIONS * STREAMS) / 2), sleep(3000)])
    gate.resolve()
    await all
    for (const session of sessions) session.destroy()
    const half = (SESSIONS * STREAMS) / 2
    assert.deepEqual(Object.fromEntries(counts), { 'a 200': half, 'b 200': half })
    assert.equal(server.fetches(), 2)
  })

  it('refuse not one good token of either key through rotation after rotation', async () => {
    await using server = await startKeyServer()
    const signers = [a, b, ...['c', 'd'].map((kid) => createSigner('ES256', { kid }))]
    server.serve('/keys', json(jwksOf(a), LONG))
    await using gateway = await start(server.url, 'cooldown: 1s')
    const sessions = await Promise.all(Array.from({ length: 10 }, () => openHttp2(gateway.url)))
    let published = [a]
    const rotations = { going: true }
    let asked = 0
    const refused: string[] = []
    const clients = sessions.map(async (session) => {
      while (rotations.going) {
        const signer = published[asked++ % published.length]!
        const answer = await statusOf(session, '/main/x', tokenOf(signer, { sub: `user-${asked}` }))
        if (answer !== 200) refused.push(`${signer.kid} ${answer}`)
      }
    })
    for (const [i, next] of signers.slice(1).entries()) {
      server.serve('/keys', json(jwksOf(signers[i]!, next), LONG))
      // From here on tokens of the new key go round, and of the one before.
      published = [signers[i]!, next]
      const before = asked
      await until(() => server.fetches() === i + 2 && asked > before + 200)
    }
    rotations.going = false
    await Promise.all(clients)
    for (const session of sessions) session.destroy()
    assert.deepEqual(refused, [])
    assert.equal(server.fetches(), signers.length)
  })
})
