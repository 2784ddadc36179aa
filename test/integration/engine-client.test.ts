import { UpstreamRequest } from '../../src/proxy/upstream.ts'
import { NO_FIELD_LIST } from '../../src/http1/index.ts'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { createConnectionBudget } from '../../src/inbound/node/connection-budget.ts'
import type { ForwardingGateway } from '../support/forwarding-gateway.ts'
import { startBackendWithNeighbour } from '../support/neighbour.ts'
import { RawClient, startRawServer, startScriptedServer } from '../support/raw-http.ts'
import { settled, until } from '../support/wait.ts'
import type { EngineName } from '../../src/gateway/engine.ts'
import { eachEngine } from '../support/engines.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** What each engine says of the same thing; one word where both say the same. */
type Words<T> = T | Readonly<Record<EngineName, T>>

/**
 * Requests that are not HTTP, or not the HTTP that this gateway takes, with the status of the answer. Node's parser has
 * one status for nearly all of them; the project's own knows those that are HTTP of a kind it does not serve.
 */
const REFUSED: Readonly<Record<string, { bytes: string; status: Words<number>; reason?: Words<string> }>> = {
  'text that is no HTTP': { bytes: 'HELO there\r\n\r\n', status: 400 },
  'a TLS greeting': { bytes: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', status: 400 },
  'nearly the preface of HTTP/2': {
    bytes: 'PRI * HTTP/2.0\r\nHost: a\r\n\r\nSM\r\n\r\n',
    status: { claimgate: 505, node: 400 },
  },
  'no Host': {
    bytes: 'GET / HTTP/1.1\r\n\r\n',
    status: 400,
    reason: { claimgate: 'host-missing', node: 'host' },
  },
  'two Host fields': {
    bytes: 'GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n',
    status: 400,
    reason: { claimgate: 'host-repeated', node: 'host' },
  },
  'two equal Host fields': {
    bytes: 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
    status: 400,
    reason: { claimgate: 'host-repeated', node: 'host' },
  },
  'a Host with a user': {
    bytes: 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n',
    status: 400,
    reason: { claimgate: 'host-invalid', node: 'host' },
  },
  'an empty Host': {
    bytes: 'GET / HTTP/1.1\r\nHost:\r\n\r\n',
    status: 400,
    reason: { claimgate: 'host-invalid', node: 'host' },
  },
  'an absolute target': {
    bytes: 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n',
    status: 400,
    reason: { claimgate: 'target-form', node: 'target' },
  },
  CONNECT: { bytes: 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', status: { claimgate: 501, node: 400 } },
  'a target that is no path': { bytes: 'GET a HTTP/1.1\r\nHost: a\r\n\r\n', status: 400 },
  'an asterisk with GET': {
    bytes: 'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
    status: 400,
    reason: { claimgate: 'target-form', node: 'target' },
  },
  'a fragment': {
    bytes: 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n',
    status: 400,
    reason: { claimgate: 'target-character', node: 'target' },
  },
  'a backslash in the path': {
    bytes: 'GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n',
    status: 400,
    reason: { claimgate: 'target-character', node: 'target' },
  },
  'bytes beyond ASCII in the path': {
    bytes: 'GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n',
    status: 400,
  },
  'a line folded': { bytes: 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n', status: 400 },
  'a space before the colon': { bytes: 'GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n', status: 400 },
  'length and chunks': {
    bytes: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    status: 400,
  },
  'two lengths': {
    bytes: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na',
    status: 400,
  },
  'a coding before chunked': {
    bytes: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    status: { claimgate: 501, node: 400 },
    reason: { claimgate: 'transfer-coding-unsupported', node: 'transfer-encoding' },
  },
  'chunks in HTTP/1.0': {
    bytes: 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    status: 400,
    reason: { claimgate: 'transfer-encoding-http-1-0', node: 'transfer-encoding' },
  },
  'a head that is too large': {
    bytes: `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    status: 431,
  },
  'a head without an end': {
    bytes: `GET / HTTP/1.1\r\nX: ${'x'.repeat(200_000)}`,
    status: 431,
    reason: 'head-too-large',
  },
  'too many fields': {
    bytes: `GET / HTTP/1.1\r\nHost: a\r\n${'a:\r\n'.repeat(100)}\r\n`,
    status: 431,
    reason: 'too-many-headers',
  },
}

eachEngine(({ name: engineName, engine, startForwardingGateway, words }) => {
  test('what is not well-formed is answered, its connection closed, and nothing reaches the backend', async (t) => {
    await using backend = await startBackendWithNeighbour((client) => client.write(OK))
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const neighbour = await backend.neighbour(gateway.port)
    for (const [name, { bytes, status, reason }] of Object.entries(REFUSED)) {
      await t.test(name, async () => {
        gateway.outcomes.length = 0
        const client = await RawClient.connect(gateway.port)
        client.write(bytes)
        const text = await client.rest()
        assert.match(text, new RegExp(`^HTTP/1.1 ${typeof status === 'number' ? status : words(status)} `))
        assert.match(text, /\r\nConnection: close\r\n/)
        assert.equal(text.split('HTTP/1.1 ').length, 2)
        const [problem] = gateway.outcomes
        assert.equal(problem?.kind, 'problem')
        if (reason !== undefined)
          assert.equal(problem?.refusal?.reason, typeof reason === 'string' ? reason : words(reason))
        client.socket.destroy()
      })
    }
    assert.equal(backend.accepted, 1)
    await neighbour.finishes()
  })

  test('a request behind a malformed one on the same connection is not served', async () => {
    await using backend = await startScriptedServer(OK)
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(`GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n${GET}`)
    const text = await client.rest()
    assert.equal(text.split('HTTP/1.1 ').length, 2)
    assert.equal(backend.accepted, 0)
  })

  // What breaks the grammar itself never gets a method from node's parser.
  const malformedHeads: Readonly<Record<EngineName, readonly string[][]>> = {
    claimgate: [
      ['HEAD http://b/ HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['HEAD / HTTP/1.1\r\nHost : a\r\n\r\n'],
      ['\r\nHEAD / HTTP/1.1\r\nX\r\n\r\n'],
      ['HE', 'AD / HTTP/1.1\r\nX\r\n\r\n'],
      ['HEAD / HTTP/1.1\r\n', 'X\r\n\r\n'],
      [`HEAD /${'a'.repeat(20_000)} HTTP/1.1\r\n`],
    ],
    node: [['HEAD http://b/ HTTP/1.1\r\nHost: a\r\n\r\n']],
  }

  test('an answer to a malformed HEAD has no body, however it comes', async () => {
    await using gateway = await startForwardingGateway({})
    for (const pieces of words(malformedHeads)) {
      const client = await RawClient.connect(gateway.port)
      for (const piece of pieces) {
        client.write(piece)
        await sleep(20)
      }
      const text = await client.rest()
      assert.match(text, /^HTTP\/1.1 4\d\d [^]*\r\nContent-Length: [1-9]/)
      assert.ok(text.endsWith('\r\n\r\n'), text)
      client.socket.destroy()
    }
  })

  test('garbage behind a good request is answered after it, in order', async () => {
    await using backend = await startScriptedServer(OK)
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(`${GET}garbage\r\n\r\nmore garbage`)
    const text = await client.rest()
    assert.match(text, /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nokHTTP\/1.1 400 /)
    assert.equal(text.split('HTTP/1.1 ').length, 3)
  })

  test('HTTP/1.0 without a Host is served, and its connection ends', async () => {
    const heads: string[] = []
    await using backend = await startScriptedServer((head) => {
      heads.push(head)
      return OK
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write('GET / HTTP/1.0\r\n\r\n')
    assert.match(await client.rest(), /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nok$/)
    assert.match(heads[0]!, new RegExp(`host: 127.0.0.1:${backend.port}\r\n`, 'i'))
  })

  test('a body of unknown length reaches an HTTP/1.0 client as it is, and breaks visibly where the backend breaks', async () => {
    let requests = 0
    await using backend = await startScriptedServer((_head, client) => {
      if (requests++ > 0) setTimeout(() => client.socket.destroy(), 50)
      const begun = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n'
      return requests > 1 ? begun : `${begun}0\r\n\r\n`
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const whole = await RawClient.connect(gateway.port)
    whole.write('GET / HTTP/1.0\r\n\r\n')
    const text = await whole.rest()
    assert.match(text, /\r\n\r\nwhole$/)
    assert.doesNotMatch(text, /chunked/i)
    const broken = await RawClient.connect(gateway.port)
    let reset = false
    broken.socket.on('error', () => (reset = true))
    broken.write('GET / HTTP/1.0\r\n\r\n')
    await broken.rest()
    // An orderly end of the connection would look like the end of the body.
    await until(() => reset)
  })

  test('a head that does not come to its end is a 408', async () => {
    await using backend = await startScriptedServer(OK)
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url] },
      timeouts: { headMs: 200 },
    })
    const client = await RawClient.connect(gateway.port)
    client.write('GET / HTTP/1.1\r\nHost: a\r\nX: ')
    const drip = setInterval(() => client.write('x'), 20)
    const text = await client.rest()
    clearInterval(drip)
    assert.match(text, /^HTTP\/1.1 408 /)
    assert.match(text, /GW_REQUEST_TIMEOUT head-timeout$/)
  })

  test('a connection that never says anything is closed without a word', async () => {
    await using gateway = await startForwardingGateway({ timeouts: { headMs: 100 } })
    const client = await RawClient.connect(gateway.port)
    assert.equal(await client.rest(), '')
  })

  test('a body that stops coming is a 408, and the request to the backend is given up', async () => {
    let backendSaw: Promise<string> | undefined
    await using backend = await startBackendWithNeighbour((client) => {
      backendSaw = client.rest()
    })
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url] },
      timeouts: { bodyIdleMs: 200 },
    })
    const client = await RawClient.connect(gateway.port)
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf')
    const text = await client.rest()
    assert.match(text, /^HTTP\/1.1 408 [^]*GW_REQUEST_TIMEOUT body-idle$/)
    assert.match(text, /\r\nConnection: close\r\n/)
    assert.equal(await backendSaw, 'half')
  })

  test('a backend that thinks for longer than the idle times of clients is waited for', async () => {
    await using backend = await startScriptedServer((_head, client) => {
      setTimeout(() => client.write(OK), 500)
      return undefined
    })
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url] },
      timeouts: { bodyIdleMs: 100, keepAliveIdleMs: 100, headMs: 100 },
    })
    const client = await RawClient.connect(gateway.port)
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi')
    await client.until('\r\n\r\nok')
    client.socket.destroy()
  })

  test('a client that does not take its response is let go, and the backend with it', async () => {
    let backendClosed = false
    await using backend = await startRawServer(async (client) => {
      client.socket.once('close', () => (backendClosed = true))
      await client.until('\r\n\r\n')
      client.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
      const pump = (): void => {
        while (client.socket.writable && client.socket.write(chunk)) {}
      }
      client.socket.on('drain', pump)
      pump()
    })
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url] },
      timeouts: { bodyIdleMs: 300 },
    })
    const client = await RawClient.connect(gateway.port)
    client.socket.pause()
    client.write(GET)
    const { refusal } = await gateway.outcome('broken')
    assert.equal(refusal?.reason, 'client-gone')
    await until(() => backendClosed)
    client.socket.destroy()
  })

  test('an idle connection is kept for the next request, and closed after its time', async () => {
    await using backend = await startScriptedServer(OK)
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url] },
      timeouts: { keepAliveIdleMs: 300 },
    })
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    await client.until('\r\n\r\nok')
    await sleep(100)
    client.write(GET)
    await client.until('\r\n\r\nok')
    assert.equal(await client.rest(), '')
    await until(() => gateway.listener.connections === 0)
  })

  test('pipelined requests are served one after the other, and answered in order', async () => {
    let underWay = 0
    let most = 0
    await using backend = await startScriptedServer((head, client) => {
      underWay++
      most = Math.max(most, underWay)
      const path = /^GET (\S+)/.exec(head)![1]!
      // The first answers are the slowest.
      setTimeout(
        () => {
          underWay--
          client.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`)
        },
        20 - Number(path.slice(1)),
      )
      return undefined
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    const paths = Array.from({ length: 20 }, (_, i) => `/${i}`)
    client.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
    for (const path of paths) {
      await client.until('\r\n\r\n')
      assert.equal(await client.take(path.length), path)
    }
    assert.equal(most, 1)
    client.socket.destroy()
  })

  test('a long pipeline is read as far as it is served', async () => {
    await using backend = await startScriptedServer(OK)
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(GET.repeat(2000))
    for (let i = 0; i < 2000; i++) await client.until('\r\n\r\nok')
    assert.equal(gateway.listener.exchanges, 0)
    client.write(GET)
    await client.until('\r\n\r\nok')
    client.socket.destroy()
  })

  test('requests behind one that closes the connection have no effect', async () => {
    const heads: string[] = []
    await using backend = await startScriptedServer((head) => {
      heads.push(head)
      return OK
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(
      `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nDELETE /x HTTP/1.1\r\nHost: a\r\n\r\n`,
    )
    assert.match(await client.rest(), /\r\nConnection: close\r\n[^]*\r\nok$/)
    await sleep(50)
    assert.equal(heads.length, 1)
  })

  test('a connection ends after the most requests that one may have', async () => {
    await using backend = await startScriptedServer(OK)
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url] },
      limits: { maxRequestsPerConnection: 3 },
    })
    const client = await RawClient.connect(gateway.port)
    client.write(GET.repeat(5))
    const text = await client.rest()
    assert.equal(text.split('HTTP/1.1 200').length - 1, 3)
    assert.equal(text.split('Connection: close').length - 1, 1)
  })

  test('more connections than allowed are closed at once, and room is made again', async () => {
    await using backend = await startScriptedServer(OK)
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url] },
      limits: { connections: createConnectionBudget(2) },
    })
    const [first, second] = [await RawClient.connect(gateway.port), await RawClient.connect(gateway.port)]
    for (const client of [first, second]) {
      client.write(GET)
      await client.until('\r\n\r\nok')
    }
    const third = await RawClient.connect(gateway.port)
    third.write(GET)
    assert.equal(await third.rest(), '')
    first.socket.destroy()
    await until(() => gateway.listener.connections === 1)
    const fourth = await RawClient.connect(gateway.port)
    fourth.write(GET)
    await fourth.until('\r\n\r\nok')
    for (const client of [second, fourth]) client.socket.destroy()
  })

  test('a client that goes away in the middle of its body ends the request to the backend', async () => {
    let seen: Promise<string> | undefined
    await using backend = await startBackendWithNeighbour((client) => {
      seen = client.rest()
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const neighbour = await backend.neighbour(gateway.port)
    const client = await RawClient.connect(gateway.port)
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf')
    await until(() => seen !== undefined)
    client.socket.destroy()
    assert.equal(await seen, 'half')
    const { refusal } = await gateway.outcome('broken')
    assert.equal(refusal?.reason, 'client-gone')
    await neighbour.finishes()
  })

  for (const how of ['closes', 'resets', 'half-closes'] as const) {
    test(`a client that ${how} its connection before the answer has the request to the backend given up`, async () => {
      let seen: Promise<string> | undefined
      await using backend = await startBackendWithNeighbour((client) => {
        seen = client.rest()
      })
      await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
      const neighbour = await backend.neighbour(gateway.port)
      const client = await RawClient.connect(gateway.port)
      client.write(GET)
      await until(() => seen !== undefined)
      if (how === 'closes') client.socket.destroy()
      else if (how === 'resets') client.socket.resetAndDestroy()
      else client.socket.end()
      await seen
      assert.equal((await gateway.outcome('broken')).refusal?.reason, 'client-gone')
      assert.equal(await client.rest(), '')
      await until(() => gateway.listener.exchanges === 1)
      await neighbour.finishes()
    })
  }

  test('a request whose client went away while it was decided never reaches the backend', async () => {
    await using backend = await startScriptedServer(OK)
    await using helper = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const ends: (string | undefined)[] = []
    let decide: (() => void) | undefined
    await using gateway = await startForwardingGateway({
      intercept: (exchange) => {
        decide = () => {
          const request = new UpstreamRequest({
            method: 'GET',
            target: '/',
            host: 'a',
            fields: [],
            body: undefined,
          })
          const unexpected = (): void => assert.fail('there was nobody to answer')
          helper.upstream.send(request, exchange, {
            answered: unexpected,
            done: unexpected,
            failed: unexpected,
            broken: ({ reason }) => ends.push(reason),
          })
        }
        return true
      },
    })
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    await until(() => gateway.listener.exchanges === 1)
    client.socket.destroy()
    await until(() => gateway.listener.exchanges === 0)
    decide?.()
    assert.deepEqual(ends, ['client-gone'])
    assert.equal(backend.accepted, 0)
  })

  test('a client that goes away in the middle of its answer ends the request to the backend', async () => {
    let seen: Promise<string> | undefined
    await using backend = await startBackendWithNeighbour((client) => {
      client.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
      seen = client.rest()
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const neighbour = await backend.neighbour(gateway.port)
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    await client.until('half')
    client.socket.destroy()
    await seen
    assert.equal((await gateway.outcome('broken')).refusal?.reason, 'client-gone')
    await neighbour.finishes()
  })

  test('a client that goes away while it waits for a connection to the backend makes room', async () => {
    const held: RawClient[] = []
    await using backend = await startScriptedServer((_head, client) => {
      held.push(client)
      return undefined
    })
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url], maxConnections: 1 },
    })
    const clients = await Promise.all([0, 1, 2].map(() => RawClient.connect(gateway.port)))
    clients[0]!.write(GET)
    await until(() => held.length === 1)
    clients[1]!.write(GET)
    await until(() => gateway.listener.exchanges === 2)
    clients[2]!.write(GET)
    await until(() => gateway.listener.exchanges === 3)
    clients[1]!.socket.destroy()
    await gateway.outcome('broken')
    held[0]!.write(OK)
    await until(() => held.length === 2)
    held[1]!.write(OK)
    await clients[2]!.until('\r\n\r\nok')
    for (const client of clients) client.socket.destroy()
  })

  test('broken chunks in a body end in a 400, and the request to the backend is given up', async () => {
    let seen: Promise<string> | undefined
    await using backend = await startBackendWithNeighbour((client) => {
      seen = client.rest()
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n')
    await until(() => seen !== undefined)
    client.write('zz\r\nbad\r\n')
    const text = await client.rest()
    assert.match(text, /^HTTP\/1.1 400 [^]*GW_REQUEST_MALFORMED (?:invalid-chunk-size|chunk-size)$/)
    assert.ok(!(await seen)?.includes('0\r\n\r\n'), 'the backend was told that the body is whole')
  })

  test('100 Continue is sent when somebody reads the body, and not before', async () => {
    await using backend = await startScriptedServer(
      async (_head, client) => `HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n${await client.take(4)}`,
    )
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
    assert.equal(await client.until('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
    client.write('body')
    assert.match(await client.until('\r\n\r\n'), /^HTTP\/1.1 200 /)
    assert.equal(await client.take(4), 'body')
    // The connection lives on.
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nmore')
    await client.until('more')
    client.socket.destroy()
  })

  test('a request that is refused is never asked for its body, and its connection is closed', async () => {
    await using gateway = await startForwardingGateway({
      intercept: (exchange) => {
        exchange.body.discard()
        exchange.response.head(403, NO_FIELD_LIST, 2)
        exchange.response.write(Buffer.from('no'))
        exchange.response.end()
        return true
      },
    })
    const client = await RawClient.connect(gateway.port)
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
    const text = await client.rest()
    assert.match(text, /^HTTP\/1.1 403 Forbidden\r\n[^]*Connection: close\r\n[^]*\r\nno$/)
  })

  /** Answers at once without looking at the body, as a refusal does. */
  function refusing(): Promise<ForwardingGateway> {
    return startForwardingGateway({
      intercept: (exchange) => {
        exchange.response.head(403, NO_FIELD_LIST, 2)
        exchange.response.write(Buffer.from('no'))
        exchange.response.end()
        return true
      },
    })
  }

  test('where little of an unwanted body remains the connection serves on', async () => {
    await using gateway = await refusing()
    const client = await RawClient.connect(gateway.port)
    for (let i = 0; i < 3; i++) {
      client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n')
      assert.doesNotMatch(await client.until('\r\n\r\nno'), /Connection: close/)
      client.write('x'.repeat(10_000))
    }
    client.socket.destroy()
  })

  test('an unwanted body that is long or has no length costs the connection, and the client still gets its answer', async () => {
    await using gateway = await refusing()
    for (const framing of ['Content-Length: 100000000', 'Transfer-Encoding: chunked']) {
      const client = await RawClient.connect(gateway.port)
      client.write(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`)
      client.write(framing.startsWith('C') ? 'x'.repeat(30_000) : `7530\r\n${'x'.repeat(30_000)}\r\n`)
      const text = await client.rest()
      assert.match(text, /^HTTP\/1.1 403 [^]*Connection: close\r\n[^]*\r\nno$/)
      await until(() => client.socket.destroyed || gateway.listener.exchanges === 0)
      client.socket.destroy()
    }
    await until(() => gateway.listener.connections === 0)
  })

  test('who sends on and on after being refused is cut off', async () => {
    await using gateway = await refusing()
    const client = await RawClient.connect(gateway.port)
    client.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    let sent = 0
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
    const pump = (): void => {
      while (client.socket.writable && sent < 50_000_000 && client.socket.write(chunk)) sent += chunk.length
      if (client.socket.writable && sent < 50_000_000) setImmediate(pump)
    }
    pump()
    await until(() => client.socket.closed)
    assert.ok(sent < 50_000_000)
    assert.equal(gateway.listener.connections, 0)
  })

  test('a rest of a body that comes too slowly is not waited for', async () => {
    await using gateway = await refusing()
    const client = await RawClient.connect(gateway.port)
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n')
    await client.until('\r\n\r\nno')
    assert.equal(await client.rest(), '')
    await until(() => gateway.listener.connections === 0)
  })

  test('who asks on and on without reading the answers is not read on, and fills no memory', async () => {
    const gateway = await refusing()
    const client = await RawClient.connect(gateway.port)
    client.socket.pause()
    let sent = 0
    const requests = GET.repeat(1000)
    const pump = (): void => {
      while (client.socket.writable && client.socket.write(requests)) sent += requests.length
      sent += requests.length
    }
    client.socket.on('drain', pump)
    pump()
    const taken = await settled(() => sent)
    assert.ok(taken < 24 * 1024 * 1024, `${taken} bytes of requests were taken`)
    client.socket.resume()
    await until(() => sent > 2 * taken)
    client.socket.destroy()
    await until(() => gateway.listener.connections === 0)
    await gateway[Symbol.asyncDispose]()
  })

  test('a client that takes one large piece slowly is not taken for one that takes nothing', async () => {
    const piece = Buffer.alloc(24 * 1024 * 1024, 'x')
    await using gateway = await startForwardingGateway({
      timeouts: { bodyIdleMs: 300, keepAliveIdleMs: 300 },
      intercept: ({ response }) => {
        response.head(200, NO_FIELD_LIST, piece.length)
        response.write(piece)
        response.end()
        return true
      },
    })
    const client = await RawClient.connect(gateway.port)
    let bytes = 0
    client.socket.on('data', (part: Buffer) => {
      bytes += part.length
      client.socket.pause()
      setTimeout(() => client.socket.resume(), 2)
    })
    client.write(GET)
    const begunMs = Date.now()
    while (bytes < piece.length && !client.socket.destroyed && Date.now() < begunMs + 10_000) await sleep(20)
    assert.ok(bytes > piece.length, `${bytes} of ${piece.length} bytes`)
    assert.ok(Date.now() - begunMs > 350, 'the client was too fast to tell')
    client.socket.destroy()
  })

  test('HTTP/1.0 that would keep its connection loses it to a body that ends with it', async () => {
    await using backend = await startScriptedServer(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\n\r\n',
    )
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url] },
      timeouts: { keepAliveIdleMs: 60_000 },
    })
    const client = await RawClient.connect(gateway.port)
    client.write('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    assert.match(await client.rest(), /\r\nConnection: close\r\n(?:[^]*\r\n)?\r\nwhole$/)
  })

  test('a connection whose answer began before draining ends with it', async () => {
    let atBackend: RawClient | undefined
    await using backend = await startScriptedServer((_head, client) => {
      atBackend = client
      return 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha'
    })
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url] },
      timeouts: { keepAliveIdleMs: 60_000 },
    })
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    await client.until('\r\n\r\nha')
    const closed = gateway.listener.close()
    atBackend!.write('lf')
    assert.equal(await client.rest(), 'lf')
    client.socket.destroy()
    await closed
  })

  test('while draining, requests under way finish, connections end with them, and nobody new is let in', async () => {
    const held: RawClient[] = []
    await using backend = await startScriptedServer((_head, client) => {
      held.push(client)
      return undefined
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const [busy, idle, fresh] = await Promise.all([0, 1, 2].map(() => RawClient.connect(gateway.port)))
    idle!.write(GET)
    await until(() => held.length === 1)
    held[0]!.write(OK)
    await idle!.until('\r\n\r\nok')
    busy!.write(GET)
    await until(() => held.length === 2)
    assert.equal(gateway.listener.exchanges, 1)
    assert.equal(gateway.listener.connections, 3)
    const closed = gateway.listener.close()
    assert.equal(await idle!.rest(), '')
    assert.equal(await fresh!.rest(), '')
    await assert.rejects(RawClient.connect(gateway.port), { code: 'ECONNREFUSED' })
    held[1]!.write(OK)
    assert.match(await busy!.rest(), /\r\nConnection: close\r\n[^]*\r\nok$/)
    for (const client of [busy, idle, fresh]) client!.socket.destroy()
    await closed
    assert.equal(gateway.listener.connections, 0)
  })

  // node:http closes them at once.
  if (engineName === 'claimgate')
    test('while draining, a kept-alive client that sends the next request at that moment is served, and told that it was the last', async () => {
      await using backend = await startScriptedServer(OK)
      await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
      const [used, fresh] = await Promise.all([0, 1].map(() => RawClient.connect(gateway.port)))
      used!.write(GET)
      await used!.until('\r\n\r\nok')
      await until(() => gateway.listener.connections === 2)
      const closed = gateway.listener.close()
      for (const client of [used, fresh]) {
        client!.write(GET)
        assert.match(await client!.rest(), /^HTTP\/1.1 200 [^]*\r\nConnection: close\r\n[^]*\r\nok$/)
        client!.socket.destroy()
      }
      await closed
    })

  test('where nobody words an answer to what is malformed, the connection ends and nothing behind it is served', async () => {
    let served = 0
    const listener = engine.createListener(
      {
        host: '127.0.0.1',
        port: 0,
        tls: undefined,
        limits: {
          maxHeadBytes: 1000,
          maxHeaders: 10,
          maxRequestsPerConnection: undefined,
          connections: createConnectionBudget(1),
        },
        timeouts: { headMs: 1000, bodyIdleMs: 1000, keepAliveIdleMs: 1000 },
      },
      () => served++,
      () => undefined,
    )
    const { port } = await listener.listen()
    const client = await RawClient.connect(port)
    client.write(`GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n${GET}`)
    assert.equal(await client.rest(), '')
    assert.equal(served, 0)
    client.socket.destroy()
    await listener.close()
  })

  test('an address that is in use is a fault that says what to do', async () => {
    await using taken = await startScriptedServer('')
    const settings = {
      host: '127.0.0.1',
      port: taken.port,
      tls: undefined,
      limits: {
        maxHeadBytes: 1000,
        maxHeaders: 10,
        maxRequestsPerConnection: undefined,
        connections: createConnectionBudget(1),
      },
      timeouts: { headMs: 100, bodyIdleMs: 100, keepAliveIdleMs: 100 },
    }
    const listener = engine.createListener(
      settings,
      () => {},
      () => undefined,
    )
    await assert.rejects(listener.listen(), {
      name: 'Fault',
      message: `cannot listen on \`127.0.0.1:${taken.port}\`: EADDRINUSE`,
      hint: 'another process listens there; stop it or choose another port',
    })
  })
})
