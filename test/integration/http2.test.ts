import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import {
  connect,
  constants,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { readCertificates } from '../../src/inbound/node/certificates.ts'
import { ENGINES } from '../../src/gateway/engine.ts'
import { startForwardingGateway, type GatewayOptions } from '../support/forwarding-gateway.ts'
import { startGuardedGateway } from '../support/guarded-gateway.ts'
import { FRAME, frame, FrameClient, PREFACE } from '../support/http2-frames.ts'
import { makeCertificate, whyNoOpenssl } from '../support/openssl.ts'
import { headerOf } from '../support/recording-backend.ts'
import { RawClient, startRawServer, startScriptedServer } from '../support/raw-http.ts'
import { until } from '../support/wait.ts'

const start = (options: GatewayOptions): ReturnType<typeof startForwardingGateway> =>
  startForwardingGateway(ENGINES.claimgate, options)

interface Http2Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly trailers: IncomingHttpHeaders | undefined
  /** The code of the reset; 0 for an orderly end. */
  readonly code: number
}

function request(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
): Promise<Http2Answer> {
  return new Promise((resolve) => {
    const stream = session.request(headers, { endStream: body === undefined })
    let head: IncomingHttpHeaders = {}
    let trailers: IncomingHttpHeaders | undefined
    const pieces: Buffer[] = []
    stream.on('response', (received) => (head = received))
    stream.on('trailers', (received) => (trailers = received))
    stream.on('data', (piece: Buffer) => pieces.push(piece))
    stream.on('error', () => {})
    stream.on('close', () =>
      resolve({
        status: Number(head[':status'] ?? 0),
        headers: head,
        body: Buffer.concat(pieces).toString('latin1'),
        trailers,
        code: stream.rstCode ?? 0,
      }),
    )
    if (body !== undefined) stream.end(body)
  })
}

function open(url: string, options: object = {}): ClientHttp2Session & AsyncDisposable {
  const session = connect(url, options)
  session.on('error', () => {})
  return Object.assign(session, {
    [Symbol.asyncDispose]: async () => {
      session.destroy()
    },
  })
}

