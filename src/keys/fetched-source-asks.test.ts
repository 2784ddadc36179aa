import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DOWN, published, SourceRun, START_MS } from '../../test/support/fetched-source.ts'
import { createSigner } from '../../test/support/signer.ts'

const [A, B] = [createSigner('ES256', { kid: 'a' }), createSigner('ES256', { kid: 'b' })]
const HOUR_MS = 3_600_000

/** Fresh for a day, so that nothing is fetched but what tokens ask for. */
const RARELY = { refreshMs: 24 * HOUR_MS }

describe('a source that tokens ask for', () => {
  it('is fetched at once, and again after the cool-down', async (t) => {
    const run = new SourceRun(t, { spec: { ...RARELY, cooldownMs: 3000 } })
    run.answer = published(A)
    await run.begin()
    await run.pass(1000)
    run.answer = published(A, B)
    run.source.ask()
    await run.pass(100)
    assert.deepEqual(
      [run.fetches, run.kids],
      [
        [0, 1100],
        ['a', 'b'],
      ],
    )
    assert.equal(run.last?.nextAskAtMs, START_MS + 1100 + 3000)
    for (let i = 0; i < 10; i++) {
      run.source.ask()
      await run.pass(100)
    }
    assert.equal(run.fetches.length, 2)
    await run.pass(3000)
    assert.equal(run.fetches.length, 3)
    await run.pass(10_000)
    assert.equal(run.fetches.length, 3)
  })

  it('tells at once where none can begin within ten seconds', async (t) => {
    const run = new SourceRun(t, { spec: { ...RARELY, cooldownMs: 60_000 } })
    run.answer = published(A)
    await run.begin()
    run.source.ask()
    await run.pass(100)
    const told = run.news.length
    run.source.ask()
    assert.deepEqual([run.news.length, run.fetches.length], [told + 1, 2])
    assert.equal(run.last?.nextAskAtMs, run.source.news.nextAskAtMs)
  })

  it('is fetched a handful of times whatever strangers send', async (t) => {
    const run = new SourceRun(t, { spec: { ...RARELY, cooldownMs: 1000 } })
    run.answer = published(A)
    await run.begin()
    for (let i = 0; i < 6000; i++) {
      run.source.ask()
      await run.pass(100)
    }
    // One at the start, four at once, and one for each ten seconds that are over.
    assert.equal(run.fetches.length, 1 + 4 + 59)
    assert.equal(run.mostAtOnce, 1)
  })

  it('and is down is not asked more often for that, as long as there are keys', async (t) => {
    const run = new SourceRun(t, { spec: { ...RARELY, cooldownMs: 1000 }, random: () => 0 })
    run.answer = published(A)
    await run.begin()
    run.answer = DOWN
    for (let i = 0; i < 6000; i++) {
      run.source.ask()
      await run.pass(100)
    }
    assert.ok(run.fetches.length <= 1 + 4 + 60, String(run.fetches.length))
  })

  it('and never had a key is asked every ten seconds at the most, so that one that is back is found out', async (t) => {
    const run = new SourceRun(t, { spec: { ...RARELY, cooldownMs: 1000 }, random: () => 0 })
    await run.begin()
    for (let i = 0; i < 6000; i++) {
      run.source.ask()
      await run.pass(100)
    }
    assert.ok(run.fetches.length <= 1 + 4 + 60, String(run.fetches.length))
    run.answer = published(A)
    await run.pass(1)
    for (let i = 0; i < 101 && run.kids.length === 0; i++) {
      run.source.ask()
      await run.pass(100)
    }
    assert.deepEqual(run.kids, ['a'])
  })

  it('is asked a handful of times for a million tokens of invented kids', async (t) => {
    const run = new SourceRun(t, { spec: { ...RARELY, cooldownMs: 5000 }, random: () => 0 })
    run.answer = published(A)
    await run.begin()
    // Ten thousand in a second, for a hundred seconds.
    for (let tenth = 0; tenth < 1000; tenth++) {
      for (let i = 0; i < 1000; i++) run.source.ask()
      await run.pass(100)
    }
    // The first fetch, the four of the budget, and nine that came to it meanwhile.
    assert.ok(run.fetches.length <= 1 + 4 + 9, String(run.fetches.length))
    assert.ok(run.fetches.length > 5)
  })

  it('is asked twice for ten thousand tokens of invented kids in a second', async (t) => {
    const run = new SourceRun(t, { spec: RARELY })
    run.answer = published(A)
    await run.begin()
    for (let tenth = 0; tenth < 10; tenth++) {
      for (let i = 0; i < 1000; i++) run.source.ask()
      await run.pass(100)
    }
    assert.equal(run.fetches.length, 2)
  })

  it('has a key ten seconds after it was published at the latest, whenever that is in a flood', async (t) => {
    // Each time at another moment of the flood: from its first second until long after its budget is spent.
    for (const publishedAtMs of [0, 900, 14_100, 33_300, 61_700, 127_900]) {
      for (const cooldownMs of [1000, 5000]) {
        const run = new SourceRun(t, { spec: { ...RARELY, cooldownMs }, random: () => 0 })
        run.answer = published(A)
        await run.begin()
        while (run.passedMs < publishedAtMs + 10_100) {
          if (run.passedMs >= publishedAtMs) run.answer = published(A, B)
          run.source.ask()
          await run.pass(100)
        }
        assert.deepEqual(run.kids, ['a', 'b'], `published after ${publishedAtMs} ms, ${cooldownMs}`)
        run.source.close()
        t.mock.timers.reset()
      }
    }
  })

  it('does not ask for who does not know the last news yet', async (t) => {
    const run = new SourceRun(t, { spec: RARELY })
    run.answer = published(A)
    await run.begin()
    run.source.ask(run.last!.serial - 1)
    await run.pass(10_000)
    assert.equal(run.fetches.length, 1)
    run.source.ask(run.last!.serial)
    await run.pass(10_000)
    assert.equal(run.fetches.length, 2)
  })

  it('has what retries took of the budget taken from it, and no more', async (t) => {
    const run = new SourceRun(t, { spec: { ...RARELY, cooldownMs: 1000 }, random: () => 0 })
    await run.begin()
    await run.pass(32_000)
    // Six retries, and three that came in half a minute: one is left, and the next comes eight seconds later.
    assert.equal(run.fetches.length, 7)
    run.answer = published(A)
    for (let i = 0; i < 75; i++) {
      run.source.ask()
      await run.pass(100)
    }
    assert.equal(run.fetches.length, 7 + 1)
    for (let i = 0; i < 10; i++) {
      run.source.ask()
      await run.pass(100)
    }
    assert.equal(run.fetches.length, 7 + 2)
  })

  it('counts what it was asked for from the beginning of a fetch, not from its end', async (t) => {
    const run = new SourceRun(t, { spec: RARELY })
    const slow = Promise.withResolvers<ReturnType<typeof published>>()
    run.answer = slow.promise
    await run.begin()
    await run.pass(2000)
    slow.resolve(published(A))
    await run.pass(100)
    // Who has asked after it began may have asked for a key that it did not see.
    assert.deepEqual([run.last?.askedAtMs, run.last?.fetchedAtMs], [START_MS, START_MS + 2100])
  })

  it('has its plan begun anew by what was asked for', async (t) => {
    const run = new SourceRun(t, { spec: { refreshMs: 10_000 }, random: () => 0 })
    run.answer = published(A)
    await run.begin()
    await run.pass(7900)
    run.source.ask()
    await run.pass(7900)
    assert.deepEqual(run.fetches, [0, 8000])
  })
})

