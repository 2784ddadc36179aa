import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DOWN, published, SourceRun, START_MS, text } from '../../test/support/fetched-source.ts'
import { keySource } from '../../test/support/key-source.ts'
import { createSigner } from '../../test/support/signer.ts'
import { until } from '../../test/support/wait.ts'
import { FetchedSource } from './fetched-source.ts'
import { FetchSlots } from './slots.ts'

const [A, B] = [createSigner('ES256', { kid: 'a' }), createSigner('ES256', { kid: 'b' })]
const A_AGAIN = createSigner('ES256', { kid: 'a' })
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

describe('the schedule of a source', () => {
  it('is asked at once, and again at 80 to 95 percent of the time that keys are fresh', async (t) => {
    for (const [random, share] of [
      [0, 0.8],
      [0.5, 0.875],
      [1, 0.95],
    ] as const) {
      const run = new SourceRun(t, { spec: { refreshMs: 100_000 }, random: () => random })
      run.answer = published(A)
      await run.begin()
      assert.equal(run.source.nextFetchMs, START_MS + 100_000 * share)
      await run.pass(210_000)
      assert.deepEqual(run.fetches, [0, 100_000 * share, 200_000 * share])
      run.source.close()
      t.mock.timers.reset()
    }
  })

  it('is told of in whole milliseconds, though chance gives fractions', async (t) => {
    const run = new SourceRun(t, { random: () => 0.123_456_789 })
    for (const answer of [published(A), DOWN]) {
      run.answer = answer
      await (answer === DOWN ? run.pass(HOUR_MS) : run.begin())
      assert.ok(Number.isInteger(run.source.nextFetchMs))
    }
  })

  it('is what the server says, within bounds, and `refresh` where it says nothing', async (t) => {
    const cases: readonly (readonly [freshMs: number | undefined, expected: number])[] = [
      [90_000, 90_000],
      [60_000, 60_000],
      [0, 60_000],
      [59_999, 60_000],
      [HOUR_MS, HOUR_MS],
      [HOUR_MS + 1, HOUR_MS],
      [2 ** 31 * 1000, HOUR_MS],
      // The operator's own word has no bounds.
      [undefined, 10_000],
    ]
    const spec = { refreshMs: 10_000, minRefreshMs: 60_000, maxRefreshMs: HOUR_MS }
    for (const [freshMs, expected] of cases) {
      const run = new SourceRun(t, { spec })
      run.answer = text('{"keys":[]}', freshMs)
      await run.begin()
      assert.equal(run.source.held?.freshUntilMs, START_MS + expected, String(freshMs))
      run.source.close()
      t.mock.timers.reset()
    }
  })

  it('does not run over where a timer cannot be as long', async (t) => {
    const events = { news() {}, fetched() {}, failed() {}, gaveUp() {} }
    let fetches = 0
    const thirtyDaysMs = 30 * 24 * HOUR_MS
    // With timers of the system: those of a test take any number.
    const source = new FetchedSource(keySource({ refreshMs: 2 * thirtyDaysMs, serveStaleMs: thirtyDaysMs }), {
      clock: { now: () => Date.now() },
      random: () => 1,
      fetch: () => {
        fetches++
        return Promise.resolve(published(A))
      },
      slots: new FetchSlots(1),
      cache: undefined,
      events,
      nextSerial: () => 1,
    })
    t.after(() => source.close())
    source.begin()
    await until(() => source.held !== undefined)
    await sleep(50)
    assert.equal(fetches, 1)
    assert.notEqual(source.held, undefined)
  })

  it('after failures is a second, two, four, up to a minute, each with chance in it', async (t) => {
    for (const [random, share] of [
      [1, 1],
      [0, 0.5],
    ] as const) {
      const run = new SourceRun(t, { random: () => random })
      await run.begin()
      await run.pass(300_000 * share)
      const waits = run.fetches.map((atMs, index) => atMs - (run.fetches[index - 1] ?? 0))
      assert.deepEqual(
        waits.slice(0, 9),
        [0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000].map((ms) => ms * share),
      )
      run.source.close()
      t.mock.timers.reset()
    }
  })

  it('begins anew after a success', async (t) => {
    const run = new SourceRun(t, { random: () => 1 })
    await run.begin()
    await run.pass(7000)
    assert.deepEqual(run.fetches, [0, 1000, 3000, 7000])
    run.answer = published(A)
    await run.pass(8000)
    assert.equal(run.source.trouble, undefined)
    run.answer = DOWN
    await run.pass(5 * MINUTE_MS)
    const failed = run.fetches.slice(5)
    assert.deepEqual(
      failed.slice(0, 3).map((atMs) => atMs - failed[0]!),
      [0, 1000, 3000],
    )
  })

  it('is twice a minute at the most for a server that is down for a day', async (t) => {
    const run = new SourceRun(t, { random: () => 0 })
    await run.begin()
    await run.pass(24 * HOUR_MS, 1000)
    // Some at once, then every half minute where chance has it so.
    assert.ok(run.fetches.length <= 10 + 24 * 120, String(run.fetches.length))
    assert.ok(run.fetches.length > 24 * 60)
  })

  it('is one fetch at a time, however slow, and asks again when that has ended', async (t) => {
    const run = new SourceRun(t, { spec: { refreshMs: 10_000, cooldownMs: 1000 } })
    const slow = Promise.withResolvers<ReturnType<typeof published>>()
    run.answer = slow.promise
    await run.begin()
    for (let i = 0; i < 20; i++) {
      run.source.ask()
      await run.pass(1000)
    }
    assert.deepEqual([run.fetches.length, run.mostAtOnce, run.news.length], [1, 1, 0])
    run.answer = published(B)
    slow.resolve(published(A))
    await run.pass(100)
    assert.deepEqual(run.kids, ['a'])
    await run.pass(9000)
    assert.deepEqual(run.kids, ['b'])
    assert.equal(run.mostAtOnce, 1)
  })
})

