import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { METRICS, type MetricRow } from '../../src/telemetry/metrics/index.ts'
import { run } from '../cli/built-cli.ts'
import { startTestGateway } from '../support/gateway.ts'
import {
  KeepAliveClient,
  noProcesses,
  startProcessGateway,
  type ProcessGateway,
} from '../support/process-gateway.ts'
import { readPrometheusText, type Scrape } from '../support/prometheus-text.ts'
import { rawAnswer, rawRequest, type RawRequest } from '../support/raw-answer.ts'
import { RawClient } from '../support/raw-http.ts'
import { createIssuer } from '../support/tokens.ts'

let backend: Server
let backendPort: number
const issuer = await createIssuer('RS256')

before(async () => {
  backend = createServer((request, response) => {
    if (request.url === '/jwks.json') response.end(JSON.stringify(issuer.jwks))
    else if (request.url?.startsWith('/slow') === true) setTimeout(() => response.end('slow'), 600)
    else if (request.url?.startsWith('/broken') === true) {
      response.writeHead(200, { 'Content-Length': 1000 })
      response.write('some')
      setTimeout(() => response.destroy(), 20)
    } else response.end('ok')
  })
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  backendPort = (backend.address() as AddressInfo).port
})
after(() => {
  backend.closeAllConnections()
  backend.close()
})

/** `more` is beside the routes; `routes` are beside those that each test has. */
const configuration = ({ more = '', routes = '' } = {}): string => `version: 1
listeners: [{ address: 127.0.0.1:0 }]
admin: { address: 127.0.0.1:0 }
backends:
  live: { url: "http://127.0.0.1:${backendPort}" }
  dead: { url: http://127.0.0.1:1 }
  crash: { function: crash.js }
authentications: { main: { keys: { url: "http://127.0.0.1:${backendPort}/jwks.json" } } }
keyCache: none
routes:
  - { name: open, path: /*, methods: [GET, POST], backend: live, auth: none }
  - { name: guarded, path: /private/*, backend: live, auth: main }
  - { name: dead, path: /dead, backend: dead, auth: none }
  - { name: crash, path: /crash, backend: crash, auth: none }
${routes}
timeouts: { drain: 5s }
${more}
`

const CRASH = 'export default { fetch: () => process.exit(3) }'

const start = (workers: number, more = ''): Promise<ProcessGateway> =>
  startProcessGateway({
    configuration: configuration({ more }),
    files: { 'crash.js': CRASH },
    args: ['--workers', String(workers)],
    serves: workers === 1 ? /admin on .*\n/ : /served by \d+ workers\n/,
  })

const adminOf = ({ cli }: ProcessGateway): string => /admin on (\S+)/.exec(cli.output.stderr)![1]!

async function scrapeText(gateway: ProcessGateway): Promise<string> {
  const response = await fetch(`${adminOf(gateway)}/metrics`)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  return response.text()
}

const scrape = async (gateway: ProcessGateway): Promise<Scrape> =>
  readPrometheusText(await scrapeText(gateway))

/** Scrapes until it is so: what a client has got, the gateway counts a moment later. */
async function scrapeUntil(gateway: ProcessGateway, met: (read: Scrape) => boolean): Promise<Scrape> {
  for (let i = 0; i < 100; i++) {
    const read = await scrape(gateway)
    if (met(read)) return read
    await sleep(20)
  }
  return scrape(gateway)
}

const outcomes = (read: Scrape): readonly number[] =>
  ['forward', 'refuse', 'broken'].map((outcome) => read.value('claimgate_requests_total', { outcome })!)

const requestsOf = (read: Scrape): number => read.sum('claimgate_requests_total')

