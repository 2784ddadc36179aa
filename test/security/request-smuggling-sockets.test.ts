import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import type { EngineName } from '../../src/gateway/engine.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { RawClient, startRawServer, type RawServer } from '../support/raw-http.ts'
import { until } from '../support/wait.ts'
import { SMUGGLING_REQUESTS, SMUGGLING_RESPONSES, type SmugglingCase } from './smuggling-corpus.ts'

/**
 * The corpus on real sockets, through the whole gateway: whatever a client sends, the backend sees no request that the
 * policy did not see; whatever a backend answers, nobody gets what was not meant for them.
 */

const ENGINES: readonly EngineName[] = ['claimgate', 'node']

/** So many connections at a time. */
const AT_ONCE = 16

function startGateway(engine: EngineName, backendUrl: string): Promise<TestGateway> {
  return startTestGateway(`version: 1
engine: ${engine}
listeners: [{ address: 127.0.0.1:0 }]
backends: { backend: { url: ${backendUrl}, idleTimeout: 400ms, firstByteTimeout: 400ms } }
timeouts: { head: 400ms, body: 400ms, idle: 400ms }
routes: [{ path: /*, backend: backend, auth: none }]
`)
}

function portOf(gateway: TestGateway): number {
  return Number(new URL(gateway.url).port)
}

/** What the backend was told, as the most lenient parser at hand reads it: it takes much that no strict one does. */
interface LenientBackend {
  readonly url: string
  readonly seen: readonly { readonly line: string; readonly requestId: string | undefined }[]
  readonly server: Server
}

