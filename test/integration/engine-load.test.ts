import assert from 'node:assert/strict'
import { createServer, connect, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { createConnectionBudget } from '../../src/inbound/node/connection-budget.ts'
import { eachEngine } from '../support/engines.ts'
import { RawClient, startScriptedServer } from '../support/raw-http.ts'
import { liveBytes, openDescriptors } from '../support/resources.ts'
import { until } from '../support/wait.ts'

/** More by these, up to what the system lets one process open: `SLOW_READERS=10000 SOAK_REQUESTS=1000000`. */
const CONNECTIONS = Number(process.env['CONNECTIONS'] ?? 1000)
const SLOW_READERS = Number(process.env['SLOW_READERS'] ?? 200)
const SOAK_REQUESTS = Number(process.env['SOAK_REQUESTS'] ?? 100_000)

/** A backend that echoes the path, from a few lines on a socket, so that what is measured is the gateway. */
async function startEcho(): Promise<{ readonly url: string } & AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    let text = ''
    socket.on('data', (piece) => {
      text += piece.toString('latin1')
      let answers = ''
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const path = text.slice(text.indexOf(' ') + 1, text.indexOf(' ', text.indexOf(' ') + 1))
        answers += `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`
        text = text.slice(end + 4)
      }
      if (answers !== '') socket.write(answers, 'latin1')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 2048, resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

eachEngine(({ name, startForwardingGateway }) => {
  test('half heads that drip for ever are ended in time, and others are served meanwhile', async () => {
    await using backend = await startEcho()
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url] },
      timeouts: { headMs: 1000 },
    })
    const slow = await Promise.all(Array.from({ length: 300 }, () => RawClient.connect(gateway.port)))
    for (const [i, client] of slow.entries())
      client.write('GET / HTTP/1.1\r\nHost: a\r\nX: '.slice(0, 1 + (i % 28)))
    const drip = setInterval(() => {
      for (const client of slow) if (client.socket.writable) client.write('a')
    }, 100)
    const others = await RawClient.connect(gateway.port)
    for (let i = 0; i < 20; i++) {
      const begunMs = performance.now()
      others.write(`GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`)
      await others.until(`\r\n\r\n/${i}`)
      assert.ok(performance.now() - begunMs < 500)
    }
    others.socket.destroy()
    for (const client of slow) assert.match(await client.rest(), /^(?:$|HTTP\/1.1 40[08] )/)
    clearInterval(drip)
    for (const client of slow) client.socket.destroy()
    await until(() => gateway.listener.connections === 0)
  })

  test('a thousand connections at once get each their own answers, and leave nothing open', async () => {
    await using backend = await startEcho()
    const before = openDescriptors()
    await using gateway = await startForwardingGateway({
      backend: {
        urls: [backend.url], // Some wait for their turn; so many may wait as are under way.
        maxConnections: CONNECTIONS / 2,
        connectTimeoutMs: 10_000,
        firstByteTimeoutMs: 20_000,
      },
      limits: { connections: createConnectionBudget(CONNECTIONS) },
      timeouts: { headMs: 20_000, bodyIdleMs: 20_000, keepAliveIdleMs: 20_000 },
    })
    const clients: RawClient[] = []
    for (let at = 0; at < CONNECTIONS; at += 100)
      clients.push(
        ...(await Promise.all(
          Array.from({ length: Math.min(100, CONNECTIONS - at) }, () => RawClient.connect(gateway.port)),
        )),
      )
    await until(() => gateway.listener.connections === CONNECTIONS)
    for (const [i, client] of clients.entries())
      client.write([0, 1, 2].map((n) => `GET /${i}-${n} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
    for (const [i, client] of clients.entries())
      for (const n of [0, 1, 2]) {
        assert.match(await client.until('\r\n\r\n'), /^HTTP\/1.1 200 /)
        assert.equal(await client.take(`/${i}-${n}`.length), `/${i}-${n}`)
      }
    for (const client of clients) client.socket.destroy()
    await until(() => gateway.listener.connections === 0)
    await gateway.upstream.close()
    if (before !== undefined) await until(() => openDescriptors()! <= before + 5)
  })

  test('slow readers of a large body hold little memory each', async () => {
    const piece = Buffer.alloc(65_536, 'x')
    await using backend = await startScriptedServer((_head, client) => {
      const pump = (): void => {
        while (client.socket.writable && client.socket.write(piece)) {}
      }
      client.socket.on('drain', pump)
      client.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n')
      pump()
      return undefined
    })
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url], maxConnections: SLOW_READERS, idleTimeoutMs: 60_000 },
      limits: { connections: createConnectionBudget(SLOW_READERS) },
      timeouts: { bodyIdleMs: 60_000 },
    })
    const before = liveBytes()
    const readers: Socket[] = []
    for (let i = 0; i < SLOW_READERS; i++) {
      const socket = connect(gateway.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.on('data', () => {
        socket.pause()
        setTimeout(() => socket.resume(), 1000)
      })
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      readers.push(socket)
    }
    const reading = (): boolean => readers.every((socket) => socket.bytesRead > 0)
    for (let i = 0; i < SLOW_READERS && !reading(); i++) await sleep(100)
    assert.ok(reading())
    let most = 0
    for (let i = 0; i < 8; i++) {
      most = Math.max(most, liveBytes() - before)
      await sleep(200)
    }
    const each = Math.round(most / SLOW_READERS)
    // Some pieces of 64 KiB in the gateway, and what the readers of this test hold in the same process.
    assert.ok(each < 512 * 1024, `${each} bytes for each reader`)
    for (const socket of readers) socket.destroy()
    await until(() => gateway.listener.connections === 0)
  })

  test('memory does not grow with the number of requests', async () => {
    // The older engine is several times as slow; what would leak shows earlier, too.
    const requests = name === 'claimgate' ? SOAK_REQUESTS : SOAK_REQUESTS / 10
    await using backend = await startEcho()
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const run = async (count: number): Promise<void> => {
      const lanes = Array.from({ length: 16 }, async (_, lane) => {
        const client = await RawClient.connect(gateway.port)
        for (let i = 0; i < count / 16; i += 8) {
          const paths = Array.from({ length: 8 }, (_, n) => `/${lane}-${i + n}`)
          client.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
          for (const path of paths) {
            await client.until('\r\n\r\n')
            assert.equal(await client.take(path.length), path)
          }
          gateway.outcomes.length = 0
          // New connections now and then, as in life.
          if (i % 800 === 0 && lane === 0) (await RawClient.connect(gateway.port)).socket.destroy()
        }
        client.socket.destroy()
      })
      await Promise.all(lanes)
      await until(() => gateway.listener.connections === 0)
    }
    await run(requests / 10)
    const before = liveBytes()
    await run(requests)
    const grown = liveBytes() - before
    assert.ok(grown < 4_000_000, `${grown} bytes more after ${requests} requests`)
  })
})