describe('metrics of one process', { skip: noProcesses, timeout: 120_000 }, () => {
  for (const engine of ['claimgate', 'node'])
    test(`every end of a request is counted: engine ${engine}`, async () => {
      await using gateway = await start(1, `engine: ${engine}`)
      const send = async (request: RawRequest): Promise<number> =>
        (await rawAnswer(gateway.url, rawRequest(request))).status
      const token = await issuer.token()
      const bearer = (text: string): readonly string[] => [`Authorization: Bearer ${text}`]
      assert.equal(await send({ target: '/a' }), 200)
      for (let i = 0; i < 4; i++)
        assert.equal(await send({ target: '/private/a', fields: bearer(token) }), 200)
      assert.equal(await send({ target: '/private/a' }), 401)
      assert.equal(await send({ target: '/private/a', fields: bearer(`${token}x`) }), 401)
      assert.equal(await send({ target: '/private/a', fields: bearer(await issuer.token({ exp: 1 })) }), 401)
      assert.equal(await send({ method: 'DELETE', target: '/a' }), 405)
      assert.equal(await send({ target: '/a%00' }), 400)
      assert.equal(await send({ target: '/dead' }), 502)
      assert.match((await rawAnswer(gateway.url, 'nonsense\r\n\r\n')).body, /GW_REQUEST_MALFORMED/)
      const broken = await RawClient.connect(gateway.port)
      broken.write('GET /broken HTTP/1.1\r\nHost: a\r\n\r\n')
      await broken.rest()
      const gone = await RawClient.connect(gateway.port)
      gone.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
      await sleep(100)
      const under = await scrape(gateway)
      assert.equal(under.value('claimgate_requests_in_flight'), 1)
      assert.equal(under.value('claimgate_connections'), 1)
      gone.socket.destroy()

      const read = await scrapeUntil(gateway, (now) => requestsOf(now) === 14)
      assert.deepEqual(outcomes(read), [5, 7, 2])
      const refusals = read.families.find(({ name }) => name === 'claimgate_refusals_total')!.samples
      assert.deepEqual(
        Object.fromEntries(
          refusals.filter(({ value }) => value > 0).map(({ labels, value }) => [labels['code'], value]),
        ),
        {
          GW_REQUEST_MALFORMED: 1,
          GW_REQUEST_PATH: 1,
          GW_ROUTE_METHOD: 1,
          GW_TOKEN_MISSING: 1,
          GW_TOKEN_INVALID: 1,
          GW_TOKEN_EXPIRED: 1,
          GW_UPSTREAM_UNREACHABLE: 1,
        },
      )
      const byRoute = read.families.find(({ name }) => name === 'claimgate_route_requests_total')!.samples
      assert.deepEqual(
        byRoute.map(({ labels, value }) => `${labels['route']} ${labels['status']} ${value}`).toSorted(),
        ['dead 5xx 1', 'guarded 2xx 4', 'guarded 4xx 3', 'none 4xx 3', 'open 2xx 2', 'open none 1'],
      )
      const failures = read.families.find(({ name }) => name === 'claimgate_upstream_failures_total')!.samples
      assert.deepEqual(
        failures.map(({ labels, value }) => [labels['backend'], labels['code'], value]),
        [
          ['live', 'GW_UPSTREAM_PROTOCOL', 1],
          ['dead', 'GW_UPSTREAM_UNREACHABLE', 1],
        ],
      )
      // What was no request took no time.
      assert.equal(read.value('claimgate_request_duration_seconds_count', { outcome: 'refuse' }), 6)
      assert.equal(read.value('claimgate_request_duration_seconds_count', { outcome: 'forward' }), 5)
      const lookups = (result: string) => read.value('claimgate_token_cache_lookups_total', { result })
      // A token is kept when it comes for the second time.
      assert.deepEqual([lookups('hit'), lookups('miss')], [2, 4])
      assert.equal(read.value('claimgate_token_cache_entries'), 1)
      assert.ok(read.value('claimgate_token_cache_bytes')! > 2048)
      const closed = await scrapeUntil(gateway, (now) => now.value('claimgate_connections') === 0)
      assert.equal(closed.value('claimgate_connections'), 0)
      assert.equal(closed.value('claimgate_requests_in_flight'), 0)
      assert.ok(!closed.families.some(({ name }) => name.startsWith('claimgate_workers')))
    })

  test('nothing that a client sent is in it: no token, path, name, value, host or address', async () => {
    await using gateway = await start(1)
    const token = await issuer.token({ sub: 'somebody-secret' })
    const mark = 'needle'
    const fields = [
      `Authorization: Bearer ${token}`,
      `X-${mark}: ${mark}`,
      `Cookie: ${mark}=${mark}`,
      `User-Agent: ${mark}"} 1`,
    ]
    for (const request of [
      { target: `/${mark}?${mark}=${mark}`, fields },
      { target: `/private/${mark}`, fields },
      { target: `/private/${mark}`, fields: [`Authorization: Bearer ${mark}`] },
      { method: 'NEEDLE', target: '/a', fields },
      { target: `/${mark}%00`, fields },
      { target: '/', host: `${mark}.example`, fields },
      { target: '/', host: `${mark}"\\`, fields },
    ])
      await rawAnswer(gateway.url, rawRequest(request))
    await rawAnswer(gateway.url, `${mark} ${mark}\r\n\r\n`)
    const text = await scrapeText(gateway)
    assert.equal(requestsOf(readPrometheusText(text)), 8)
    for (const part of [mark, ...token.split('.'), 'somebody-secret', '127.0.0.1', 'test-key'])
      assert.ok(!text.toLowerCase().includes(part.toLowerCase()), part)
  })

  test('a reload that fails and one that does not are told of, and counts go on', async () => {
    await using gateway = await start(1)
    const client = new KeepAliveClient(gateway.url)
    await client.ask('/a')
    const first = await scrape(gateway)
    await gateway.reload(`${configuration()}\nnonsense: 1\n`)
    const failed = await scrape(gateway)
    assert.equal(failed.value('claimgate_reloads_total', { result: 'failure' }), 1)
    assert.equal(failed.value('claimgate_last_reload_successful'), 0)
    const time = 'claimgate_last_reload_success_timestamp_seconds'
    assert.equal(failed.value(time), first.value(time))
    // Another admin address needs a restart, as everything that is read at the start.
    const said = await gateway.reload(
      configuration({ routes: '  - { name: new, path: /new, backend: live, auth: none }' }).replace(
        'admin: { address: 127.0.0.1:0 }',
        '',
      ),
    )
    assert.match(
      said,
      /^the configuration was reloaded, except for listeners, admin, .*: those need a restart$/,
    )
    assert.equal((await client.ask('/new')).status, 200)
    assert.equal((await client.ask('/a')).status, 200)
    client.close()
    const read = await scrapeUntil(gateway, (now) => requestsOf(now) === 3)
    assert.deepEqual(outcomes(read), [3, 0, 0])
    const route = (name: string) =>
      read.value('claimgate_route_requests_total', { route: name, status: '2xx' })
    assert.deepEqual([route('open'), route('new')], [2, 1])
    assert.equal(read.value('claimgate_reloads_total', { result: 'success' }), 1)
    assert.equal(read.value('claimgate_last_reload_successful'), 1)
    assert.ok(read.value(time)! > first.value(time)!)
  })

  test('connections beyond the limit are counted, and those that are open', async () => {
    await using gateway = await start(1, 'limits: { maxConnections: 2 }')
    const clients = [await RawClient.connect(gateway.port), await RawClient.connect(gateway.port)]
    for (let i = 0; i < 3; i++) await (await RawClient.connect(gateway.port)).rest()
    const read = await scrape(gateway)
    assert.equal(read.value('claimgate_connections'), 2)
    assert.equal(read.value('claimgate_connections_limit'), 2)
    assert.equal(read.value('claimgate_connections_refused_total'), 3)
    for (const { socket } of clients) socket.destroy()
  })

  test('an admin address that somebody else has keeps the gateway from starting', async () => {
    await using gateway = await start(1)
    gateway.write(
      'second.yaml',
      configuration().replace(
        'admin: { address: 127.0.0.1:0 }',
        `admin: { address: "${new URL(adminOf(gateway)).host}" }`,
      ),
    )
    const { code, stderr } = await run(['serve', 'second.yaml'], { cwd: gateway.folder })
    assert.equal(code, 1)
    assert.match(
      stderr,
      /cannot listen on `127\.0\.0\.1:\d+`: EADDRINUSE\nhint: another process listens there/,
    )
  })
})

