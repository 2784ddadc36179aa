import assert from 'node:assert/strict'
import dns, { type LookupAddress } from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { describe, it, type TestContext } from 'node:test'
import { gzipped, HTML, json, TEN_MEGABYTES, tenMegabytes } from '../../test/support/key-answer.ts'
import { failureOf, getRequest, textOf } from '../../test/support/key-get.ts'
import { startKeyServer } from '../../test/support/key-server.ts'
import { startRaw } from '../../test/support/raw-server.ts'
import { until } from '../../test/support/wait.ts'
import { AddressSet } from '../policy/index.ts'
import { get, type GetRequest } from './http-get.ts'

describe('a GET of keys', { timeout: 60_000 }, () => {
  it('says what it takes and who it is, and nothing of anybody', async () => {
    await using server = await startKeyServer()
    server.serve('/keys?tenant=1', json({ keys: [] }))
    assert.equal(await textOf(`${server.url}/keys?tenant=1`), '{"keys":[]}')
    assert.deepEqual(server.requests[0]?.headers, {
      host: `127.0.0.1:${server.port}`,
      accept: 'application/jwk-set+json, application/json, application/x-pem-file;q=0.9, */*;q=0.1',
      'accept-encoding': 'identity',
      'user-agent': 'claimgate',
      connection: 'close',
    })
  })

  it('has a connection of its own, and leaves none', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json({ keys: [] }, { Connection: 'keep-alive' }))
    await textOf(`${server.url}/keys`)
    await textOf(`${server.url}/keys`)
    assert.equal(server.connections, 2)
  })

  it('reads nothing but the head of an answer that is not 200', async (t) => {
    const large = 'a'.repeat(100_000)
    const raw = await startRaw(t, `HTTP/1.1 503 Busy\r\nContent-Length: 100000\r\n\r\n${large}`)
    const answer = await get(getRequest(raw.url))
    assert.ok(answer.ok)
    assert.deepEqual([answer.value.status, answer.value.body.length], [503, 0])
    await until(() => raw.sockets.size === 0)
  })

  it('keeps a page of HTML, which is for others to judge', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', HTML)
    assert.equal(await textOf(`${server.url}/keys`), HTML.body)
  })

  it('takes what stands before an answer: 100, 103', async (t) => {
    const { url } = await startRaw(
      t,
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}',
    )
    assert.equal(await textOf(url), '{}')
  })

  it('takes one answer, whatever comes behind it', async (t) => {
    const one = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'
    const { url } = await startRaw(t, `${one}{}${one}[]`)
    assert.equal(await textOf(url), '{}')
  })
})

describe('an answer that is too much', { timeout: 60_000 }, () => {
  it('is refused by its length before it is read', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', { contentLength: 1001, body: '', hangs: 'in the body' })
    const { message, hint } = await failureOf(`${server.url}/keys`)
    assert.equal(message, `the answer of \`127.0.0.1:${server.port}\` is larger than 1000 bytes`)
    assert.match(hint ?? '', /maxSize/)
  })

  it('is broken off where it says no length', async (t) => {
    const chunk = `400\r\n${'a'.repeat(1024)}\r\n`
    const raw = await startRaw(t, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', (socket) => {
      const more = setInterval(() => socket.write(chunk), 1)
      socket.once('close', () => clearInterval(more))
    })
    assert.match((await failureOf(raw.url)).message, /larger than 1000 bytes/)
    await until(() => raw.sockets.size === 0)
  })

  it('is not kept by the ten megabytes', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', { ...tenMegabytes({ keys: [] }), contentLength: 'none' })
    assert.match((await failureOf(`${server.url}/keys`, { maxBytes: 65_536 })).message, /65536 bytes/)
    assert.equal(
      (await textOf(`${server.url}/keys`, { maxBytes: 2 * TEN_MEGABYTES })).length > TEN_MEGABYTES,
      true,
    )
  })

  it('may be as large as the limit, to the byte', async () => {
    await using server = await startKeyServer()
    for (const contentLength of [1000, 'none'] as const) {
      server.serve('/keys', { body: 'a'.repeat(1000), contentLength })
      assert.equal((await textOf(`${server.url}/keys`)).length, 1000)
      server.serve('/keys', { body: 'a'.repeat(1001), contentLength: contentLength === 1000 ? 1001 : 'none' })
      assert.match((await failureOf(`${server.url}/keys`)).message, /larger/)
    }
  })

  it('has no more header fields than 16 KiB', async (t) => {
    const { url } = await startRaw(t, `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(20_000)}\r\n\r\n{}`)
    assert.match((await failureOf(url)).message, /its header fields are too large/)
  })

  it('is not unpacked', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', gzipped(json({ keys: [] })))
    assert.match((await failureOf(`${server.url}/keys`)).message, /compressed, though that was not accepted/)
  })
})