/** A backend of HTTP/1.1 that tells what it was asked, and echoes bodies. */
async function startEcho(): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer((incoming, response) => {
    response.setHeader('X-Asked', `${incoming.method} ${incoming.url} ${incoming.headers.host}`)
    response.setHeader('X-Cookie', incoming.headers.cookie ?? '')
    incoming.pipe(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

test('with prior knowledge, requests are decided and forwarded as those of HTTP/1.1 are', async () => {
  await using guarded = await startGuardedGateway({
    main: 'forward: [{ claim: sub, header: X-User }]',
  })
  await using session = open(guarded.gateway.url)
  const token = await guarded.issuer.token({ sub: 'joe' })
  const good = await request(session, {
    ':path': '/a?b=c',
    authorization: `Bearer ${token}`,
    'x-user': 'root',
  })
  assert.equal(good.status, 200)
  const refused = await request(session, { ':path': '/a' })
  assert.equal(refused.status, 401)
  assert.match(String(refused.headers['www-authenticate']), /^Bearer realm=/)
  assert.equal((JSON.parse(refused.body) as { code: string }).code, 'GW_TOKEN_MISSING')
  const forged = await request(session, { ':path': '/', authorization: `Bearer ${token.slice(0, -4)}AAAA` })
  assert.equal(forged.status, 401)
  assert.deepEqual(
    guarded.gateway.entries.map(({ protocol, status }) => [protocol, status]),
    [
      ['HTTP/2.0', 200],
      ['HTTP/2.0', 401],
      ['HTTP/2.0', 401],
    ],
  )
  const [met] = guarded.backend.requests
  assert.ok(met !== undefined)
  assert.equal(met.url, '/a?b=c')
  assert.deepEqual(headerOf(met, 'x-user'), ['joe'])
  assert.deepEqual(headerOf(met, 'authorization'), [])
})

test('the preface is known however its bytes are cut, and nothing else is taken for it', async () => {
  await using backend = await startScriptedServer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  await using gateway = await start({ backend: { urls: [backend.url] } })
  for (const at of [1, 3, 10, 16, 17, 18, 20, 23]) {
    const socket = connectTcp({ port: gateway.port, host: '127.0.0.1', noDelay: true })
    socket.on('error', () => {})
    socket.write(PREFACE.subarray(0, at))
    await sleep(20)
    socket.write(Buffer.concat([PREFACE.subarray(at), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]))
    const [first] = (await once(socket, 'data')) as [Buffer]
    assert.equal(first[3], 4, `SETTINGS comes first where the preface is cut at ${at}`)
    socket.destroy()
  }
  for (const text of [
    'PRI * HTTP/2.0\r\nHost: a\r\n\r\n',
    'PRI / HTTP/2.0\r\n\r\n',
    'GET * HTTP/2.0\r\n\r\n',
  ]) {
    const client = await RawClient.connect(gateway.port)
    client.write(text)
    assert.match(await client.rest(), /^HTTP\/1\.1 (?:400|505) /, text)
    client.socket.destroy()
  }
  const later = await RawClient.connect(gateway.port)
  later.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await later.until('ok')
  later.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  assert.match(await later.rest(), /^HTTP\/1\.1 (?:400|505) /)
  later.socket.destroy()
})

test('bodies stream both ways, however large, with and without a length', async () => {
  await using echo = await startEcho()
  await using gateway = await start({ backend: { urls: [echo.url] } })
  await using session = open(`http://127.0.0.1:${gateway.port}`)
  const body = Buffer.alloc(3_000_000, 'abcdefgh')
  for (const headers of [{}, { 'content-length': body.length }]) {
    const answer = await request(session, { ':method': 'POST', ':path': '/x', ...headers }, body)
    assert.equal(answer.status, 200)
    assert.equal(answer.body.length, body.length)
    assert.equal(answer.headers['x-asked'], `POST /x 127.0.0.1:${gateway.port}`)
  }
})

test('a client that takes very much, and says for each piece that it did, is not told to calm down', async () => {
  const size = 64 * 1024 * 1024
  await using backend = await startRawServer(async (client) => {
    await client.until('\r\n\r\n')
    client.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
    const piece = Buffer.alloc(65_536)
    for (let sent = 0; sent < size; sent += piece.length) {
      if (!client.socket.write(piece)) await once(client.socket, 'drain')
    }
  })
  await using gateway = await start({ backend: { urls: [backend.url] } })
  const client = new FrameClient(gateway.port)
  client.request(1)
  let taken = 0
  for (let looked = 0; taken < size;) {
    const fresh = client.frames.slice(looked).filter(({ type }) => type === FRAME.data)
    looked = client.frames.length
    for (const { payload } of fresh) {
      taken += payload.length
      // In pieces far smaller than any client would: more frames than the bound for those that ask for nothing.
      const part = Math.ceil(payload.length / 8)
      for (let left = payload.length; left > 0; left -= part) {
        const increment = Buffer.alloc(4)
        increment.writeUInt32BE(Math.min(part, left))
        client.send(frame(FRAME.windowUpdate, 0, 0, increment), frame(FRAME.windowUpdate, 0, 1, increment))
      }
    }
    client.frames.splice(0, looked)
    looked = 0
    assert.ok(!client.closed, `closed after ${taken} bytes`)
    await sleep(1)
  }
  assert.equal(taken, size)
  client.socket.destroy()
})

test('a client that takes its answer slowly is served for as long as it takes some', async () => {
  const body = 'x'.repeat(300_000)
  await using backend = await startScriptedServer(
    `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  await using gateway = await start({
    backend: { urls: [backend.url], idleTimeoutMs: 60_000 },
    timeouts: { bodyIdleMs: 400 },
  })
  const client = new FrameClient(gateway.port)
  client.request(1)
  const increment = Buffer.alloc(4)
  increment.writeUInt32BE(20_000)
  for (let i = 0; i < 14; i++) {
    await sleep(120)
    assert.ok(!client.ended(1), `let go of after ${i} pieces`)
    client.send(frame(FRAME.windowUpdate, 0, 0, increment), frame(FRAME.windowUpdate, 0, 1, increment))
  }
  await until(
    () => client.of(FRAME.data, 1).reduce((sum, { payload }) => sum + payload.length, 0) === body.length,
  )
  client.socket.destroy()
})

test('crumbs of a cookie are one field again', async () => {
  await using echo = await startEcho()
  await using gateway = await start({ backend: { urls: [echo.url] } })
  await using session = open(`http://127.0.0.1:${gateway.port}`)
  const answer = await request(session, { ':path': '/', cookie: ['a=1', 'b=2'] })
  assert.equal(answer.headers['x-cookie'], 'a=1; b=2')
})

test('a hundred streams at once get each their own answer', async () => {
  await using backend = await startScriptedServer(async (head) => {
    const path = head.split(' ')[1] ?? ''
    await sleep(Math.trunc(Math.random() * 20))
    return `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`
  })
  await using gateway = await start({ backend: { urls: [backend.url] } })
  await using session = open(`http://127.0.0.1:${gateway.port}`)
  const answers = await Promise.all(
    Array.from({ length: 300 }, (_, index) => request(session, { ':path': `/${index}` })),
  )
  assert.deepEqual(
    answers.map(({ body }) => body),
    answers.map((_, index) => `/${index}`),
  )
})

test('HEAD, 204, 304, trailers and early hints come through as they are', async () => {
  const answers: Readonly<Record<string, string>> = {
    '/head': 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n',
    '/204': 'HTTP/1.1 204 No Content\r\n\r\n',
    '/304': 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 9\r\n\r\n',
    '/trailers':
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nGrpc-Status: 0\r\nSet-Cookie: a=1\r\n\r\n',
    '/hints': 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    '/cookies':
      'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: X-Hop\r\nX-Hop: 1\r\nContent-Length: 0\r\n\r\n',
  }
  await using backend = await startScriptedServer((head) => answers[head.split(' ')[1] ?? ''])
  await using gateway = await start({ backend: { urls: [backend.url] } })
  await using session = open(`http://127.0.0.1:${gateway.port}`)
  const head = await request(session, { ':method': 'HEAD', ':path': '/head' })
  assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, '7', ''])
  const empty = await request(session, { ':path': '/204' })
  assert.deepEqual([empty.status, empty.headers['content-length'], empty.body], [204, undefined, ''])
  const unchanged = await request(session, { ':path': '/304' })
  assert.deepEqual([unchanged.status, unchanged.headers.etag, unchanged.body], [304, '"x"', ''])
  const trailing = await request(session, { ':path': '/trailers', te: 'trailers' })
  assert.deepEqual([trailing.body, trailing.trailers?.['grpc-status']], ['ok', '0'])
  assert.equal(trailing.trailers?.['set-cookie'], undefined)
  assert.equal((await request(session, { ':path': '/hints' })).body, 'ok')
  const cookies = await request(session, { ':path': '/cookies' })
  assert.deepEqual(cookies.headers['set-cookie'], ['a=1', 'b=2'])
  assert.equal(cookies.headers['x-hop'], undefined)
})

test('an answer that breaks off is a stream that is reset, and others go on', async () => {
  await using backend = await startScriptedServer((head, client) => {
    if (head.includes('/whole')) return 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
    client.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort')
    return undefined
  })
  await using gateway = await start({ backend: { urls: [backend.url] } })
  await using session = open(`http://127.0.0.1:${gateway.port}`)
  const broken = await request(session, { ':path': '/broken' })
  assert.equal(broken.code, constants.NGHTTP2_INTERNAL_ERROR)
  assert.equal((await request(session, { ':path': '/whole' })).body, 'ok')
})

test('answers that the gateway breaks off do not count against the client', async () => {
  await using backend = await startScriptedServer((_, client) => {
    client.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort')
    return undefined
  })
  await using gateway = await start({ backend: { urls: [backend.url] } })
  await using session = open(`http://127.0.0.1:${gateway.port}`)
  for (let round = 0; round < 6; round++) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => request(session, { ':path': '/' })))
    for (const { code } of answers) assert.equal(code, constants.NGHTTP2_INTERNAL_ERROR)
  }
  assert.ok(!session.destroyed)
})