test('without an admin address nothing is counted', async () => {
  const text = `version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends: { b: { url: "http://127.0.0.1:${backendPort}" } }
routes: [{ path: /*, backend: b, auth: none }]
`
  for (const [admin, families] of [
    ['', 0],
    ['admin: { address: 127.0.0.1:9901 }\n', 1],
  ] as const) {
    const gateway = await startTestGateway(text + admin)
    await rawAnswer(gateway.url, rawRequest({}))
    const snapshot = await gateway.server.measure()
    assert.equal(snapshot.size > 0, families > 0)
    await gateway.close()
  }
})

describe('metrics of several workers', { skip: noProcesses, timeout: 120_000 }, () => {
  async function ask(gateway: ProcessGateway, path: string, times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      const client = new KeepAliveClient(gateway.url)
      await client.ask(path)
      client.close()
    }
  }

  test('are those of all together, with each process by itself, and every one of the table is there', async () => {
    await using gateway = await start(2)
    await ask(gateway, '/a', 10)
    await ask(gateway, '/private/a', 6)
    await ask(gateway, '/dead', 4)
    const read = await scrapeUntil(gateway, (now) => requestsOf(now) === 20)
    assert.deepEqual(outcomes(read), [10, 10, 0])
    assert.equal(read.value('claimgate_key_source_status', { source: 'main', status: 'fresh' }), 1)
    assert.equal(read.value('claimgate_key_source_keys', { source: 'main' }), 1)
    assert.equal(read.value('claimgate_key_source_fetches_total', { source: 'main' }), 1)
    assert.equal(read.value('claimgate_refusals_total', { code: 'GW_TOKEN_MISSING' }), 6)
    assert.equal(read.value('claimgate_request_duration_seconds_count', { outcome: 'forward' }), 10)
    assert.equal(
      read.value('claimgate_upstream_failures_total', { backend: 'dead', code: 'GW_UPSTREAM_UNREACHABLE' }),
      4,
    )
    assert.equal(read.value('claimgate_connections_limit'), 10_000)
    assert.equal(read.value('claimgate_workers'), 2)
    assert.equal(read.value('claimgate_workers_unanswered'), 0)
    for (const worker of ['1', '2', 'primary'])
      assert.ok(read.value('claimgate_process_resident_memory_bytes', { worker })! > 1e7, worker)
    const rows = Object.entries<MetricRow>(METRICS)
    assert.deepEqual(
      read.families.map(({ name, type, help }) => [name, type, help]),
      rows.map(([name, { type, help }]) => [name, type, help]),
    )
    for (const { name, samples } of read.families) {
      const row = rows.find(([each]) => each === name)![1]
      for (const { labels } of samples) {
        const { le: _le, ...own } = labels
        assert.deepEqual(
          Object.keys(own),
          [...row.labels, ...(row.across === 'each' ? ['worker'] : [])],
          name,
        )
      }
    }
  })

  test('a sum does not go back when a worker crashes, and its place is counted', async () => {
    await using gateway = await start(2)
    await ask(gateway, '/a', 12)
    assert.deepEqual(outcomes(await scrapeUntil(gateway, (now) => requestsOf(now) === 12)), [12, 0, 0])
    await ask(gateway, '/crash', 1)
    await ask(gateway, '/a', 2)
    for (const wanted of [1, 2]) {
      const read = await scrapeUntil(
        gateway,
        (now) =>
          now.value('claimgate_worker_restarts_total') === wanted && now.value('claimgate_workers') === 2,
      )
      assert.equal(read.value('claimgate_worker_restarts_total'), wanted)
      assert.equal(read.value('claimgate_workers'), 2)
      assert.equal(outcomes(read)[0], 12 + 2 * wanted)
      assert.equal(
        read.value('claimgate_request_duration_seconds_count', { outcome: 'forward' }),
        12 + 2 * wanted,
      )
      if (wanted === 2) break
      await ask(gateway, '/crash', 1)
      await ask(gateway, '/a', 2)
    }
  })

  test('a worker that stands still is left out after a second, and counted; its sums stay', async () => {
    await using gateway = await start(2)
    await ask(gateway, '/a', 8)
    await scrapeUntil(gateway, (now) => requestsOf(now) === 8)
    const [first] = gateway.workers()
    process.kill(first!, 'SIGSTOP')
    const before = performance.now()
    // Both get the answer of one question.
    const [read, other] = await Promise.all([scrape(gateway), scrape(gateway)])
    const tookMs = performance.now() - before
    assert.ok(tookMs > 800 && tookMs < 1900, `${tookMs}`)
    for (const each of [read, other]) {
      assert.equal(each.value('claimgate_workers'), 2)
      assert.equal(each.value('claimgate_workers_unanswered'), 1)
      assert.equal(requestsOf(each), 8)
      assert.equal(each.value('claimgate_connections_limit'), 5000)
    }
    process.kill(first!, 'SIGCONT')
    const again = await scrapeUntil(gateway, (now) => now.value('claimgate_workers_unanswered') === 0)
    assert.equal(again.value('claimgate_workers_unanswered'), 0)
    assert.equal(again.value('claimgate_connections_limit'), 10_000)
    assert.equal(requestsOf(again), 8)
  })
})

describe('health and readiness', { skip: noProcesses, timeout: 60_000 }, () => {
  for (const workers of [1, 2])
    test(`it is ready until it is told to stop, and then draining to the end: workers ${workers}`, async () => {
      await using gateway = await start(workers)
      const admin = adminOf(gateway)
      const look = async (path: string): Promise<string> => {
        const response = await fetch(admin + path)
        return `${response.status} ${await response.text()}`
      }
      assert.equal(await look('/readyz'), '200 ready\n')
      const client = new KeepAliveClient(gateway.url)
      const slow = client.ask('/slow')
      await sleep(100)
      gateway.cli.signal('SIGTERM')
      await gateway.cli.until('stopping')
      assert.equal(await look('/readyz'), '503 draining\n')
      assert.equal(await look('/healthz'), '200 ok\n')
      assert.equal((await scrape(gateway)).value('claimgate_requests_in_flight'), 1)
      assert.deepEqual(await slow, { status: 200, body: 'slow', error: '' })
      assert.equal(await gateway.cli.ended, 0)
      await assert.rejects(look('/healthz'))
    })
})