describe('the keys of a source', () => {
  it('are told of after every fetch; their revision changes with them alone', async (t) => {
    const run = new SourceRun(t, { spec: { refreshMs: 10_000 } })
    const told: (readonly [kids: readonly unknown[], revision: number | undefined])[] = []
    for (const answer of [
      published(A),
      published(A),
      DOWN,
      published(A),
      published(A, B),
      published(A_AGAIN, B),
    ]) {
      run.answer = answer
      if (told.length === 0) await run.begin()
      else await run.pass(9000)
      told.push([run.kids, run.last?.revision])
    }
    const revisions = told.map(([, revision]) => revision)
    assert.deepEqual(
      told.map(([kids]) => kids.join('')),
      ['a', 'a', 'a', 'a', 'ab', 'ab'],
    )
    assert.equal(new Set(revisions.slice(0, 4)).size, 1)
    assert.equal(new Set(revisions).size, 3)
    const serials = run.news.map(({ serial }) => serial)
    assert.deepEqual(
      serials,
      [...new Set(serials)].toSorted((a, b) => a - b),
    )
  })

  it('go when a document that is understood has none, and stay when one is not', async (t) => {
    const run = new SourceRun(t, { spec: { refreshMs: 10_000 } })
    run.answer = published(A, B)
    await run.begin()
    for (const document of ['<html>', '{"keys":', '[]', '', '{"error":"busy"}']) {
      run.answer = text(document)
      await run.pass(9000)
      assert.deepEqual(run.kids, ['a', 'b'], document)
      assert.ok(run.last?.trouble !== undefined)
    }
    run.answer = text('{"keys":[]}')
    await run.pass(40_000)
    assert.deepEqual([run.kids, run.last?.trouble], [[], undefined])
  })

  it('keep the time at which each was seen first', async (t) => {
    const run = new SourceRun(t, { spec: { refreshMs: 10_000 } })
    const seen = (): readonly number[] =>
      run.source.held?.keys.map(({ firstSeenMs }) => firstSeenMs - START_MS) ?? []
    run.answer = published(A)
    await run.begin()
    run.answer = published(B, A)
    await run.pass(8800)
    assert.deepEqual(seen(), [run.fetches[1], 0])
    run.answer = published(A_AGAIN)
    await run.pass(8800)
    assert.deepEqual(seen(), [run.fetches[2]])
  })

  it('serve through failures for as long as is said, and then no more', async (t) => {
    const run = new SourceRun(t, { spec: { refreshMs: MINUTE_MS, serveStaleMs: HOUR_MS } })
    run.answer = published(A)
    await run.begin()
    run.answer = DOWN
    await run.pass(MINUTE_MS + HOUR_MS - 1000, 500)
    assert.deepEqual([run.kids, run.source.servesUntilMs], [['a'], START_MS + MINUTE_MS + HOUR_MS])
    assert.equal(run.events.includes('gave up'), false)
    await run.pass(1000)
    assert.equal(run.events.filter((event) => event === 'gave up').length, 1)
    assert.deepEqual([run.kids, run.source.held, run.last?.trouble], [[], undefined, 'the server is down'])
    run.answer = published(A)
    await run.pass(2 * MINUTE_MS)
    assert.deepEqual([run.kids, run.last?.trouble], [['a'], undefined])
  })

  it('that are too old while a fetch is under way are told of as a trouble', async (t) => {
    const run = new SourceRun(t, { spec: { refreshMs: MINUTE_MS, serveStaleMs: 0 } })
    run.answer = published(A)
    await run.begin()
    run.answer = new Promise(() => {})
    await run.pass(MINUTE_MS)
    assert.deepEqual([run.kids, run.last?.trouble], [[], 'the last good keys are too old to serve on'])
  })
})

describe('a source that is let go of', () => {
  it('asks and says nothing any more: no timer is left, and a late answer is nobody’s', async (t) => {
    const run = new SourceRun(t, { spec: { refreshMs: 10_000, serveStaleMs: 1000 } })
    run.answer = published(A)
    await run.begin()
    const slow = Promise.withResolvers<ReturnType<typeof published>>()
    run.answer = slow.promise
    run.source.ask()
    await run.pass(100)
    assert.equal(run.fetches.length, 2)
    const told = run.news.length
    run.source.close()
    slow.resolve(published(B))
    run.source.ask()
    await run.pass(HOUR_MS, 10_000)
    assert.deepEqual([run.fetches.length, run.news.length], [2, told])
    assert.deepEqual(run.events, ['fetched'])
  })

  it('while it stands in line is not fetched, and takes nobody’s place', async (t) => {
    const slots = new FetchSlots(1)
    const free = await slots.take()
    const run = new SourceRun(t, { slots })
    await run.begin()
    run.source.close()
    free()
    await run.pass(100)
    assert.deepEqual([run.fetches.length, run.source.fetches], [0, 0])
    assert.equal(typeof (await slots.take()), 'function')
  })
})
