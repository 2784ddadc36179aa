import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { connect } from 'node:tls'
import { WebSocket, WebSocketServer } from 'ws'
import { makeCertificate, whyNoOpenssl } from '../support/openssl.ts'
import {
  isAlive,
  KeepAliveClient,
  noProcesses,
  startProcessGateway,
  type ProcessGateway,
} from '../support/process-gateway.ts'
import { RawClient } from '../support/raw-http.ts'
import { createIssuer } from '../support/tokens.ts'

/** Says which process answers, and to what. */
const WHO = `export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/crash') process.exit(3)
    const wait = Number(searchParams.get('wait') ?? 0)
    if (wait > 0) await new Promise((next) => setTimeout(next, wait))
    return new Response(process.pid + ' ' + pathname)
  },
}
// As libraries do that look for a process manager: it is nothing to the gateway.
process.send?.('ready')
process.send?.({ kind: 'unknown' })
`

const ISSUER = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA'

/** Everything needs a token but what is listed. */
const configuration = (whitelist: string, more = '', module = 'who.js'): string => `version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends: { who: { function: ${module} } }
authentications: { main: { keys: { jwks: { keys: [{ kty: oct, k: ${ISSUER} }] } } } }
routes: [{ path: /*, backend: who, auth: { use: main, mode: whitelist, paths: [${whitelist}] } }]
timeouts: { drain: 3s }
${more}
`

const start = (more = ''): Promise<ProcessGateway> =>
  startProcessGateway({ configuration: configuration('/open/*, /crash', more), files: { 'who.js': WHO } })

const pidOf = (body: string): number => Number(body.split(' ')[0])

async function clients(gateway: ProcessGateway, number: number): Promise<KeepAliveClient[]> {
  const made = Array.from({ length: number }, () => new KeepAliveClient(gateway.url))
  await Promise.all(made.map((client) => client.ask('/open/first')))
  return made
}

/** Waits for something that another process does. */
async function until(met: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 1000 && !met(); i++) await sleep(10)
  assert.ok(met(), `not in time: ${what}`)
}

