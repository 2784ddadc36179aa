import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { FunctionBackendSpec } from '../../src/plan/spec.ts'
import { createUpstream, UpstreamSet } from '../../src/proxy/node/upstreams.ts'
import { httpBackend, type ForwardingGateway } from '../support/forwarding-gateway.ts'
import { RawClient, startScriptedServer } from '../support/raw-http.ts'
import { settled, until } from '../support/wait.ts'
import { eachEngine } from '../support/engines.ts'

const SECRET = 'the secret of the function'

/** What the functions of `functions/` leave behind for the test to see. */
const traces = globalThis as { functionAborted?: number; functionPulled?: number; functionStopped?: boolean }

function spec(file: string, more: Partial<FunctionBackendSpec> = {}): FunctionBackendSpec {
  const module = join(import.meta.dirname, 'functions', file)
  return {
    kind: 'function',
    name: 'hello',
    origin: { file: 'test', line: 1 },
    module,
    timeoutMs: 1000,
    ...more,
  }
}

eachEngine(({ engine, startForwardingGateway }) => {
  async function serve(
    file: string,
    more: Partial<FunctionBackendSpec> = {},
  ): Promise<ForwardingGateway & { problems: unknown[] }> {
    const problems: unknown[] = []
    const upstream = await createUpstream(spec(file, more), {
      ...engine,
      onProblem: (backend, cause) => {
        assert.equal(backend, 'hello')
        problems.push(cause)
      },
    })
    return Object.assign(await startForwardingGateway({ upstream }), { problems })
  }

  async function ask(gateway: ForwardingGateway, request: string): Promise<string> {
    const client = await RawClient.connect(gateway.port)
    client.write(request.replace(' HTTP/1.1\r\n', ' HTTP/1.1\r\nConnection: close\r\n'))
    const text = await client.rest()
    client.socket.destroy()
    return text
  }

  const get = (path: string, fields = ''): string =>
    `GET ${path} HTTP/1.1\r\nHost: a.example:8080\r\n${fields}\r\n`

  test('a function gets the request and its answer is passed on', async () => {
    await using gateway = await serve('echo.js')
    const text = await ask(
      gateway,
      'POST /echo?a=%20b HTTP/1.1\r\nHost: a.example:8080\r\nContent-Length: 5\r\n\r\nhello',
    )
    assert.match(text, /^HTTP\/1.1 201 Created\r\n/)
    assert.match(text, /x-method: POST\r\nx-url: http:\/\/a.example:8080\/echo\?a=%20b\r\n/)
    assert.match(text, /\r\n5\r\nhello\r\n0\r\n\r\n$/)
    assert.deepEqual(
      gateway.outcomes.map(({ kind }) => kind),
      ['answered', 'done'],
    )
  })

  test('a module may export the function alone', async () => {
    await using gateway = await serve('plain.js')
    assert.match(await ask(gateway, get('/')), /plain GET/)
  })

  test('the scheme of the URL is the one that the gateway says in X-Forwarded-Proto', async () => {
    await using gateway = await serve('echo.js')
    assert.match(
      await ask(gateway, get('/echo', 'X-Forwarded-Proto: https\r\n')),
      /x-url: https:\/\/a.example:8080\/echo/,
    )
  })

  test('UTF-8 in a header reaches the function as bytes, and bytes come back as they are', async () => {
    await using gateway = await serve('echo.js')
    const bytes = Buffer.from('grüße ☃').toString('latin1')
    const text = await ask(gateway, get('/header', `X-User: ${bytes}\r\n`))
    assert.ok(text.includes(`x-user: ${bytes}\r\n`))
    assert.ok(text.endsWith(`\r\n${bytes}\r\n0\r\n\r\n`))
  })

  test('cookies of a function are kept apart, and its hop-by-hop fields stay behind', async () => {
    await using gateway = await serve('echo.js')
    const text = await ask(gateway, get('/cookies'))
    assert.match(text, /\r\nSet-Cookie: a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT\r\nSet-Cookie: b=2\r\n/)
    assert.doesNotMatch(text, /x-hop|timeout=9/)
  })

  test('a stream of a function arrives event by event', async () => {
    await using gateway = await serve('echo.js')
    const text = await ask(gateway, get('/stream'))
    assert.match(text, /\r\n9\r\ndata: 3\n\n\r\n9\r\ndata: 2\n\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n$/)
  })

  test('a large body goes through a function and back, piece by piece', async () => {
    await using gateway = await serve('echo.js')
    const client = await RawClient.connect(gateway.port)
    const piece = 'x'.repeat(1_000_000)
    client.write(`POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5000000\r\n\r\n`)
    for (let i = 0; i < 5; i++) client.write(piece)
    const text = await client.rest()
    assert.equal(text.split('x-url')[1]!.match(/x/g)!.length, 5_000_000)
    client.socket.destroy()
  })

  test('a client that does not read stops the function, and one that goes away aborts it', async () => {
    await using gateway = await serve('echo.js')
    const client = await RawClient.connect(gateway.port)
    client.socket.pause()
    client.write(get('/endless'))
    const last = await settled(() => traces.functionPulled ?? 0)
    assert.ok(last < 24 * 1024 * 1024, `${last} bytes were pulled`)
    assert.equal(traces.functionStopped, false)
    client.socket.destroy()
    await until(() => traces.functionStopped === true)
    assert.equal((await gateway.outcome('broken')).refusal?.reason, 'client-gone')
    assert.deepEqual(gateway.problems, [])
  })

  const FAILURES: Readonly<Record<string, { reason: string; secret?: boolean }>> = {
    '/throw': { reason: 'threw', secret: true },
    '/reject': { reason: 'threw', secret: true },
    '/nothing': { reason: 'bad-response' },
    '/string': { reason: 'bad-response' },
    '/bad-status': { reason: 'bad-response' },
    '/bad-header': { reason: 'bad-response' },
    '/used': { reason: 'bad-response' },
  }

  for (const [path, { reason, secret }] of Object.entries(FAILURES)) {
    test(`${path}: a function that fails is a 502 for its own client, and its error is for the log alone`, async () => {
      await using gateway = await serve('echo.js')
      const text = await ask(gateway, get(path))
      assert.match(text, new RegExp(`^HTTP/1.1 502 [^]*GW_UPSTREAM_FUNCTION ${reason}$`))
      assert.ok(!text.includes(SECRET) && !text.includes('evil'))
      assert.ok(!JSON.stringify(gateway.outcomes).includes(SECRET))
      assert.equal(gateway.problems.length, 1)
      if (secret === true) assert.equal((gateway.problems[0] as Error).message, SECRET)
      assert.match(await ask(gateway, get('/query?fine')), /\?fine/)
    })
  }

  for (const path of ['/breaks', '/short', '/long', '/text-chunks']) {
    test(`${path}: an answer that fails after its head is a broken message`, async () => {
      await using gateway = await serve('echo.js')
      const client = await RawClient.connect(gateway.port)
      client.write(get(path))
      const text = await client.rest()
      assert.ok(!text.endsWith('\r\n0\r\n\r\n'), text)
      assert.ok(!text.includes('abcd'), text)
      assert.equal((await gateway.outcome('broken')).refusal?.code, 'GW_UPSTREAM_FUNCTION')
      assert.equal(gateway.problems.length, 1)
    })
  }

  test('a function that does not answer in time is a 504 and is aborted', async () => {
    await using gateway = await serve('echo.js', { timeoutMs: 100 })
    const before = traces.functionAborted ?? 0
    assert.match(await ask(gateway, get('/hang')), /^HTTP\/1.1 504 [^]*GW_UPSTREAM_TIMEOUT function-timeout$/)
    assert.equal(traces.functionAborted, before + 1)
  })

  test('a function whose client goes away is aborted', async () => {
    await using gateway = await serve('echo.js')
    const before = traces.functionAborted ?? 0
    const client = await RawClient.connect(gateway.port)
    client.write(get('/hang'))
    await until(() => gateway.listener.exchanges === 1)
    client.socket.destroy()
    await until(() => traces.functionAborted === before + 1)
    assert.equal((await gateway.outcome('broken')).refusal?.reason, 'client-gone')
  })

  test('a function that falls silent in its answer is broken off', async () => {
    await using gateway = await serve('echo.js', { timeoutMs: 100 })
    const client = await RawClient.connect(gateway.port)
    client.write(get('/stalls'))
    await client.until('begun')
    assert.ok(!(await client.rest()).includes('0\r\n\r\n'))
    assert.equal((await gateway.outcome('broken')).refusal?.code, 'GW_UPSTREAM_TIMEOUT')
  })

  test('HEAD, 204 and an empty body are framed as they should be', async () => {
    await using gateway = await serve('echo.js')
    const head = await ask(gateway, 'HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.match(head, /^HTTP\/1.1 200 [^]*\r\n\r\n$/)
    assert.doesNotMatch(head, /content-length/i)
    assert.doesNotMatch(await ask(gateway, get('/empty')), /content-length|transfer-encoding/i)
    assert.match(await ask(gateway, get('/null')), /\r\nContent-Length: 0\r\n/)
  })

  test('a function need not read the body of its request', async () => {
    await using gateway = await serve('echo.js')
    const client = await RawClient.connect(gateway.port)
    for (let i = 0; i < 2; i++) {
      client.write('POST /ignore-body HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello')
      await client.until('ignored\r\n0\r\n\r\n')
    }
    client.socket.destroy()
  })

  test('methods that a web-standard Request cannot have are refused', async () => {
    await using gateway = await serve('echo.js')
    assert.match(await ask(gateway, 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1.1 405 /)
  })

  test('a path that a URL would change is refused, so that the function sees what the policy saw', async () => {
    await using gateway = await serve('echo.js')
    for (const path of ['/a/../echo', '/a/%2e%2E/echo', '/./echo']) {
      assert.match(await ask(gateway, get(path)), /^HTTP\/1.1 400 [^]*GW_REQUEST_PATH /, path)
    }
    for (const path of ['/echo?a={b}|"^`<>\'', '/echo?', '/echo?a=%2e%2e/..']) {
      assert.match(await ask(gateway, get(path)), /^HTTP\/1.1 201 /, path)
    }
    assert.match(await ask(gateway, get('//echo')), /^HTTP\/1.1 404 /)
  })

  test('a function that cannot be loaded is a fault that names its file', async () => {
    const load = (file: string, more = {}): Promise<unknown> =>
      createUpstream(spec(file, more), { ...engine, onProblem: () => {} })
    await assert.rejects(load('missing.js'), {
      name: 'Fault',
      message: /missing\.js` of backend `hello` cannot be loaded/,
    })
    await assert.rejects(load('throws-at-load.js'), { hint: 'the module failed with: no database' })
    await assert.rejects(load('no-handler.js'), {
      message: /no-handler\.js` of backend `hello` exports no handler/,
    })
    await assert.rejects(load('never-loads.js', { timeoutMs: 50 }), { hint: /did not finish in time/ })
  })

  test('backends that a new plan leaves as they are keep their connections, others are closed', async () => {
    await using kept = await startScriptedServer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    await using dropped = await startScriptedServer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    const set = new UpstreamSet({ ...engine, onProblem: () => {} })
    const [one, two] = [
      httpBackend({ name: 'one', urls: [kept.url] }),
      httpBackend({ name: 'two', urls: [dropped.url] }),
    ]
    const before = await set.replace([one, two])
    const upstream = before.get('one')!
    const moved = { ...one, origin: { file: 'elsewhere', line: 99 } }
    const after = await set.replace([moved, { ...two, idleTimeoutMs: 1 }])
    assert.equal(after.get('one'), upstream)
    assert.notEqual(after.get('two'), before.get('two'))
    await using gateway = await startForwardingGateway({ upstream })
    await ask(gateway, get('/'))
    await set.replace([moved])
    await ask(gateway, get('/'))
    assert.equal(kept.accepted, 1)
    await assert.rejects(set.replace([one, spec('missing.js')]), { name: 'Fault' })
    assert.equal((await set.replace([one])).get('one'), upstream)
    await set.close()
  })
})
