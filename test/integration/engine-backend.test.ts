import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnectionBudget } from '../../src/inbound/node/connection-budget.ts'
import type { HttpBackendSpec } from '../../src/plan/spec.ts'
import type { Outcome } from '../support/forwarding-gateway.ts'
import { startBackendWithNeighbour } from '../support/neighbour.ts'
import { RawClient, startRawServer, startScriptedServer } from '../support/raw-http.ts'
import type { EngineName } from '../../src/gateway/engine.ts'
import { eachEngine } from '../support/engines.ts'

const GET = 'GET /x HTTP/1.1\r\nHost: client.example\r\n\r\n'

/** A backend that closes a connection when its second request comes, where `onConnection` says so. */
function startClosingServer(
  onConnection: (client: RawClient) => () => boolean,
): ReturnType<typeof startRawServer> {
  return startRawServer(async (client) => {
    const closes = onConnection(client)
    for (;;) {
      await client.until('\r\n\r\n')
      client.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      if (!closes()) continue
      // That moment: the next request is on its way already.
      await client.until('\r\n\r\n')
      return client.socket.destroy()
    }
  })
}

/** Sends a request, and answers the status when the whole answer is there. */
async function statusOf(client: RawClient, request: string): Promise<string> {
  client.write(request)
  const head = await client.until('\r\n\r\n')
  await client.take(Number(/Content-Length: (\d+)/.exec(head)?.[1]))
  return head.slice(9, 12)
}

interface Lie {
  readonly says: (backend: RawClient) => void
  readonly status: number
  readonly code: string
  /** Where the engines have words of their own, both. */
  readonly reason?: string | Readonly<Record<EngineName, string>>
  readonly backend?: Partial<HttpBackendSpec>
}

/** What a backend can do wrong before the client has got anything. */
const LIES_BEFORE_THE_HEAD: Readonly<Record<string, Lie>> = {
  'a backend that closes without a word': {
    says: (backend) => backend.socket.destroy(),
    status: 502,
    code: 'GW_UPSTREAM_PROTOCOL',
    reason: 'closed',
  },
  'a backend that resets before its head': {
    says: (backend) => backend.socket.resetAndDestroy(),
    status: 502,
    code: 'GW_UPSTREAM_PROTOCOL',
    reason: 'closed',
  },
  'a backend that closes in the middle of its head': {
    says: (backend) => backend.socket.end('HTTP/1.1 200 OK\r\nContent-Le'),
    status: 502,
    code: 'GW_UPSTREAM_PROTOCOL',
    reason: 'closed',
  },
  'a backend that speaks another protocol': {
    says: (backend) => backend.write('SSH-2.0-OpenSSH_9.2\r\n'),
    status: 502,
    code: 'GW_UPSTREAM_PROTOCOL',
    reason: { claimgate: 'status-line', node: 'not-http' },
  },
  'a backend with an invalid header': {
    says: (backend) => backend.write('HTTP/1.1 200 OK\r\nBad Header: x\r\nContent-Length: 0\r\n\r\n'),
    status: 502,
    code: 'GW_UPSTREAM_PROTOCOL',
    reason: { claimgate: 'header-name', node: 'not-http' },
  },
  'a backend with a control character in a header': {
    says: (backend) => backend.write('HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 0\r\n\r\n'),
    status: 502,
    code: 'GW_UPSTREAM_PROTOCOL',
    reason: { claimgate: 'header-value', node: 'not-http' },
  },
  'a backend with two lengths': {
    says: (backend) => backend.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'),
    status: 502,
    code: 'GW_UPSTREAM_PROTOCOL',
    reason: { claimgate: 'content-length-repeated', node: 'body-length' },
  },
  'a backend with a length and chunks': {
    says: (backend) =>
      backend.write(
        'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
      ),
    status: 502,
    code: 'GW_UPSTREAM_PROTOCOL',
    reason: { claimgate: 'two-lengths', node: 'body-length' },
  },
  'a backend with a transfer coding that nobody undoes': {
    says: (backend) =>
      backend.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'),
    status: 502,
    code: 'GW_UPSTREAM_PROTOCOL',
    reason: { claimgate: 'transfer-coding-unsupported', node: 'bad-transfer-encoding' },
  },
  'a backend with a status that is none': {
    says: (backend) => backend.write('HTTP/1.1 999 Whatever\r\nContent-Length: 0\r\n\r\n'),
    status: 502,
    code: 'GW_UPSTREAM_PROTOCOL',
    reason: 'bad-status',
  },
  'a backend that switches protocols unasked': {
    says: (backend) =>
      backend.write('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
    status: 502,
    code: 'GW_UPSTREAM_PROTOCOL',
  },
  'a backend with a head of 10 MB': {
    says: (backend) => {
      backend.write('HTTP/1.1 200 OK\r\n')
      const field = `X-Filler: ${'x'.repeat(10_000)}\r\n`
      const more = (): void => {
        for (let i = 0; i < 100 && backend.socket.writable; i++) if (!backend.socket.write(field)) break
        if (backend.socket.writable && backend.socket.bytesWritten < 10_000_000) setImmediate(more)
      }
      more()
    },
    status: 502,
    code: 'GW_UPSTREAM_PROTOCOL',
    reason: 'head-too-large',
  },
  'a backend that never stops with interim answers': {
    says: (backend) => backend.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(100)),
    status: 502,
    code: 'GW_UPSTREAM_PROTOCOL',
    reason: 'too-many-interim-answers',
  },
  'a backend that does not begin its answer': {
    says: () => {},
    status: 504,
    code: 'GW_UPSTREAM_TIMEOUT',
    reason: 'first-byte-timeout',
    backend: { firstByteTimeoutMs: 150 },
  },
  'a backend that stops in the middle of its head': {
    says: (backend) => backend.write('HTTP/1.1 200 OK\r\nX: '),
    status: 504,
    code: 'GW_UPSTREAM_TIMEOUT',
    reason: 'first-byte-timeout',
    backend: { firstByteTimeoutMs: 150 },
  },
}

