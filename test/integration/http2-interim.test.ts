import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { ENGINES } from '../../src/gateway/engine.ts'
import { startForwardingGateway } from '../support/forwarding-gateway.ts'
import { startScriptedServer } from '../support/raw-http.ts'

/** A throw of the gateway here is in nobody's call: it would end the process, and fails the test. */
interface Place extends AsyncDisposable {
  open(): Promise<ClientHttp2Session>
}

async function place(answer: string): Promise<Place> {
  const backend = await startScriptedServer(() => answer)
  const gateway = await startForwardingGateway(ENGINES.claimgate, {
    backend: { urls: [backend.url] },
    timeouts: { headMs: 5000, bodyIdleMs: 5000, keepAliveIdleMs: 5000 },
  })
  const sessions: ClientHttp2Session[] = []
  return {
    async open() {
      const session = connect(`http://127.0.0.1:${gateway.port}`)
      session.on('error', () => {})
      sessions.push(session)
      await once(session, 'connect')
      return session
    },
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy()
      await gateway[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
    },
  }
}

interface Answer {
  readonly status: number
  readonly interims: readonly number[]
  readonly trailers: IncomingHttpHeaders
  readonly body: string
  /** The code of the reset; 0 for an orderly end. */
  readonly code: number | undefined
}

/** A request whose end comes in a frame of its own, behind its head. */
async function ask(session: ClientHttp2Session, path: string): Promise<Answer> {
  const stream = session.request({ ':method': 'POST', ':path': path }, { endStream: false })
  stream.end()
  const interims: number[] = []
  let status = 0
  let trailers: IncomingHttpHeaders = {}
  let body = ''
  stream.on('headers', (head: IncomingHttpHeaders) => interims.push(Number(head[':status'])))
  stream.on('response', (head) => (status = Number(head[':status'])))
  stream.on('trailers', (fields) => (trailers = fields))
  stream.on('data', (piece: Buffer) => (body += piece.toString('latin1')))
  stream.on('error', () => {})
  await once(stream, 'close')
  return { status, interims, trailers, body, code: stream.rstCode }
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test('a body without a byte may end in a frame of its own, right behind the head', async () => {
  await using here = await place(OK)
  const session = await here.open()
  for (let round = 0; round < 3; round++) {
    const beganMs = performance.now()
    const answer = await ask(session, '/')
    assert.deepEqual([answer.status, answer.body, answer.code], [200, 'ok', 0])
    // It is not waited for until the client counts as too slow.
    assert.ok(performance.now() - beganMs < 4000)
  }
})

test('an early hint that HTTP/2 cannot carry is left out', async () => {
  await using here = await place(
    `HTTP/1.1 103 Early Hints\r\nETag: a\r\nETag: b\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`,
  )
  const session = await here.open()
  for (let round = 0; round < 2; round++) {
    const { status, interims, body, code } = await ask(session, '/')
    assert.deepEqual([status, interims, body, code], [200, [103], 'ok', 0])
  }
})

for (const trailers of ['ETag: a\r\nETag: b', 'HTTP2-Settings: AAAA\r\nX-Sum: 1']) {
  test(`trailers that HTTP/2 cannot carry cost no more than themselves: ${JSON.stringify(trailers)}`, async () => {
    await using here = await place(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${trailers}\r\n\r\n`,
    )
    const session = await here.open()
    for (let round = 0; round < 2; round++) {
      const { status, body, code } = await ask(session, '/')
      assert.deepEqual([status, body, code], [200, 'ok', 0])
    }
  })
}

test('clients that leave while 100 Continue or early hints are on their way cost nobody else', async () => {
  const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(8)
  await using here = await place(`${hints}${OK}`)
  const others = await here.open()
  for (let round = 0; round < 60; round++) {
    const session = await here.open()
    // Connections to the backend that rest, so that a request goes on in the very turn in which it is read.
    await Promise.all(Array.from({ length: 4 }, () => ask(session, '/')))
    for (let i = 0; i < 24; i++) {
      const stream = session.request(
        { ':method': 'POST', ':path': '/', expect: '100-continue' },
        { endStream: false },
      )
      stream.on('error', () => {})
      stream.end('x')
    }
    if (round % 3 > 0) await sleep(round % 3)
    session.destroy()
    assert.equal((await ask(others, '/')).status, 200)
  }
})
