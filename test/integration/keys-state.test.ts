import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { run } from '../cli/built-cli.ts'
import { json } from '../support/key-answer.ts'
import { jwksOf, tokenOf } from '../support/key-documents.ts'
import { startKeyServer } from '../support/key-server.ts'
import { startKeyedGateway, type KeyedGateway } from '../support/keyed-gateway.ts'
import { noProcesses } from '../support/process-gateway.ts'
import { readPrometheusText, type Scrape } from '../support/prometheus-text.ts'
import { createSigner } from '../support/signer.ts'
import { until } from '../support/wait.ts'

const a = createSigner('ES256', { kid: 'a' })
const b = createSigner('ES256', { kid: 'b' })
const ADMIN = 'admin: { address: 127.0.0.1:0 }'

/** What the admin address tells of one source. Times are milliseconds. */
interface State {
  readonly source: string
  readonly url: string
  readonly status: string
  readonly keys: readonly {
    readonly kid: string
    readonly algorithms: readonly string[]
    readonly firstSeenMs: number
    readonly lastUsedMs?: number
  }[]
  readonly skipped: readonly string[]
  readonly fetches: number
  readonly failures: number
  readonly lastSuccessMs?: number
  readonly lastFailure?: { readonly atMs: number; readonly why: string }
  readonly nextFetchMs?: number
}

async function page(gateway: KeyedGateway, path: string): Promise<Response> {
  await gateway.cli.until(/admin on \S+\n/)
  return fetch(`${/admin on (\S+)/.exec(gateway.cli.output.stderr)![1]}${path}`)
}

async function states(gateway: KeyedGateway): Promise<Readonly<Record<string, State>>> {
  const all = (await (await page(gateway, '/keys')).json()) as readonly State[]
  return Object.fromEntries(all.map((state) => [state.source, state]))
}

async function scrape(gateway: KeyedGateway): Promise<Scrape> {
  return readPrometheusText(await (await page(gateway, '/metrics')).text())
}

const isRecent = (timeMs: number | undefined): boolean =>
  timeMs !== undefined && Math.abs(Date.now() - timeMs) < 60_000

