import assert from 'node:assert/strict'
import type { OutgoingHttpHeaders } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { json } from '../support/key-answer.ts'
import { jwksOf, tokenOf } from '../support/key-documents.ts'
import { startKeyServer, type KeyServer } from '../support/key-server.ts'
import { startKeyedGateway } from '../support/keyed-gateway.ts'
import { createSigner } from '../support/signer.ts'
import { until } from '../support/wait.ts'

const a = createSigner('ES256', { kid: 'a' })

/** Milliseconds from each fetch of a path to the next. */
function intervalsOf(server: KeyServer, path: string): readonly number[] {
  const times = server.requests.filter((request) => request.path === path).map(({ timeMs }) => timeMs)
  return times.slice(1).map((time, i) => time - times[i]!)
}

interface Case {
  readonly settings: string
  readonly headers: () => OutgoingHttpHeaders
}

const HTTP_DATE_STEP_MS = 1000

/** Everything here is a lifetime of 1 second; `refresh` is never what is meant. */
const SECOND: Readonly<Record<string, Case>> = {
  maxAge: {
    settings: 'refresh: 1h, minRefresh: 1s',
    headers: () => ({ 'Cache-Control': 'public, max-age=1' }),
  },
  quoted: {
    settings: 'refresh: 1h, minRefresh: 1s',
    headers: () => ({ 'Cache-Control': 'private="set-cookie", MAX-AGE="1", must-revalidate' }),
  },
  age: {
    settings: 'refresh: 1h, minRefresh: 1s',
    headers: () => ({ 'Cache-Control': 'max-age=100', Age: '99' }),
  },
  maxAgeOverExpires: {
    settings: 'refresh: 1h, minRefresh: 1s',
    headers: () => ({
      'Cache-Control': 'max-age=1',
      Expires: new Date(Date.now() + 3_600_000).toUTCString(),
    }),
  },
  expires: {
    settings: 'refresh: 1h, minRefresh: 1s',
    headers: () => {
      const now = Math.floor(Date.now() / HTTP_DATE_STEP_MS) * HTTP_DATE_STEP_MS
      return { Date: new Date(now).toUTCString(), Expires: new Date(now + 1000).toUTCString() }
    },
  },
  /** The clock of the server is an hour behind: what it says is meant by its own (RFC 9111, 4.2.1). */
  expiresByItsClock: {
    settings: 'refresh: 1h, minRefresh: 1s',
    headers: () => {
      const now = Math.floor(Date.now() / HTTP_DATE_STEP_MS) * HTTP_DATE_STEP_MS - 3_600_000
      return { Date: new Date(now).toUTCString(), Expires: new Date(now + 1000).toUTCString() }
    },
  },
  refreshWhereNothingIsSaid: { settings: 'refresh: 1s, minRefresh: 1s', headers: () => ({}) },
  /** What cannot be read is stale (RFC 9111, 4.2.1 and 5.3). */
  atLeastWhereNonsenseIsSaid: {
    settings: 'refresh: 1h, minRefresh: 1s',
    headers: () => ({ 'Cache-Control': 'max-age=soon', Expires: 'tomorrow' }),
  },
  atMost: {
    settings: 'refresh: 1s, minRefresh: 1s, maxRefresh: 1s',
    headers: () => ({ 'Cache-Control': 'max-age=99999999999999' }),
  },
  atLeast: {
    settings: 'refresh: 1h, minRefresh: 1s',
    headers: () => ({ 'Cache-Control': 'no-store, no-cache, max-age=0', Expires: '0' }),
  },
}

