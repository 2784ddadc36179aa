import { NO_FIELD_LIST } from '../../src/http1/index.ts'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { RawClient, startRawServer, startScriptedServer } from '../support/raw-http.ts'
import { settled, until } from '../support/wait.ts'
import { eachEngine } from '../support/engines.ts'

const ASK =
  'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo/1\r\nX-A: b\r\n\r\n'
const AGREED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\nX-B: c\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

eachEngine(({ startForwardingGateway, words }) => {
  test('a WebSocket echoes through the gateway: text, a large binary message, and the closing handshake', async () => {
    const server = createServer()
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket) =>
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await using gateway = await startForwardingGateway({ backend: { urls: [`http://127.0.0.1:${port}`] } })
    const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/chat`)
    await once(client, 'open')
    client.send('hello')
    assert.equal(String((await once(client, 'message'))[0]), 'hello')
    const large = Buffer.alloc(3_000_000, 'grüße')
    client.send(large)
    assert.deepEqual((await once(client, 'message'))[0], large)
    assert.equal(gateway.listener.exchanges, 1)
    client.close(4001, 'bye')
    const [code, reason] = (await once(client, 'close')) as [number, Buffer]
    assert.deepEqual([code, String(reason)], [4001, 'bye'])
    await gateway.outcome('done')
    assert.deepEqual(
      gateway.outcomes.map(({ kind, status }) => status ?? kind),
      [101, 'done'],
    )
    await until(() => gateway.listener.exchanges === 0)
    sockets.close()
    server.closeAllConnections()
    server.close()
  })

  test('the upgrade is asked for anew, other fields pass, and bytes sent along with either head are not lost', async () => {
    let head = ''
    await using backend = await startRawServer(async (client) => {
      head = await client.until('\r\n\r\n')
      client.write(`${AGREED}early`)
      client.write(await client.take(4))
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(`${ASK}ping`)
    const answer = await client.until('\r\n\r\n')
    assert.match(
      answer,
      /^HTTP\/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\/1\r\nX-B: c\r\n/,
    )
    assert.equal(await client.take(9), 'earlyping')
    assert.match(
      head,
      /^GET \/ws HTTP\/1.1\r\nHost: a\r\nX-A: b\r\nConnection: Upgrade\r\nUpgrade: echo\/1\r\n\r\n$/,
    )
    client.socket.destroy()
  })

  test('a side that ends still hears the other', async () => {
    await using backend = await startRawServer(async (client) => {
      await client.until('\r\n\r\n')
      client.write(AGREED)
      const said = await client.rest()
      client.socket.end(`you said ${said}`)
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(ASK)
    await client.until('\r\n\r\n')
    client.socket.end('all I have')
    assert.equal(await client.rest(), 'you said all I have')
    await gateway.outcome('done')
  })

  test('an upgrade that the backend refuses is an ordinary response', async () => {
    await using backend = await startScriptedServer(
      'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nX-B: c\r\n\r\n2\r\nno\r\n0\r\n\r\n',
    )
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(ASK)
    const text = await client.rest()
    assert.match(
      text,
      /^HTTP\/1.1 403 Forbidden\r\nX-B: c\r\n[^]*Connection: close\r\n[^]*\r\n2\r\nno\r\n0\r\n\r\n$/,
    )
    await gateway.outcome('done')
    await until(() => gateway.listener.exchanges === 0)
  })

  test('an upgrade that the gateway refuses is an ordinary response', async () => {
    await using gateway = await startForwardingGateway({
      intercept: (exchange) => {
        assert.equal(exchange.upgrade?.protocol, 'echo/1')
        exchange.response.head(401, NO_FIELD_LIST, 2)
        exchange.response.write(Buffer.from('no'))
        exchange.response.end()
        return true
      },
    })
    const client = await RawClient.connect(gateway.port)
    client.write(ASK)
    assert.match(await client.rest(), /^HTTP\/1.1 401 Unauthorized\r\n[^]*Connection: close\r\n[^]*\r\nno$/)
    await until(() => gateway.listener.exchanges === 0 && gateway.listener.connections === 0)
  })

  const BAD_ANSWERS: Readonly<
    Record<string, { says: (client: RawClient) => void; status: number; code: string }>
  > = {
    'another protocol': {
      says: (client) => client.write(AGREED.replace('echo/1', 'other')),
      status: 502,
      code: 'GW_UPSTREAM_PROTOCOL upgrade-not-as-asked',
    },
    'nothing but a close': {
      says: (client) => client.socket.destroy(),
      status: 502,
      code: 'GW_UPSTREAM_PROTOCOL closed',
    },
    garbage: { says: (client) => client.write('garbage\r\n\r\n'), status: 502, code: 'GW_UPSTREAM_PROTOCOL' },
    silence: { says: () => {}, status: 504, code: 'GW_UPSTREAM_TIMEOUT first-byte-timeout' },
  }

  for (const [name, { says, status, code }] of Object.entries(BAD_ANSWERS)) {
    test(`${name} in answer to an upgrade is a ${status}`, async () => {
      await using backend = await startRawServer(async (client) => {
        await client.until('\r\n\r\n')
        says(client)
      })
      await using gateway = await startForwardingGateway({
        backend: { urls: [backend.url], firstByteTimeoutMs: 200 },
      })
      const client = await RawClient.connect(gateway.port)
      client.write(ASK)
      const text = await client.rest()
      assert.match(text, new RegExp(`^HTTP/1.1 ${status} `))
      assert.ok(text.includes(code), text)
      await until(() => gateway.listener.exchanges === 0)
    })
  }

  test('an upgrade goes to the next URL where one is down, and is a 502 where all are', async () => {
    const down = await startScriptedServer('')
    await down[Symbol.asyncDispose]()
    await using backend = await startRawServer(async (client) => {
      await client.until('\r\n\r\n')
      client.write(AGREED)
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [down.url, backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(ASK)
    assert.match(await client.until('\r\n\r\n'), /^HTTP\/1.1 101 /)
    client.socket.destroy()
    await using alone = await startForwardingGateway({ backend: { urls: [down.url] } })
    const refused = await RawClient.connect(alone.port)
    refused.write(ASK)
    assert.match(await refused.rest(), /^HTTP\/1.1 502 [^]*GW_UPSTREAM_UNREACHABLE connection-refused$/)
  })

  for (const side of ['client', 'backend'] as const) {
    test(`a ${side} that breaks off ends the other side and nothing else`, async () => {
      const atBackend: RawClient[] = []
      await using backend = await startRawServer(async (client) => {
        await client.until('\r\n\r\n')
        atBackend.push(client)
        client.write(AGREED)
      })
      await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
      const [one, two] = await Promise.all([RawClient.connect(gateway.port), RawClient.connect(gateway.port)])
      one.write(ASK)
      await one.until('\r\n\r\n')
      two.write(ASK)
      await two.until('\r\n\r\n')
      if (side === 'client') one.socket.resetAndDestroy()
      else atBackend[0]!.socket.resetAndDestroy()
      await (side === 'client' ? atBackend[0]! : one).rest()
      const { refusal } = await gateway.outcome('broken')
      assert.equal(refusal?.reason, side === 'client' ? 'client-gone' : 'closed')
      two.write('still here')
      await atBackend[1]!.until('still here')
      two.socket.destroy()
    })
  }

  test('a silent connection ends after the idle time, but not while bytes move in one direction', async () => {
    await using backend = await startRawServer(async (client) => {
      await client.until('\r\n\r\n')
      client.write(AGREED)
    })
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url], idleTimeoutMs: 200 },
      timeouts: { bodyIdleMs: 100, keepAliveIdleMs: 100, headMs: 100 },
    })
    const client = await RawClient.connect(gateway.port)
    client.write(ASK)
    await client.until('\r\n\r\n')
    for (let i = 0; i < 5; i++) {
      await sleep(100)
      client.write('x')
    }
    assert.equal(gateway.listener.exchanges, 1)
    await client.rest()
    assert.equal((await gateway.outcome('broken')).refusal?.reason, 'idle-timeout')
  })

  test('a client that does not read slows the backend down', async () => {
    let written = 0
    await using backend = await startRawServer(async (client) => {
      await client.until('\r\n\r\n')
      client.write(AGREED)
      const piece = Buffer.alloc(65_536, 'x')
      const pump = (): void => {
        while (client.socket.writable && client.socket.write(piece)) written += piece.length
        written += piece.length
      }
      client.socket.on('drain', pump)
      pump()
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url], idleTimeoutMs: 0 } })
    const client = await RawClient.connect(gateway.port)
    client.socket.pause()
    client.write(ASK)
    await settled(() => written)
    assert.ok(written < 24 * 1024 * 1024, `${written} bytes were taken`)
    client.socket.destroy()
    await gateway.outcome('broken')
  })

  test('destroyAll ends upgraded connections on both sides', async () => {
    let atBackend: RawClient | undefined
    await using backend = await startRawServer(async (client) => {
      await client.until('\r\n\r\n')
      atBackend = client
      client.write(AGREED)
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(ASK)
    await client.until('\r\n\r\n')
    gateway.listener.destroyAll()
    await client.rest()
    await atBackend!.rest()
  })

  test('HTTP in disguise, bodies and other methods are no upgrade: the request is served as it is', async () => {
    const heads: string[] = []
    await using backend = await startScriptedServer(async (head, client) => {
      heads.push(head)
      await client.take(Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0))
      return OK
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    const asks = [
      // As Java's HttpClient and curl --http2 ask.
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc',
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: TLS/1.2\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n',
    ]
    for (const ask of asks) {
      client.write(ask)
      assert.match(await client.until('\r\n\r\nok'), /^HTTP\/1.1 200 OK\r\n/)
    }
    assert.equal(heads.length, asks.length)
    for (const head of heads) assert.doesNotMatch(head, /upgrade|http2-settings/i)
    client.socket.destroy()
  })

  // node:http lets go of the socket as soon as it reads the head, so it cannot wait for its turn.
  test('an upgrade behind another request on the connection waits for its turn, or is the ordinary request it also is', async () => {
    const heads: string[] = []
    await using backend = await startScriptedServer((head) => {
      heads.push(head)
      return /^upgrade:/im.test(head) ? AGREED : OK
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${ASK}ping`)
    await client.until('\r\n\r\nok')
    assert.match(
      await client.until('\r\n\r\n'),
      words({ claimgate: /^HTTP\/1.1 101 /, node: /^HTTP\/1.1 200 / }),
    )
    assert.equal(heads.length, 2)
    assert.equal(/upgrade/i.test(heads[1]!), words({ claimgate: true, node: false }))
    client.socket.destroy()
  })
})