describe('several workers', { skip: noProcesses, timeout: 120_000 }, () => {
  for (const engine of ['claimgate', 'node']) {
    test(`every worker serves, and connections go to them evenly: engine ${engine}`, async () => {
      await using gateway = await start(`engine: ${engine}`)
      const all: KeepAliveClient[] = []
      for (let i = 0; i < 40; i++) all.push(...(await clients(gateway, 1)))
      const bodies = await Promise.all(all.map((client) => client.ask('/open/x')))
      const counts = gateway.workers().map((pid) => bodies.filter(({ body }) => pidOf(body) === pid).length)
      assert.deepEqual(counts, [20, 20])
      for (const client of all) client.close()
    })

    test(`a head that does not come is given up in a worker too: engine ${engine}`, async () => {
      await using gateway = await startProcessGateway({
        configuration: configuration('/open/*', `engine: ${engine}`).replace('drain: 3s', 'head: 300ms'),
        files: { 'who.js': WHO },
      })
      const slow = await RawClient.connect(gateway.port)
      slow.write('GET / HT')
      assert.match(await slow.rest(), /^HTTP\/1.1 408 /)
    })
  }

  test('a change reaches all at once: after it is told of, no request is decided by the rules before', async () => {
    await using gateway = await start()
    const all = await clients(gateway, 16)
    for (let i = 1; i <= 6; i++) {
      assert.equal(
        await gateway.reload(configuration(i % 2 === 1 ? '/other/*' : '/open/*')),
        'the configuration was reloaded',
      )
      const answers = await Promise.all(all.map((client) => client.ask('/open/x')))
      const expected = i % 2 === 1 ? 401 : 200
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [expected])
    }
    for (const client of all) client.close()
  })

  test('a change that one worker cannot take is taken by none, and the next one by all', async () => {
    await using gateway = await start()
    const all = await clients(gateway, 8)
    // Only the first process that loads it can.
    gateway.write(
      'once.js',
      `import { mkdirSync } from 'node:fs'\nmkdirSync(new URL('./taken', import.meta.url))\n${WHO}`,
    )
    assert.equal(
      await gateway.reload(configuration('/other/*', '', 'once.js')),
      'the last good configuration serves on',
    )
    assert.match(gateway.cli.output.stderr, /once\.js` of backend `who` cannot be loaded\nhint: .*EEXIST/)
    const status = async (path: string): Promise<number[]> => {
      const answers = await Promise.all(all.map((client) => client.ask(path)))
      return [...new Set(answers.map((answer) => answer.status))]
    }
    assert.deepEqual([await status('/open/x'), await status('/other/x')], [[200], [401]])
    assert.equal(await gateway.reload(configuration('no path')), 'the last good configuration serves on')
    assert.deepEqual(await status('/open/x'), [200])
    assert.equal(await gateway.reload(configuration('/other/*')), 'the configuration was reloaded')
    assert.deepEqual([await status('/open/x'), await status('/other/x')], [[401], [200]])
    for (const client of all) client.close()
  })

  test('a worker that takes the place of one that crashed serves what is published now', async () => {
    await using gateway = await start()
    await gateway.reload(configuration('/other/*, /crash'))
    const before = gateway.workers()
    for (const _ of before) {
      const client = new KeepAliveClient(gateway.url)
      assert.equal((await client.ask('/crash')).error, 'ECONNRESET')
      client.close()
    }
    await until(() => gateway.workers().length === 2, 'two new workers')
    assert.ok(!gateway.workers().some((pid) => before.includes(pid)))
    const all = await clients(gateway, 8)
    for (const client of all) {
      assert.equal((await client.ask('/open/x')).status, 401)
      assert.equal((await client.ask('/other/x')).status, 200)
      client.close()
    }
  })

  test('the worker that takes a place catches up: new connections are its own until it has as many', async () => {
    await using gateway = await start()
    const all: KeepAliveClient[] = []
    for (let i = 0; i < 12; i++) all.push(...(await clients(gateway, 1)))
    const [victim] = gateway.workers()
    process.kill(victim!, 'SIGKILL')
    await until(
      () => gateway.workers().length === 2 && !gateway.workers().includes(victim!),
      'another worker',
    )
    for (const client of all) await client.ask('/open/x')
    const bodies: string[] = []
    for (const client of all) bodies.push((await client.ask('/open/x')).body)
    const counts = gateway.workers().map((pid) => bodies.filter((body) => pidOf(body) === pid).length)
    assert.deepEqual(counts, [6, 6])
    for (const client of all) client.close()
  })

  test('what a worker was given and has not taken when it dies is served by another', async () => {
    await using gateway = await start()
    const [first, second] = gateway.workers()
    process.kill(first!, 'SIGSTOP')
    const asked = Array.from({ length: 20 }, (_, i) => new KeepAliveClient(gateway.url).ask(`/open/${i}`))
    // A few wait for the worker that stands still; the others are not given to it.
    const soon = await Promise.all(asked.map((answer) => Promise.race([answer, sleep(700)])))
    const left = soon.filter((answer) => answer === undefined).length
    assert.ok(left <= 4, `${left} wait for a worker that stands still`)
    process.kill(first!, 'SIGKILL')
    const answers = await Promise.all(asked)
    assert.deepEqual(
      answers.map(({ status, body }) => `${status} ${body.split(' ')[1]}`),
      answers.map((_, i) => `200 /open/${i}`),
    )
    assert.ok(answers.filter(({ body }) => pidOf(body) === second).length >= 16)
  })

  test('connections to be had are divided, so that the gateway takes as many as are configured', async () => {
    await using gateway = await start('limits: { maxConnections: 5 }')
    const opened = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const client = await RawClient.connect(gateway.port)
        client.write(`GET /open/${i} HTTP/1.1\r\nHost: a\r\n\r\n`)
        return client.until('\r\n\r\n').then(
          () => 'served',
          () => 'closed',
        )
      }),
    )
    assert.equal(opened.filter((each) => each === 'served').length, 5)
  })

  test('each line of the log is whole, names its worker, and tells of one request', async () => {
    await using gateway = await start()
    const all = await clients(gateway, 16)
    const long = 'x'.repeat(6000)
    await Promise.all(
      all.map(async (client, name) => {
        for (let i = 0; i < 30; i++) await client.ask(`/open/${name}-${i}-${i % 3 === 0 ? long : ''}`)
      }),
    )
    const lines = (): string[] => gateway.cli.output.stdout.split('\n').slice(0, -1)
    await until(() => lines().filter((line) => line.includes('"/open/')).length >= 16 * 31, 'all lines')
    const entries = lines().map(
      (line) => JSON.parse(line) as { worker: number; path?: string; shortened?: true },
    )
    const requests = entries.flatMap(({ path }) => /^\/open\/(\d+-\d+)-/.exec(path ?? '')?.[1] ?? [])
    assert.equal(new Set(requests).size, 16 * 30)
    assert.equal(requests.length, 16 * 30)
    assert.deepEqual(new Set(entries.map(({ worker }) => worker)), new Set([1, 2]))
    assert.equal(entries.filter(({ shortened }) => shortened === true).length, 16 * 10)
    for (const client of all) client.close()
  })
})

describe('the end of several workers', { skip: noProcesses, timeout: 120_000 }, () => {
  test('requests under way are answered when the gateway stops, by every worker, and nothing is left', async () => {
    await using gateway = await start()
    const pids = gateway.workers()
    const all = await clients(gateway, 12)
    const slow = all.map((client, i) => client.ask(`/open/${i}?wait=800`))
    await sleep(200)
    gateway.cli.signal('SIGTERM')
    await gateway.cli.until('stopping')
    const answers = await Promise.all(slow)
    assert.deepEqual(
      answers.map(({ status, body }) => `${status} ${body.split(' ')[1]}`),
      answers.map((_, i) => `200 /open/${i}`),
    )
    assert.deepEqual(new Set(answers.map(({ body }) => pidOf(body))), new Set(pids))
    assert.equal(await gateway.cli.ended, 0)
    assert.deepEqual(pids.filter(isAlive), [])
    assert.equal((await new KeepAliveClient(gateway.url).ask('/open/x')).error, 'ECONNREFUSED')
  })

  test('a second signal ends everything at once', async () => {
    await using gateway = await start()
    const pids = gateway.workers()
    const slow = new KeepAliveClient(gateway.url).ask('/open/x?wait=60000')
    await sleep(200)
    gateway.cli.signal('SIGINT')
    await gateway.cli.until('stopping')
    const pressedMs = Date.now()
    gateway.cli.signal('SIGINT')
    assert.equal(await gateway.cli.ended, 0)
    assert.ok(Date.now() - pressedMs < 2000, 'it took too long')
    assert.equal((await slow).error, 'ECONNRESET')
    assert.deepEqual(pids.filter(isAlive), [])
  })

  test('a worker that stands still does not hold up the end', async () => {
    await using gateway = await start()
    const pids = gateway.workers()
    process.kill(pids[0]!, 'SIGSTOP')
    const beganMs = Date.now()
    gateway.cli.signal('SIGTERM')
    assert.equal(await gateway.cli.ended, 0)
    assert.ok(Date.now() - beganMs < 8000, 'the drain time and some grace')
    assert.deepEqual(pids.filter(isAlive), [])
  })

  test('nor does a change that waits for such a worker', async () => {
    await using gateway = await start()
    const pids = gateway.workers()
    process.kill(pids[0]!, 'SIGSTOP')
    gateway.cli.signal('SIGHUP')
    // Read and sent to both; one will not answer.
    await sleep(1500)
    const beganMs = Date.now()
    gateway.cli.signal('SIGTERM')
    await gateway.cli.until('stopping')
    assert.equal((await new KeepAliveClient(gateway.url).ask('/open/x')).error, 'ECONNREFUSED')
    assert.equal(await gateway.cli.ended, 0)
    assert.ok(Date.now() - beganMs < 8000, 'the drain time and some grace')
    assert.deepEqual(pids.filter(isAlive), [])
    assert.doesNotMatch(gateway.cli.output.stderr, /error:|serves on/)
  })

  test('workers end with their primary, however that ends, and answer what is under way', async () => {
    await using gateway = await start()
    const pids = gateway.workers()
    const slow = new KeepAliveClient(gateway.url).ask('/open/x?wait=600')
    await sleep(200)
    process.kill(gateway.cli.pid, 'SIGKILL')
    assert.equal((await slow).status, 200)
    await until(() => !pids.some(isAlive), 'the workers end')
    assert.equal((await new KeepAliveClient(gateway.url).ask('/open/x')).error, 'ECONNREFUSED')
  })
})

describe('what passes through several workers', { skip: noProcesses, timeout: 120_000 }, () => {
  const sockets = new WebSocketServer({ noServer: true })
  const backend = createServer((_request, response) => response.end('hello'))
  backend.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (client) =>
      client.on('message', (data) => client.send(data)),
    ),
  )
  before(() => new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve)))
  after(() => {
    backend.closeAllConnections()
    backend.close()
  })

  const proxying = (engine: string, more = ''): string => `version: 1
listeners: [{ address: 127.0.0.1:0${more} }]
backends: { all: { url: "http://127.0.0.1:${(backend.address() as AddressInfo).port}" } }
routes: [{ path: /*, backend: all, auth: none }]
engine: ${engine}
`

  for (const engine of ['claimgate', 'node']) {
    test(`WebSockets: engine ${engine}`, async () => {
      await using gateway = await startProcessGateway({ configuration: proxying(engine) })
      for (let i = 0; i < 6; i++) {
        const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/`)
        await once(client, 'open')
        client.send(`${i}`.repeat(100_000))
        assert.equal(String((await once(client, 'message'))[0]), `${i}`.repeat(100_000))
        client.close()
        await once(client, 'close')
      }
    })

    test(
      `TLS, and a renewed certificate in every worker: engine ${engine}`,
      { skip: whyNoOpenssl() ?? false },
      async () => {
        const [old, renewed] = [makeCertificate('old.example'), makeCertificate('new.example')]
        const text = proxying(engine, ', tls: { certificates: [{ cert: cert.pem, key: key.pem }] }')
        await using gateway = await startProcessGateway({
          configuration: text,
          files: { 'cert.pem': old.certPem, 'key.pem': old.keyPem },
        })
        const ask = async (): Promise<string> => {
          const socket = connect({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false })
          await once(socket, 'secureConnect')
          const names = socket.getPeerCertificate().subjectaltname ?? ''
          const client = new RawClient(socket)
          client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
          assert.match(await client.rest(), /^HTTP\/1.1 200 [^]*hello/)
          return names
        }
        for (let i = 0; i < 4; i++) assert.equal(await ask(), 'DNS:old.example')
        gateway.write('cert.pem', renewed.certPem)
        gateway.write('key.pem', renewed.keyPem)
        await gateway.reload(text)
        for (let i = 0; i < 4; i++) assert.equal(await ask(), 'DNS:new.example')
      },
    )
  }

  test('HTTP/2, by prior knowledge and by ALPN', { skip: whyNoOpenssl() ?? false }, async () => {
    const pair = makeCertificate('localhost')
    await using plain = await startProcessGateway({ configuration: proxying('claimgate') })
    await using secure = await startProcessGateway({
      configuration: proxying('claimgate', ', tls: { certificates: [{ cert: cert.pem, key: key.pem }] }'),
      files: { 'cert.pem': pair.certPem, 'key.pem': pair.keyPem },
    })
    for (const url of [plain.url, secure.url, plain.url, secure.url]) {
      const session = connectHttp2(url, { rejectUnauthorized: false })
      const bodies = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const stream = session.request({ ':path': '/x' })
          const [headers] = (await once(stream, 'response')) as [{ readonly ':status'?: number }]
          return `${headers[':status']} ${await readText(stream)}`
        }),
      )
      assert.deepEqual(new Set(bodies), new Set(['200 hello']))
      session.close()
    }
  })

  test('the rules of a mesh, with their keys', async () => {
    const issuer = await createIssuer('ES256', 'mesh')
    const rules = `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: main, namespace: istio-system }
spec:
  selector: { matchLabels: { app: istio-ingressgateway } }
  jwtRules: [{ issuer: mesh, jwks: '${JSON.stringify(issuer.jwks)}' }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: main, namespace: istio-system }
spec:
  selector: { matchLabels: { app: istio-ingressgateway } }
  rules: [{ from: [{ source: { requestPrincipals: [mesh/*] } }] }]
`
    const backendUrl = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`
    await using gateway = await startProcessGateway({
      configuration: rules,
      args: ['--workers', '2', '--listen', '127.0.0.1:0', '--backend', backendUrl],
    })
    const token = await issuer.token({ iss: 'mesh' })
    for (let i = 0; i < 4; i++) {
      const headers = { authorization: `Bearer ${token}`, connection: 'close' }
      assert.equal((await fetch(gateway.url, { headers })).status, 200)
      assert.equal((await fetch(gateway.url, { headers: { connection: 'close' } })).status, 403)
    }
  })
})