eachEngine(({ name: engine, startForwardingGateway, words }) => {
  for (const [name, lie] of Object.entries(LIES_BEFORE_THE_HEAD)) {
    test(`${name} costs its own request a ${lie.status} and nobody else anything`, async () => {
      await using backend = await startBackendWithNeighbour((client) => lie.says(client))
      await using gateway = await startForwardingGateway({ backend: { urls: [backend.url], ...lie.backend } })
      const neighbour = await backend.neighbour(gateway.port)
      const client = await RawClient.connect(gateway.port)
      client.write(GET)
      const head = (await client.until('\r\n\r\n')).replace(/HTTP\/1.1 103 [^]*?\r\n\r\n/, '')
      const { refusal } = await gateway.outcome('failed')
      assert.equal(refusal?.code, lie.code)
      if (lie.reason !== undefined)
        assert.equal(refusal?.reason, typeof lie.reason === 'string' ? lie.reason : words(lie.reason))
      assert.equal(refusal?.by, 'backend')
      assert.match(refusal?.detail ?? '', /`http:\/\/127/)
      const answered = head === '' ? await client.until(lie.code) : head + (await client.until(lie.code))
      assert.match(answered, new RegExp(`HTTP/1.1 ${lie.status} `))
      await neighbour.finishes()
      client.socket.destroy()
    })
  }

  /** What a backend can do wrong when the client has begun to read. */
  const LIES_IN_THE_BODY: Readonly<Record<string, { says: (backend: RawClient) => void; code: string }>> = {
    'closes before all of its Content-Length': {
      says: (backend) => backend.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort'),
      code: 'GW_UPSTREAM_PROTOCOL',
    },
    'resets in the middle of the body': {
      says: (backend) => {
        backend.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort')
        setTimeout(() => backend.socket.resetAndDestroy(), 50)
      },
      code: 'GW_UPSTREAM_PROTOCOL',
    },
    'closes in the middle of a chunk': {
      says: (backend) =>
        backend.socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nshort'),
      code: 'GW_UPSTREAM_PROTOCOL',
    },
    'closes before the last chunk': {
      says: (backend) =>
        backend.socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n'),
      code: 'GW_UPSTREAM_PROTOCOL',
    },
    'sends garbage for a chunk': {
      says: (backend) =>
        backend.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nzz\r\nmore\r\n'),
      code: 'GW_UPSTREAM_PROTOCOL',
    },
    'falls silent in the middle of the body': {
      says: (backend) => backend.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort'),
      code: 'GW_UPSTREAM_TIMEOUT',
    },
  }

  for (const [name, lie] of Object.entries(LIES_IN_THE_BODY)) {
    test(`the client sees a broken message where the backend ${name}`, async () => {
      await using backend = await startBackendWithNeighbour((client) => lie.says(client))
      await using gateway = await startForwardingGateway({
        backend: { urls: [backend.url], idleTimeoutMs: 300 },
      })
      const client = await RawClient.connect(gateway.port)
      client.write(GET)
      await client.until('short')
      const rest = await client.rest()
      assert.ok(!rest.includes('0\r\n\r\n'), 'the message was made to look whole')
      assert.equal((await gateway.outcome('broken')).refusal?.code, lie.code)
      assert.equal(gateway.outcomes.filter(({ kind }) => kind === 'failed' || kind === 'done').length, 0)
    })
  }

  test('a neighbour is not disturbed by an answer that breaks in its body', async () => {
    await using backend = await startBackendWithNeighbour((client) =>
      client.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort'),
    )
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const neighbour = await backend.neighbour(gateway.port)
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    await client.rest()
    await neighbour.finishes()
  })

  test('what a backend sends beyond its Content-Length reaches nobody', async () => {
    await using backend = await startScriptedServer(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled',
    )
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    for (let i = 0; i < 3; i++) {
      client.write(GET)
      const text = await client.until('\r\n\r\n')
      assert.match(text, /Content-Length: 2/)
      assert.equal(await client.take(2), 'ok')
    }
    assert.equal(client.text, '')
    client.socket.destroy()
  })

  test('an answer without a length that ends with the connection is passed on whole', async () => {
    await using backend = await startRawServer(async (client) => {
      await client.until('\r\n\r\n')
      client.socket.end('HTTP/1.0 200 OK\r\n\r\nuntil the end')
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    assert.match(await client.until('0\r\n\r\n'), /\r\nd\r\nuntil the end\r\n0\r\n\r\n$/)
    client.socket.destroy()
  })

  test('a backend that is down is a 502 that says where nothing listens', async () => {
    const gone = await startScriptedServer('')
    const { url } = gone
    await gone[Symbol.asyncDispose]()
    await using gateway = await startForwardingGateway({ backend: { urls: [url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    assert.match(await client.until('connection-refused'), /^HTTP\/1.1 502 /)
    const { refusal } = await gateway.outcome('failed')
    assert.equal(refusal?.code, 'GW_UPSTREAM_UNREACHABLE')
    assert.equal(refusal?.detail, `nothing listens at \`${url}\`; start the backend or correct its url`)
    client.socket.destroy()
  })

  test('several URLs serve in turn, and one that is down is passed over, body and all', async () => {
    const answer = (name: string) => async (head: string, client: RawClient) => {
      const body = await client.take(Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0))
      return `HTTP/1.1 200 OK\r\nContent-Length: ${1 + body.length}\r\n\r\n${name}${body}`
    }
    await using one = await startScriptedServer(answer('1'))
    await using two = await startScriptedServer(answer('2'))
    const down = await startScriptedServer('')
    await down[Symbol.asyncDispose]()
    await using gateway = await startForwardingGateway({ backend: { urls: [one.url, down.url, two.url] } })
    const client = await RawClient.connect(gateway.port)
    const served: string[] = []
    for (let i = 0; i < 6; i++) {
      client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody')
      assert.match(await client.until('\r\n\r\n'), /^HTTP\/1.1 200 /)
      served.push(await client.take(5))
    }
    assert.deepEqual([...new Set(served)].sort(), ['1body', '2body'])
    assert.equal(gateway.outcomes.filter(({ kind }) => kind === 'failed').length, 0)
    client.socket.destroy()
  })

  test('where every URL is down the last one is named', async () => {
    const down = await Promise.all([startScriptedServer(''), startScriptedServer('')])
    for (const server of down) await server[Symbol.asyncDispose]()
    await using gateway = await startForwardingGateway({ backend: { urls: down.map(({ url }) => url) } })
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    await client.until('GW_UPSTREAM_UNREACHABLE')
    assert.equal(gateway.outcomes.filter(({ kind }) => kind === 'failed').length, 1)
    client.socket.destroy()
  })

  test('a GET on a kept-alive connection that the backend closes that moment is sent again and succeeds', async () => {
    await using backend = await startRawServer(async (client, index) => {
      await client.until('\r\n\r\n')
      client.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${index}`)
      await client.until('\r\n\r\n')
      // The second request on a connection meets a close.
      client.socket.destroy()
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    for (const expected of ['0', '1', '2']) {
      client.write(GET)
      assert.match(await client.until('\r\n\r\n'), /^HTTP\/1.1 200 /)
      assert.equal(await client.take(1), expected)
    }
    client.socket.destroy()
  })

  // undici would take another connection that was kept, and meet the same.
  if (engine === 'claimgate')
    test('where a restart of the backend closed all of its connections, a request that meets one is served on a new one', async () => {
      const held: RawClient[] = []
      let restarted = false
      await using backend = await startRawServer(async (client) => {
        for (;;) {
          await client.until('\r\n\r\n')
          if (restarted && held.includes(client)) return client.socket.resetAndDestroy()
          held.push(client)
          if (restarted || held.length === 3) {
            for (const each of restarted ? [client] : held)
              each.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
          }
        }
      })
      await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
      const clients = await Promise.all([0, 1, 2].map(() => RawClient.connect(gateway.port)))
      for (const client of clients) client.write(GET)
      for (const client of clients) await client.until('\r\n\r\nok')
      restarted = true
      for (const client of clients) {
        client.write(GET)
        assert.match(await client.until('ok'), /^HTTP\/1.1 200 /)
      }
      for (const client of clients) client.socket.destroy()
    })

  test('a POST that met a closing connection is not sent again', async () => {
    let requests = 0
    await using backend = await startRawServer(async (client) => {
      await client.until('\r\n\r\n')
      requests++
      client.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      await client.until('\r\n\r\n')
      requests++
      client.socket.destroy()
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    await client.until('\r\n\r\nok')
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
    await client.until('GW_UPSTREAM_PROTOCOL closed')
    assert.equal(requests, 2)
    client.socket.destroy()
  })

  // undici has no say in which of its connections is used.
  if (engine === 'claimgate')
    test('where a backend closes right after its answers, POST gets connections of its own until it leaves them open', async () => {
      let closes = true
      const closing: RawClient[] = []
      await using backend = await startClosingServer((client) => {
        if (closes) closing.push(client)
        return () => closes
      })
      await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
      const post = async (): Promise<string> => {
        const client = await RawClient.connect(gateway.port)
        const status = await statusOf(client, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx')
        client.socket.destroy()
        return status
      }
      assert.deepEqual([await post(), await post()], ['200', '502'])
      for (let i = 0; i < 12; i++) assert.equal(await post(), '200')
      assert.equal(backend.accepted, 13)
      closes = false
      for (const each of closing) each.socket.destroy()
      await post()
      await sleep(2500)
      const before = backend.accepted
      for (let i = 0; i < 5; i++) assert.equal(await post(), '200')
      assert.ok(backend.accepted - before <= 1, `${backend.accepted - before} new connections`)
    })

  if (engine === 'claimgate')
    test('one connection that a backend closed early is forgotten once others were used again', async () => {
      let closes = true
      await using backend = await startClosingServer(() => {
        const closesThis = closes
        closes = false
        return () => closesThis
      })
      await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
      const client = await RawClient.connect(gateway.port)
      const ask = (method: string): Promise<string> =>
        statusOf(client, `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`)
      assert.deepEqual([await ask('POST'), await ask('POST')], ['200', '502'])
      for (let i = 0; i < 20; i++) assert.equal(await ask('GET'), '200')
      const before = backend.accepted
      for (let i = 0; i < 20; i++) assert.equal(await ask('POST'), '200')
      assert.equal(backend.accepted, before)
      client.socket.destroy()
    })

  test('a GET whose fresh connection breaks is not sent twice', async () => {
    await using backend = await startRawServer(async (client) => {
      await client.until('\r\n\r\n')
      client.socket.end()
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    await client.until('GW_UPSTREAM_PROTOCOL closed')
    assert.equal(backend.accepted, 1)
    client.socket.destroy()
  })

  test('connections to the backend are used again', async () => {
    await using backend = await startScriptedServer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    for (let i = 0; i < 10; i++) {
      const client = await RawClient.connect(gateway.port)
      client.write(GET)
      await client.until('\r\n\r\nok')
      client.socket.destroy()
    }
    assert.equal(backend.accepted, 1)
  })

  test('no more requests than maxConnections are under way, the others wait their turn, and who waits too long gets 503', async () => {
    const held: RawClient[] = []
    await using backend = await startScriptedServer((_head, client) => {
      held.push(client)
      return undefined
    })
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url], maxConnections: 1, connectTimeoutMs: 400 },
    })
    const clients = await Promise.all([0, 1, 2].map(() => RawClient.connect(gateway.port)))
    for (const client of clients) client.write(GET)
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(held.length, 1)
    // One of the two that wait gets the connection now, the other waits in vain.
    held[0]!.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na')
    const failed: Outcome = await gateway.outcome('failed')
    assert.equal(failed.refusal?.code, 'GW_UPSTREAM_BUSY')
    assert.equal(failed.refusal?.reason, 'queue-timeout')
    held[1]!.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb')
    while (gateway.outcomes.filter(({ kind }) => kind === 'done').length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    assert.equal(backend.accepted, 1)
    for (const client of clients) client.socket.destroy()
  })

  test('the queue for a backend has an end', async () => {
    await using backend = await startScriptedServer(() => undefined)
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url], maxConnections: 1, connectTimeoutMs: 3000, firstByteTimeoutMs: 3000 },
      limits: { connections: createConnectionBudget(2000) },
    })
    const clients = await Promise.all(Array.from({ length: 1002 }, () => RawClient.connect(gateway.port)))
    for (const client of clients) client.write(GET)
    const { refusal } = await gateway.outcome('failed')
    assert.equal(refusal?.code, 'GW_UPSTREAM_BUSY')
    assert.equal(refusal?.reason, 'queue-full')
    for (const client of clients) client.socket.destroy()
  })

  test('the base path of the URL goes before the path, and the Host field is the one that was asked for', async () => {
    const heads: string[] = []
    await using backend = await startScriptedServer((head) => {
      heads.push(head)
      return 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
    })
    for (const hostHeader of ['client', 'backend'] as const) {
      await using gateway = await startForwardingGateway({
        backend: { urls: [`${backend.url}/base/`], hostHeader },
      })
      const client = await RawClient.connect(gateway.port)
      client.write(GET)
      await client.until('\r\n\r\nok')
      client.socket.destroy()
    }
    assert.match(heads[0]!, /^GET \/base\/x HTTP\/1.1\r\nhost: client.example\r\n/i)
    assert.match(heads[1]!, new RegExp(`^GET /base/x HTTP/1.1\r\nhost: 127.0.0.1:${backend.port}\r\n`, 'i'))
  })

  test('a client that is slow with its body is told so, and not that the backend is slow', async () => {
    await using backend = await startScriptedServer(() => undefined)
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url], firstByteTimeoutMs: 200 },
      timeouts: { bodyIdleMs: 600 },
    })
    const client = await RawClient.connect(gateway.port)
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf')
    assert.match(await client.rest(), /^HTTP\/1.1 408 /)
  })

  test('a request that comes after the backend was closed still has its timeouts', async () => {
    await using backend = await startScriptedServer(() => undefined)
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url], firstByteTimeoutMs: 200 },
    })
    await gateway.upstream.close()
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    assert.match(await client.until('first-byte-timeout'), /^HTTP\/1.1 504 /)
    client.socket.destroy()
  })

  test('a backend that is closed while a request is under way lets it finish, and serves who comes late', async () => {
    const held: RawClient[] = []
    await using backend = await startScriptedServer((_head, client) => {
      held.push(client)
      return undefined
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const closed = gateway.upstream.close()
    const late = await RawClient.connect(gateway.port)
    late.write(GET)
    while (held.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    for (const connection of held) connection.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    await client.until('\r\n\r\nok')
    await late.until('\r\n\r\nok')
    await closed
    late.write(GET)
    while (held.length < 3) await new Promise((resolve) => setTimeout(resolve, 5))
    held[2]!.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    await late.until('\r\n\r\nok')
    await held[2]!.rest()
    client.socket.destroy()
    late.socket.destroy()
  })
})