describe('a server that does not answer well', { timeout: 60_000 }, () => {
  const soon = (): Partial<GetRequest> => ({ signal: AbortSignal.timeout(150) })

  it('is waited for as long as the signal says: before the head, in it, and in the body', async (t) => {
    await using server = await startKeyServer()
    const late = { message: `\`127.0.0.1:${server.port}\` did not answer in time` }
    for (const hangs of ['before the head', 'in the body'] as const) {
      server.serve('/keys', { body: '{"keys":[]}', hangs })
      assert.deepEqual(await failureOf(`${server.url}/keys`, soon()), late)
    }
    server.serve('/keys', { body: '{"keys":[]}', dripMs: 5 })
    assert.deepEqual(await failureOf(`${server.url}/keys`, soon()), late)
    const half = await startRaw(t, 'HTTP/1.1 200 OK\r\nContent-Le')
    assert.match((await failureOf(half.url, soon())).message, /did not answer in time/)
    const hundreds = await startRaw(t, 'HTTP/1.1 100 Continue\r\n\r\n', (socket) => {
      const more = setInterval(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'), 1)
      socket.once('close', () => clearInterval(more))
    })
    assert.match((await failureOf(hundreds.url, soon())).message, /did not answer in time/)
    await until(() => half.sockets.size === 0 && hundreds.sockets.size === 0)
  })

  it('is not asked at all after the time', async () => {
    await using server = await startKeyServer()
    assert.match(
      (await failureOf(`${server.url}/keys`, { signal: AbortSignal.abort() })).message,
      /did not answer in time/,
    )
    assert.equal(server.fetches(), 0)
  })

  it('ends the fetch where it changes the protocol, too', async (t) => {
    const raw = await startRaw(
      t,
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nwhatever',
    )
    assert.match((await failureOf(raw.url)).message, /the connection was closed before the answer/)
    await until(() => raw.sockets.size === 0)
  })

  it('breaks its answer off: less than it said, a chunk without an end', async (t) => {
    await using server = await startKeyServer()
    server.serve('/keys', { body: '{"keys":[]}', contentLength: 500 })
    assert.deepEqual(await failureOf(`${server.url}/keys`), {
      message: `\`127.0.0.1:${server.port}\` broke its answer off`,
    })
    const chunk = await startRaw(
      t,
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"key',
      (socket) => socket.end(),
    )
    assert.match((await failureOf(chunk.url)).message, /broke its answer off/)
  })

  const broken: Readonly<Record<string, [bytes: string | Buffer, message: RegExp]>> = {
    'no HTTP': ['hello\r\n\r\n', /what comes is not HTTP/],
    'a TLS alert': [Buffer.from([0x15, 3, 1, 0, 2, 2, 40]), /what comes is not HTTP/],
    'two lengths': ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}', /not HTTP/],
    'a length and chunks': [
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /not HTTP/,
    ],
    'a chunk of no size': ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', /not HTTP|broke/],
  }
  for (const [name, [bytes, message]] of Object.entries(broken)) {
    it(`speaks otherwise: ${name}`, async (t) => {
      const { url } = await startRaw(t, bytes)
      assert.match((await failureOf(url)).message, message)
    })
  }

  it('is said to be unreachable where another address may do better', async (t) => {
    await using server = await startKeyServer({ stopped: true })
    assert.deepEqual(await failureOf(`${server.url}/keys`), {
      message: `\`127.0.0.1:${server.port}\`: nobody listens there`,
      unreachable: true,
    })
    const closing = await startRaw(t, '', (socket) => socket.destroy())
    assert.equal((await failureOf(closing.url)).unreachable, true)
  })
})

