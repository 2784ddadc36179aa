import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { RawClient } from '../../../test/support/raw-http.ts'
import { Fault } from '../../errors/fault.ts'
import type { Facts, Log } from '../../telemetry/log.ts'
import { AdminServer } from './admin-server.ts'
import { jsonPage, type Pages } from './pages.ts'

interface OpenAdmin extends AsyncDisposable {
  readonly admin: AdminServer
  readonly port: number
  readonly errors: Facts[]
  ask(
    path: string,
    init?: RequestInit,
  ): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }>
}

async function open(pages?: Pages): Promise<OpenAdmin> {
  const errors: Facts[] = []
  const log: Log = { info: () => {}, warn: () => {}, error: (_, facts = {}) => void errors.push(facts) }
  const admin = await AdminServer.open({ host: '127.0.0.1', port: 0 }, log)
  if (pages !== undefined) admin.serve(pages)
  return {
    admin,
    port: Number(new URL(admin.address).port),
    errors,
    async ask(path, init) {
      const response = await fetch(admin.address + path, init)
      return { status: response.status, text: await response.text(), headers: response.headers }
    },
    async [Symbol.asyncDispose]() {
      admin.close()
    },
  }
}

test('it tells how far the gateway is: starting, ready, draining; and it is alive all the time', async () => {
  await using it = await open()
  const states: unknown[] = []
  const look = async () => {
    const { status, text } = await it.ask('/readyz')
    states.push([status, text, (await it.ask('/healthz')).text])
  }
  await look()
  it.admin.serve(new Map())
  await look()
  it.admin.drain()
  await look()
  assert.deepEqual(states, [
    [503, 'starting\n', 'ok\n'],
    [200, 'ready\n', 'ok\n'],
    [503, 'draining\n', 'ok\n'],
  ])
})

test('HEAD is answered like GET without the body, every other method with 405, every other path with 404', async () => {
  await using it = await open(new Map([['/json', jsonPage(() => Promise.resolve({ a: [1] }))]]))
  const got = await it.ask('/json')
  assert.deepEqual(JSON.parse(got.text), { a: [1] })
  assert.match(got.headers.get('content-type')!, /^application\/json/)
  assert.equal(got.headers.get('cache-control'), 'no-store')
  const head = await it.ask('/json', { method: 'HEAD' })
  assert.deepEqual(
    [head.status, head.text, head.headers.get('content-length')],
    [200, '', String(got.text.length)],
  )
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const { status, headers } = await it.ask('/json', { method })
    assert.deepEqual([status, headers.get('allow')], [405, 'GET, HEAD'], method)
  }
  for (const path of ['/', '/json/', '/JSON', '/%6ason', '/json;x', '//json', '/__proto__', '/constructor']) {
    const { status, text } = await it.ask(path)
    assert.equal(status, 404, path)
    assert.equal(text, 'nothing is here; try /healthz, /readyz, /json\n')
  }
  assert.equal((await it.ask('/json?name[]=x')).status, 200)
})

test('a page that cannot be made is 500, and only the log says why', async () => {
  await using it = await open(
    new Map([
      ['/throws', () => assert.fail('a secret')],
      ['/rejects', jsonPage(() => Promise.reject(new Error('a secret')))],
    ]),
  )
  for (const path of ['/throws', '/rejects']) {
    const { status, text } = await it.ask(path)
    assert.deepEqual([status, text], [500, 'unexpected error; the log says more\n'])
  }
  assert.equal(it.errors.length, 2)
  for (const { error } of it.errors) assert.match(String(error), /a secret/)
})

test('what is no request is closed, and nobody else notices', async () => {
  await using it = await open(new Map())
  for (const bytes of [
    'nonsense\r\n\r\n',
    `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(5000)}\r\n`,
    'POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
  ]) {
    const client = await RawClient.connect(it.port)
    client.write(bytes)
    assert.match(await client.rest(), /^(?:HTTP\/1\.1 4\d\d |$)/, bytes.slice(0, 40))
  }
  assert.equal((await it.ask('/healthz')).status, 200)
})

test('a request to upgrade and one with a body are answered as any other', async () => {
  await using it = await open(new Map())
  for (const fields of [
    'Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'Content-Length: 3\r\n\r\nabc',
  ]) {
    const client = await RawClient.connect(it.port)
    client.write(`GET /healthz HTTP/1.1\r\nHost: a\r\n${fields}`)
    assert.match(await client.until('ok\n'), /^HTTP\/1\.1 200 /)
    client.socket.destroy()
  }
})

test('one client more than it takes is closed, and may come again', async () => {
  await using it = await open(new Map())
  const clients = await Promise.all(Array.from({ length: 64 }, () => RawClient.connect(it.port)))
  await sleep(50)
  await assert.rejects(it.ask('/healthz'))
  for (const client of clients) client.socket.destroy()
  await sleep(50)
  assert.equal((await it.ask('/healthz')).status, 200)
})

test('closing it ends also a connection on which nothing comes', async () => {
  await using it = await open(new Map())
  const client = await RawClient.connect(it.port)
  client.write('GET /healthz HT')
  await sleep(20)
  it.admin.close()
  assert.equal(await client.rest(), '')
})

test('an address that somebody else has is a fault that says what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  const log: Log = { info: () => {}, warn: () => {}, error: () => {} }
  await assert.rejects(
    AdminServer.open({ host: '127.0.0.1', port }, log),
    (fault) => fault instanceof Fault && fault.hint?.includes('choose another port') === true,
  )
  other.close()
})