test('a client that cancels its stream is gone, and its backend hears of it', async () => {
  let gone = false
  await using backend = await startScriptedServer((_, client) => {
    client.socket.on('end', () => (gone = true))
    return 'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbegun'
  })
  await using gateway = await start({ backend: { urls: [backend.url], idleTimeoutMs: 60_000 } })
  await using session = open(`http://127.0.0.1:${gateway.port}`)
  const stream = session.request({ ':path': '/' })
  stream.on('error', () => {})
  await once(stream, 'data')
  stream.close(constants.NGHTTP2_CANCEL)
  assert.equal((await gateway.outcome('broken')).refusal?.reason, 'client-gone')
  await until(() => gone && gateway.listener.exchanges === 0)
})

test('draining lets streams end, takes no new ones, and then closes', async () => {
  let finish: (() => void) | undefined
  await using backend = await startScriptedServer(
    () =>
      new Promise((resolve) => {
        finish = () => resolve('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      }),
  )
  await using gateway = await start({ backend: { urls: [backend.url] } })
  await using session = open(`http://127.0.0.1:${gateway.port}`)
  const answer = request(session, { ':path': '/' })
  await until(() => finish !== undefined)
  const closed = gateway.listener.close()
  await once(session, 'goaway')
  finish?.()
  assert.equal((await answer).body, 'ok')
  await closed
})

const skipTls = whyNoOpenssl() ?? false

test('over TLS the client chooses by ALPN', { skip: skipTls }, async () => {
  await using backend = await startScriptedServer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const certificates = readCertificates([makeCertificate('localhost')])
  assert.ok(certificates.ok)
  const seen: string[] = []
  await using gateway = await start({
    backend: { urls: [backend.url] },
    tls: { certificates: certificates.value, minVersion: 'TLSv1.2' },
    intercept: ({ request: { httpVersion, peer } }) => {
      seen.push(`${httpVersion} ${peer.tls}`)
      return false
    },
  })
  await using session = open(`https://localhost:${gateway.port}`, {
    rejectUnauthorized: false,
    servername: 'localhost',
    host: '127.0.0.1',
  })
  assert.equal((await request(session, { ':path': '/' })).body, 'ok')
  assert.deepEqual(seen, ['2.0 true'])
})

function curlSpeaksHttp2(): boolean {
  try {
    return execFileSync('curl', ['--version'], { encoding: 'utf8' }).includes('HTTP2')
  } catch {
    return false
  }
}

test('curl speaks it', { skip: curlSpeaksHttp2() ? false : 'curl here has no HTTP/2' }, async () => {
  await using guarded = await startGuardedGateway()
  const token = await guarded.issuer.token()
  const answer = await curl(
    guarded.gateway.url,
    '--http2-prior-knowledge',
    '-H',
    `Authorization: Bearer ${token}`,
  )
  assert.equal(answer, '2 200')
})

/** In a process of its own that this one does not wait for, or the gateway here could not answer. */
async function curl(url: string, ...args: readonly string[]): Promise<string> {
  const child = spawn('curl', ['-s', '-o', '/dev/null', '-w', '%{http_version} %{http_code}', ...args, url])
  let text = ''
  child.stdout.on('data', (piece: Buffer) => (text += piece.toString()))
  await once(child, 'close')
  return text
}

test('a client that has its answer and does not end its body is told that nobody wants the rest', async () => {
  await using backend = await startRawServer(async (client) => {
    await client.until('\r\n\r\n')
    client.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno')
  })
  await using gateway = await start({
    backend: { urls: [backend.url] },
    timeouts: { bodyIdleMs: 60_000, keepAliveIdleMs: 1000 },
  })
  const session = connect(`http://127.0.0.1:${gateway.port}`)
  const stream = session.request({ ':method': 'POST', ':path': '/' }, { endStream: false })
  let answer = ''
  stream.on('data', (piece: Buffer) => (answer += piece.toString('latin1')))
  stream.write('x')
  await once(stream, 'close', { signal: AbortSignal.timeout(10_000) })
  assert.deepEqual([answer, stream.rstCode], ['no', constants.NGHTTP2_NO_ERROR])
  session.close()
})