describe('an address that may not be asked', { timeout: 60_000 }, () => {
  it('is a literal that was not configured, in any spelling', async () => {
    await using server = await startKeyServer()
    for (const host of [
      '127.0.0.1',
      '0x7f000001',
      '2130706433',
      '0177.0.0.1',
      '127.1',
      '[::ffff:127.0.0.1]',
    ]) {
      const failure = await failureOf(`http://${host}:${server.port}/keys`, { isConfigured: false })
      assert.match(failure.message, /is a loopback address, which is not connected to/, host)
      assert.match(failure.hint ?? '', /^add `allowAddresses: \[/)
    }
    assert.equal(server.connections, 0)
  })

  it('is connected to where it stands in the configuration, or in an allowed block', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json({}))
    assert.equal(await textOf(`${server.url}/keys`), '{}')
    const allowed = new AddressSet(['127.0.0.0/8'])
    assert.equal(await textOf(`${server.url}/keys`, { isConfigured: false, allowed }), '{}')
    const endpoint = { address: '127.0.0.1', port: server.port }
    assert.equal(await textOf('http://keys.example:1/keys', { endpoint }), '{}')
    assert.equal(server.requests.at(-1)?.host, 'keys.example:1')
  })

  it('is `localhost`, unless that was configured', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json({}))
    const url = `http://localhost:${server.port}/keys`
    assert.equal(await textOf(url), '{}')
    assert.match((await failureOf(url, { isConfigured: false })).message, /`localhost` is at .*, a loopback/)
  })

  it('is what a configured name leads to, and the address that was judged is the one that is used', async (t) => {
    await using server = await startKeyServer()
    server.serve('/keys', json({}))
    const url = `http://keys.example:${server.port}/keys`
    // A name of a stranger that is public when it is looked at and private when it is used.
    const lookups = resolveTo(t, ['169.254.169.254', '10.0.0.7', '127.0.0.1'])
    assert.deepEqual(await failureOf(url), {
      message: '`keys.example` is at 169.254.169.254, a link-local address, which is not connected to',
      hint: 'link-local addresses and those of metadata services are refused: no key server is there, and clouds give credentials away there',
    })
    assert.equal(server.connections, 0)
    // Of several, those that are allowed.
    assert.equal(await textOf(url, { allowed: new AddressSet(['127.0.0.1']) }), '{}')
    assert.deepEqual(lookups, ['keys.example', 'keys.example'])
    assert.equal(server.connections, 1)
  })

  it('is waited for no longer than a server, where names are not resolved at all', async (t) => {
    resolveTo(t, 'never')
    const signal = AbortSignal.timeout(100)
    assert.deepEqual(await failureOf('http://keys.example/keys', { signal }), {
      message: '`keys.example` did not answer in time',
    })
  })

  it('is no name that does not resolve', async (t) => {
    resolveTo(t, undefined)
    assert.match(
      (await failureOf('http://keys.example/keys')).message,
      /^`keys\.example`: there is no such name$/,
    )
  })
})

/** What every name resolves to in this test: the resolver is the system's, and no part of the gateway. */
function resolveTo(t: TestContext, addresses: readonly string[] | 'never' | undefined): readonly string[] {
  const lookups: string[] = []
  t.mock.method(dns, 'lookup', (host: string, _: unknown, done: (...args: readonly unknown[]) => void) => {
    lookups.push(host)
    if (addresses === 'never') return
    const found = addresses?.map((address): LookupAddress => ({ address, family: 4 }))
    setImmediate(() =>
      done(found === undefined ? Object.assign(new Error(), { code: 'ENOTFOUND' }) : null, found),
    )
  })
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
  return lookups
}