describe('when keys are fetched again', { timeout: 120_000, concurrency: 2 }, () => {
  it('is when the server said, within bounds, and as configured where it said nothing', async () => {
    await using server = await startKeyServer()
    const names = Object.keys(SECOND)
    for (const name of names) server.serve(`/${name}`, () => json(jwksOf(a), SECOND[name]!.headers()))
    await using gateway = await startKeyedGateway({
      authentications: Object.fromEntries(
        names.map((name) => [name, `keys: { url: "${server.url}/${name}", ${SECOND[name]!.settings} }`]),
      ),
    })
    await until(() => names.every((name) => server.fetches(`/${name}`) >= 4))
    for (const name of names) {
      const intervals = intervalsOf(server, `/${name}`).slice(0, 3)
      // Around the end of the second, never soon after its start; a busy machine may be late by much.
      for (const interval of intervals) assert.ok(interval > 500, `${name}: ${intervals.join()}`)
      assert.ok(Math.min(...intervals) < 2000, `${name}: ${intervals.join()}`)
    }
    assert.equal(gateway.lines('keys could not be fetched').length, 0)
  })

  it('is no sooner than the bounds say, whatever the server says', async () => {
    await using server = await startKeyServer()
    const cases = {
      never: ['refresh: 1h', { 'Cache-Control': 'no-store' }],
      past: ['refresh: 1h', { Expires: 'Thu, 01 Jan 1970 00:00:00 GMT' }],
      bounded: ['refresh: 1h, minRefresh: 1h', { 'Cache-Control': 'max-age=1' }],
      long: ['refresh: 1s, minRefresh: 1s', { 'Cache-Control': 'max-age=3600' }],
    } as const
    for (const [name, [, headers]] of Object.entries(cases))
      server.serve(`/${name}`, json(jwksOf(a), headers))
    await using gateway = await startKeyedGateway({
      authentications: Object.fromEntries(
        Object.entries(cases).map(([name, [settings]]) => [
          name,
          `keys: { url: "${server.url}/${name}", ${settings} }`,
        ]),
      ),
    })
    await gateway.untilLines('keys were fetched', 4)
    await sleep(2500)
    for (const name of Object.keys(cases)) assert.equal(server.fetches(`/${name}`), 1, name)
  })

  it('is later and later while it fails, and as usual when it has succeeded', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', { status: 500 })
    await using gateway = await startKeyedGateway({
      authentications: { main: `keys: { url: "${server.url}/keys", refresh: 1s, minRefresh: 1s }` },
    })
    const failures = await gateway.untilLines('keys could not be fetched', 3)
    const waits = failures.slice(0, 3).map(({ nextTryInMs }) => Number(nextTryInMs))
    assert.ok(waits[2]! > waits[0]! * 1.5, waits.join())
    // What was said is what is done.
    const [first, second] = intervalsOf(server, '/keys')
    assert.ok(
      first! >= waits[0]! - 50 && second! >= waits[1]! - 50,
      `${first}, ${second} for ${waits.join()}`,
    )
    server.serve('/keys', json(jwksOf(a)))
    await gateway.askUntil({ status: 200 }, tokenOf(a))
    const fetches = server.fetches()
    await until(() => server.fetches() >= fetches + 3)
    const usual = intervalsOf(server, '/keys').slice(-2)
    assert.ok(Math.min(...usual) < 1500, usual.join())
  })

  it('is when a server wants it that is busy, and clients are told so', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', { status: 503, headers: { 'Retry-After': '60' } })
    await using gateway = await startKeyedGateway({
      authentications: { main: `keys: { url: "${server.url}/keys", cooldown: 1s }` },
    })
    const [line] = await gateway.untilLines('keys could not be fetched')
    assert.match(String(line?.['error']), /answers with status 503, and wants to be asked again in 60 s$/)
    assert.equal(line?.['nextTryInMs'], 60_000)
    for (let i = 0; i < 5; i++) {
      const { code, headers } = await gateway.ask(tokenOf(a))
      const seconds = Number(headers['retry-after'])
      assert.deepEqual([code, seconds > 45 && seconds <= 60], ['GW_KEYS_UNAVAILABLE', true], String(seconds))
      await sleep(400)
    }
    assert.equal(server.fetches(), 1)
  })

  it('is not told by the requests of a source that is down: a handful of fetches for all of them', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', { status: 503 })
    await using gateway = await startKeyedGateway({
      authentications: { main: `keys: { url: "${server.url}/keys", cooldown: 1s }` },
    })
    const since = performance.now()
    let asked = 0
    while (performance.now() - since < 2500) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => gateway.ask(tokenOf(a))))
      for (const { code } of answers) assert.equal(code, 'GW_KEYS_UNAVAILABLE')
      asked += answers.length
    }
    const seconds = (performance.now() - since) / 1000
    assert.ok(asked >= 20, String(asked))
    // Planned tries and those that tokens ask for, each at most once a second.
    assert.ok(
      server.fetches() <= 2 + 2 * seconds,
      `${server.fetches()} in ${seconds} s for ${asked} requests`,
    )
  })
})