async function startLenientBackend(): Promise<LenientBackend> {
  const seen: { line: string; requestId: string | undefined }[] = []
  const note = ({ method, url, headers }: IncomingMessage): void => {
    seen.push({ line: `${method} ${url}`, requestId: headers['x-request-id']?.toString() })
  }
  const server = createServer({ insecureHTTPParser: true }, (request, response) => {
    note(request)
    request.resume()
    request.on('end', () => response.end('ok'))
  })
  // Leftovers of a body, read as the next request, are what a smuggled prefix would be.
  server.on('clientError', (error: Error & { code?: string }, socket) => {
    if (error.code?.startsWith('HPE_') === true && error.code !== 'HPE_INVALID_EOF_STATE')
      seen.push({ line: `garbage (${error.code})`, requestId: undefined })
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, server }
}

/** Sends the pieces one after the other, and reads until the connection ends. */
async function send(port: number, pieces: readonly string[]): Promise<string> {
  const client = await RawClient.connect(port)
  for (const piece of pieces) {
    client.write(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const text = await client.rest()
  client.socket.destroy()
  return text
}

/** Behind every attack comes an honest request that ends the connection; an attack may swallow it. */
const SENTINEL = 'GET /sentinel HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n'

/** Ways in which the bytes of an attack may be cut. */
function cuts(bytes: string): readonly (readonly string[])[] {
  const middle = Math.floor(bytes.length / 2)
  const headEnd = bytes.indexOf('\r\n\r\n') + 2
  return [
    [bytes + SENTINEL],
    [bytes.slice(0, middle), bytes.slice(middle) + SENTINEL],
    [bytes.slice(0, headEnd), bytes.slice(headEnd), SENTINEL],
  ]
}

for (const engine of ENGINES) {
  suite(`engine ${engine}: requests that two servers may read in two ways`, { concurrency: AT_ONCE }, () => {
    let backend: LenientBackend
    let gateway: TestGateway
    before(async () => {
      backend = await startLenientBackend()
      gateway = await startGateway(engine, backend.url)
    })
    after(async () => {
      backend.server.closeAllConnections()
      backend.server.close()
      await gateway.close()
    })
    for (const attack of SMUGGLING_REQUESTS) {
      test(attack.name, async () => {
        for (const pieces of cuts(attack.bytes)) {
          const text = await send(portOf(gateway), pieces)
          const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
          // The strict engine serves what the codec takes, and nothing at all of what it refuses.
          if (engine !== 'claimgate') continue
          if (attack.expected === 'taken') assert.equal(statuses[0]! < 500, true, text)
          else assert.ok(statuses.length <= 1 && (statuses[0] ?? 400) >= 400, text)
        }
      })
    }
  })

  test(`engine ${engine}: after the whole corpus the backend has seen exactly what the gateway forwarded`, async () => {
    const backend = await startLenientBackend()
    const gateway = await startGateway(engine, backend.url)
    const all = SMUGGLING_REQUESTS.flatMap((attack) => cuts(attack.bytes))
    for (let at = 0; at < all.length; at += AT_ONCE)
      await Promise.all(all.slice(at, at + AT_ONCE).map((pieces) => send(portOf(gateway), pieces)))
    const ids = new Map(gateway.entries.map((entry) => [entry.requestId, entry]))
    await until(() => gateway.entries.filter(({ outcome }) => outcome === 'forward').length > 0)
    const met = new Set<string>()
    for (const { line, requestId } of backend.seen) {
      const entry = ids.get(requestId ?? '')
      assert.ok(entry !== undefined, `\`${line}\` was not forwarded by the gateway`)
      assert.ok(!met.has(entry.requestId), `\`${line}\` came twice`)
      met.add(entry.requestId)
      assert.equal(line.split('?')[0], `${entry.method} ${entry.path}`)
      // A body that broke off is told to the backend as a break: the request was seen, and never whole.
      assert.ok(entry.backend === 'backend', line)
    }
    for (const entry of gateway.entries)
      if (entry.outcome === 'forward') assert.ok(met.has(entry.requestId), 'a request was lost on its way')
    await gateway.close()
    backend.server.closeAllConnections()
    backend.server.close()
  })
}

/** A backend that lies to whoever asks for a lie, and gives everybody else the nonce of their own path. */
async function startLyingBackend(): Promise<RawServer & { readonly droppedLies: ReadonlySet<number> }> {
  const droppedLies = new Set<number>()
  const server = await startRawServer(async (client) => {
    for (;;) {
      const path = /^\S+ (\S+)/.exec(await client.until('\r\n\r\n'))![1]!
      const lie = /^\/lie\/(\d+)/.exec(path)?.[1]
      if (lie === undefined) {
        client.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`)
        continue
      }
      client.write(SMUGGLING_RESPONSES[Number(lie)]!.bytes)
      // Bodies that are cut short need their end; whoever is still listening then was not put off by the lie.
      const timer = setTimeout(() => client.socket.end(), 100)
      await client.rest()
      if (timer.hasRef() && !client.socket.writableEnded) droppedLies.add(Number(lie))
      clearTimeout(timer)
      client.socket.end()
      return
    }
  })
  return {
    port: server.port,
    url: server.url,
    get accepted() {
      return server.accepted
    },
    droppedLies,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** Pipelines requests while lies are told on other connections, and checks that each answer is the one asked for. */
async function honestNeighbour(port: number, name: string): Promise<void> {
  const client = await RawClient.connect(port)
  const paths = Array.from({ length: 10 }, (_, i) => `/honest/${name}/${i}`)
  client.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
  for (const path of paths) {
    assert.match(await client.until('\r\n\r\n'), /^HTTP\/1\.1 200 /)
    assert.equal(await client.take(path.length), path)
  }
  assert.equal(client.text, '')
  client.socket.destroy()
}

/** These end with the connection, or are whole before what is wrong comes. */
const NEED_AN_END: ReadonlySet<string> = new Set(['body-incomplete', 'taken'])

for (const engine of ENGINES) {
  suite(`engine ${engine}: answers that two clients may read in two ways`, { concurrency: AT_ONCE }, () => {
    let backend: Awaited<ReturnType<typeof startLyingBackend>>
    let gateway: TestGateway
    before(async () => {
      backend = await startLyingBackend()
      gateway = await startGateway(engine, backend.url)
    })
    after(async () => {
      await backend[Symbol.asyncDispose]()
      await gateway.close()
    })
    for (const [index, lie] of SMUGGLING_RESPONSES.entries()) {
      test(lie.name, () => lieIsHarmless(index, lie, engine, gateway, backend.droppedLies))
    }
  })
}

async function lieIsHarmless(
  index: number,
  lie: SmugglingCase,
  engine: EngineName,
  gateway: TestGateway,
  dropped: ReadonlySet<number>,
): Promise<void> {
  const port = portOf(gateway)
  // One behind the lie on the same connection, and others beside it.
  const victim = send(port, [
    `GET /lie/${index} HTTP/1.1\r\nHost: a\r\n\r\nGET /behind/${index} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
  ])
  const [text] = await Promise.all([
    victim,
    honestNeighbour(port, `${index}a`),
    honestNeighbour(port, `${index}b`),
  ])
  assert.ok(!/admin|smuggled|evil/i.test(text.replace(/^X-[^]*?\r\n\r\n/, '')), text)
  const behind = `/behind/${index}`
  // What was asked for behind the lie is answered as itself, or not at all.
  if (text.includes(' 200 ') && text.endsWith(behind))
    assert.match(text, new RegExp(`Content-Length: ${behind.length}\r\n[^]*\r\n\r\n${behind}$`, 'i'))
  if (engine === 'claimgate' && lie.expected !== 'taken') {
    const told = gateway.entries.find(({ path }) => path === `/lie/${index}`)
    assert.notEqual(told?.outcome, 'forward')
    if (told?.outcome === 'refuse') assert.match(text, /^HTTP\/1\.1 502 /)
    else assert.ok(!text.includes(behind), 'the connection went on after a broken answer')
    if (!NEED_AN_END.has(lie.expected)) assert.ok(dropped.has(index), 'the connection of the lie was kept')
  }
}
