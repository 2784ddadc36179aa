import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { published, SourceRun, START_MS } from '../../test/support/fetched-source.ts'
import { createSigner } from '../../test/support/signer.ts'
import { err } from '../kernel/result.ts'

const A = createSigner('ES256', { kid: 'a' })
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** What a server gives that wants to be left alone for a while. */
const busy = (retryAfterMs: number) => err({ message: 'busy', retryAfterMs })

describe('a server that wants to be left alone for a while', () => {
  it('is left alone for as long as it wants, and for five minutes at the most', async (t) => {
    for (const [retryAfterMs, expected] of [
      [500, 1000],
      [90_000, 90_000],
      [24 * HOUR_MS, 5 * MINUTE_MS],
    ] as const) {
      const run = new SourceRun(t, { random: () => 1 })
      run.answer = busy(retryAfterMs)
      await run.begin()
      assert.deepEqual(run.events, [`failed: busy, ${expected}`])
      // Tokens do not have it asked sooner either, and are told so.
      assert.equal(run.last?.nextAskAtMs, START_MS + (retryAfterMs === 500 ? 500 : expected))
      while (run.passedMs < expected) {
        if (retryAfterMs !== 500) run.source.ask()
        await run.pass(100)
      }
      assert.deepEqual(run.fetches, [0, expected])
      run.source.close()
      t.mock.timers.reset()
    }
  })

  it('is asked as usual when it has answered, and for five minutes at the most where the clock was set back', async (t) => {
    const run = new SourceRun(t, { spec: { refreshMs: 24 * HOUR_MS }, random: () => 1 })
    run.answer = published(A)
    await run.begin()
    // A token has asked, and meanwhile a refresh is told to wait.
    run.answer = busy(60_000)
    run.source.ask()
    await run.pass(100)
    assert.equal(run.source.news.nextAskAtMs, START_MS + 100 + 60_000)
    run.skewMs = -24 * HOUR_MS
    assert.equal(run.source.news.nextAskAtMs, run.nowMs + 5 * MINUTE_MS)
    run.answer = published(A)
    await run.pass(60_000)
    run.source.ask()
    await run.pass(5000)
    assert.deepEqual(run.fetches, [0, 100, 60_100, 60_200])
  })

  it('is left alone also by a token that had asked before', async (t) => {
    const run = new SourceRun(t, { spec: { refreshMs: 5000, cooldownMs: 8000 }, random: () => 0 })
    run.answer = published(A)
    await run.begin()
    await run.pass(1000)
    run.source.ask()
    await run.pass(1000)
    // This one could have it asked nine seconds after the start, and a refresh is planned for the fifth.
    run.source.ask()
    run.answer = busy(60_000)
    await run.pass(60_000)
    assert.deepEqual(run.fetches, [0, 1100, 5100])
  })
})