describe('the state of sources of keys', { timeout: 120_000, concurrency: 2, skip: noProcesses }, () => {
  for (const workers of [1, 2])
    it(`is on the admin address, with keys, times and figures: ${workers} workers`, async () => {
      await using server = await startKeyServer()
      const [good, bad] = ['/keys?tenant=hidden', '/bad']
      server.serve(good, json({ keys: [a.jwk, b.jwk, { kty: 'XYZ', kid: 'x' }] }))
      server.serve(bad, { status: 500 })
      await using gateway = await startKeyedGateway({
        authentications: {
          main: `keys: { url: "${server.url}${good}", refresh: 1h, cooldown: 1s }`,
          down: `keys: { url: "${server.url}${bad}", cooldown: 1s }`,
        },
        workers,
        fetched: 1,
        more: ADMIN,
      })
      await gateway.untilLines('keys could not be fetched')
      assert.equal((await gateway.ask(tokenOf(a))).status, 200)
      const isUsed = async (): Promise<boolean> =>
        (await states(gateway))['main']?.keys[0]?.lastUsedMs !== undefined
      // Workers tell of the use of keys from time to time.
      for (let i = 0; i < 200 && !(await isUsed()); i++) await new Promise((next) => setTimeout(next, 50))
      const { main, down } = await states(gateway)
      assert.ok(main !== undefined && down !== undefined)
      assert.deepEqual(
        [main.status, main.fetches, main.failures, main.lastFailure, main.skipped.length],
        ['fresh', 1, 0, undefined, 1],
      )
      assert.equal(main.url, `${server.url}/keys?…`)
      assert.deepEqual(
        main.keys.map(({ kid, algorithms }) => [kid, ...algorithms]),
        [
          ['a', 'ES256'],
          ['b', 'ES256'],
        ],
      )
      const [first, second] = main.keys
      assert.ok(isRecent(first?.firstSeenMs) && isRecent(first?.lastUsedMs) && isRecent(main.lastSuccessMs))
      assert.equal(second?.lastUsedMs, undefined)
      const inMs = (main.nextFetchMs ?? 0) - Date.now()
      assert.ok(inMs > 0.7 * 3_600_000 && inMs < 3_600_000, String(inMs))
      assert.deepEqual([down.status, down.keys, down.lastSuccessMs], ['none', [], undefined])
      assert.ok(down.failures >= 1 && isRecent(down.lastFailure?.atMs))
      assert.match(down.lastFailure?.why ?? '', /status 500/)
      const figures = await scrape(gateway)
      const value = (name: string, source: string): number => figures.sum(name, { source })
      assert.equal(value('claimgate_key_source_keys', 'main'), 2)
      assert.equal(value('claimgate_key_source_skipped_keys', 'main'), 1)
      assert.equal(value('claimgate_key_source_fetches_total', 'main'), server.fetches(good))
      assert.equal(figures.sum('claimgate_key_source_status', { source: 'main', status: 'fresh' }), 1)
      assert.equal(figures.sum('claimgate_key_source_status', { source: 'down', status: 'none' }), 1)
      assert.ok(value('claimgate_key_source_fetch_failures_total', 'down') >= 1)
    })

  it('is stale while the last good keys serve, fresh when they were fetched again, and none after they were too old', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    await using gateway = await startKeyedGateway({
      authentications: {
        main: `keys: { url: "${server.url}/keys", refresh: 1s, minRefresh: 1s, serveStale: 3s }`,
      },
      fetched: 1,
      more: ADMIN,
    })
    const status = async (wanted: string): Promise<State> => {
      for (let i = 0; i < 300; i++) {
        const { main } = await states(gateway)
        if (main?.status === wanted) return main
        await new Promise((next) => setTimeout(next, 30))
      }
      throw new Error(`never ${wanted}`)
    }
    const { keys } = await status('fresh')
    await server.stop()
    const stale = await status('stale')
    assert.match(stale.lastFailure?.why ?? '', /nobody listens there/)
    await server.start()
    const fresh = await status('fresh')
    assert.equal(fresh.keys[0]?.firstSeenMs, keys[0]?.firstSeenMs)
    await server.stop()
    assert.deepEqual((await status('none')).keys, [])
  })

  it('is in the log: what is skipped from the first fetch on, and when it comes later', async () => {
    await using server = await startKeyServer()
    const [x, y] = ['x', 'y'].map((kid) => ({ kty: 'XYZ', kid }))
    server.serve('/keys', json({ keys: [x] }))
    await using gateway = await startKeyedGateway({
      authentications: { main: `keys: { url: "${server.url}/keys", refresh: 1s, minRefresh: 1s }` },
    })
    const [first] = await gateway.untilLines('a key was skipped')
    assert.deepEqual([first?.['source'], first?.['level']], ['main', 'warn'])
    assert.match(String(first?.['problem']), /kid "x"/)
    server.serve('/keys', json({ keys: [a.jwk, x] }))
    await gateway.askUntil({ status: 200 }, tokenOf(a))
    server.serve('/keys', json({ keys: [a.jwk, x, y] }))
    await gateway.untilLines('a key was skipped', 1, ({ problem }) => /kid "y"/.test(String(problem)))
  })

  it('is in the log: that a failure is over, though the keys are the same', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    await using gateway = await startKeyedGateway({
      authentications: { main: `keys: { url: "${server.url}/keys", refresh: 1s, minRefresh: 1s }` },
      fetched: 1,
    })
    await server.stop()
    await gateway.untilLines('keys could not be fetched')
    await server.start()
    const [, again] = await gateway.untilLines('keys were fetched', 2)
    assert.deepEqual(
      [again?.['keys'], again?.['added'], again?.['removed']],
      [['kid "a"'], undefined, undefined],
    )
  })

  it('is in the steps of a decision: which key of which source, or what is in the way', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    server.serve('/bad', { status: 500 })
    await using gateway = await startKeyedGateway({
      authentications: {
        main: `keys: { url: "${server.url}/keys", cooldown: 1s }`,
        down: `keys: { url: "${server.url}/bad", cooldown: 1s }`,
      },
      fetched: 1,
      more: 'log: { steps: all }',
    })
    assert.equal((await gateway.ask(tokenOf(a))).status, 200)
    await gateway.cli.until(
      /"key","outcome":"passed","message":"kid \\"a\\" is the key, fetched \d+ s ago for `main`"/,
      'stdout',
    )
    const { steps } = await gateway.entryOf(await gateway.ask(tokenOf(a), 'down'))
    assert.match(JSON.stringify(steps), /the keys of `down` cannot be fetched: .*status 500/)
  })

  it('is what `explain` fetches itself, once for a source', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    await using gateway = await startKeyedGateway({
      authentications: { main: `keys: { url: "${server.url}/keys", cooldown: 1s }` },
      fetched: 1,
    })
    const explain = (token: string): ReturnType<typeof run> =>
      run(['explain', 'claimgate.yaml', '/main/x', '--token', token], { cwd: gateway.folder })
    const good = await explain(tokenOf(a))
    assert.equal(good.code, 0, good.stderr)
    assert.match(good.stdout, /fetched \d+ s ago for `main`/)
    assert.equal(server.fetches(), 2)
    await server.stop()
    const bad = await explain(tokenOf(a))
    assert.equal(bad.code, 1, bad.stderr)
    assert.match(bad.stdout, /the keys of `main` cannot be fetched: .*nobody listens there/)
    await until(() => gateway.lines('keys were fetched').length === 1)
  })
})