describe('a clock that jumps', () => {
  it('back does not keep tokens from asking', async (t) => {
    const run = new SourceRun(t, { spec: { ...RARELY, cooldownMs: 2000 } })
    run.answer = published(A)
    await run.begin()
    run.source.ask()
    await run.pass(100)
    run.skewMs = -HOUR_MS
    run.answer = published(B)
    run.source.ask()
    await run.pass(2100)
    assert.deepEqual(run.kids, ['b'])
    assert.equal(run.fetches.length, 3)
  })

  it('back does not have the keys go before their time', async (t) => {
    const run = new SourceRun(t, { spec: { refreshMs: 60_000, serveStaleMs: 60_000 } })
    run.answer = published(A)
    await run.begin()
    run.answer = DOWN
    run.skewMs = -60_000
    await run.pass(170_000, 1000)
    assert.deepEqual(run.kids, ['a'])
    await run.pass(20_000, 1000)
    assert.deepEqual(run.kids, [])
  })

  it('forth, as after a sleep, ends keys that are too old at the next failure', async (t) => {
    const run = new SourceRun(t, { spec: { refreshMs: 60_000, serveStaleMs: 24 * HOUR_MS } })
    run.answer = published(A)
    await run.begin()
    run.answer = DOWN
    run.skewMs = 72 * HOUR_MS
    await run.pass(60_000)
    assert.deepEqual([run.kids, run.events.includes('gave up')], [[], true])
  })

  it('either way keeps the source fetched', async (t) => {
    for (const skewMs of [-HOUR_MS, HOUR_MS, -24 * 365 * HOUR_MS, 24 * 365 * HOUR_MS]) {
      const run = new SourceRun(t, { spec: { refreshMs: 10_000, cooldownMs: 1000 } })
      run.answer = published(A)
      await run.begin()
      run.skewMs = skewMs
      run.answer = published(B)
      await run.pass(10_000)
      assert.deepEqual([run.kids, run.fetches.length], [['b'], 2])
      run.source.close()
      t.mock.timers.reset()
    }
  })
})
