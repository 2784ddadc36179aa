import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { keyNews, startWait, toldKeys } from '../../test/support/key-news.ts'
import { keySource } from '../../test/support/key-source.ts'
import { countMadeKeys } from '../../test/support/made-keys.ts'
import { createSigner } from '../../test/support/signer.ts'
import { Wait } from '../kernel/wait.ts'
import { fingerprintOf } from './fingerprint.ts'
import { SourceKeys } from './source-keys.ts'
import type { KeySourceSpec } from './spec.ts'

const [A, B] = [createSigner('ES256', { kid: 'a' }), createSigner('ES256', { kid: 'b' })]
const A_AGAIN = createSigner('ES256', { kid: 'a' })
const NOW_MS = 1_000_000

/** A source of keys with a note of what it asks for. */
function subject(t: TestContext, spec: Partial<KeySourceSpec> = {}) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const asked: string[] = []
  const keys = new SourceKeys('s', keySource(spec), (source) => void asked.push(source))
  t.after(() => keys.close())
  return {
    keys,
    asked,
    /** Begins to wait, and tells when that is over. */
    wait(askedAtMs?: number): { readonly isOver: boolean } {
      const state = { isOver: false }
      startWait(keys.refresh(NOW_MS, askedAtMs), () => (state.isOver = true))
      return state
    },
  }
}

describe('the keys of a source', () => {
  it('are those that were told of last, and the same objects for as long as they stay', (t) => {
    const { keys } = subject(t)
    keys.accept(keyNews('s', 1, { keys: toldKeys(A, B) }))
    const [a, b] = keys.keys
    keys.accept(keyNews('s', 2, { keys: toldKeys(B, A) }))
    assert.deepEqual([keys.keys[0] === b, keys.keys[1] === a], [true, true])
    keys.accept(keyNews('s', 3, { keys: toldKeys(A_AGAIN, B) }))
    assert.deepEqual([keys.keys[0] === a, keys.keys[1] === b], [false, true])
    keys.accept(keyNews('s', 4))
    assert.deepEqual(keys.keys, [])
    keys.accept(keyNews('s', 5, { keys: toldKeys(A) }))
    assert.notEqual(keys.keys[0], a)
  })

  it('are not what was told before, however late it comes', (t) => {
    const { keys } = subject(t)
    keys.accept(keyNews('s', 2, { keys: toldKeys(B) }))
    keys.accept(keyNews('s', 1, { keys: toldKeys(A), trouble: 'down' }))
    keys.accept(keyNews('s', 2, { keys: toldKeys(A), trouble: 'down' }))
    assert.deepEqual([keys.keys[0]?.kid, keys.keys.length, keys.trouble], ['b', 1, undefined])
  })

  it('are not read again where only a fetch has failed', (t) => {
    const { keys } = subject(t)
    keys.accept(keyNews('s', 1, { keys: toldKeys(A) }))
    const before = keys.keys
    keys.accept(keyNews('s', 2, { revision: 1, keys: toldKeys(A), trouble: 'down' }))
    assert.deepEqual([keys.keys === before, keys.trouble, keys.revision], [true, 'down', 1])
  })

  it('may be ten thousand, of which only those are made that are new', (t) => {
    const { keys } = subject(t)
    const [key] = toldKeys(A)
    const many = Array.from({ length: 10_000 }, (_, i) => ({ ...key!, kid: `k${i}` }))
    const made = countMadeKeys(t)
    keys.accept(keyNews('s', 1, { keys: many }))
    assert.equal(made(), 10_000)
    const before = keys.keys
    const news = ['x', 'y', 'z'].map((kid) => ({ ...key!, kid }))
    const others = { ...key!, kid: 'k0', algorithms: ['ES384' as const] }
    keys.accept(keyNews('s', 2, { keys: [...news, others, ...many.slice(1).toReversed()] }))
    assert.equal(made(), 10_000 + 4)
    assert.ok(before.slice(1).every((each, i) => keys.keys[keys.keys.length - 1 - i] === each))
  })

  it('tell when they were used last, once', (t) => {
    const { keys } = subject(t)
    keys.accept(keyNews('s', 1, { keys: toldKeys(A, B) }))
    const [a, b] = keys.keys
    keys.used(a!, 10)
    keys.used(a!, 20)
    assert.deepEqual(keys.takeUses(), [{ source: 's', key: fingerprintOf(a!), atMs: 20 }])
    assert.deepEqual(keys.takeUses(), [])
    keys.used(a!, 30)
    keys.used(b!, 30)
    keys.accept(keyNews('s', 2, { keys: toldKeys(B) }))
    // One that is withdrawn is nobody's any more.
    keys.used(a!, 40)
    assert.deepEqual(keys.takeUses(), [{ source: 's', key: fingerprintOf(b!), atMs: 30 }])
  })
})

describe('a request that misses a key', () => {
  it('waits until something is told, and asks once for all who wait', async (t) => {
    const { keys, asked, wait } = subject(t)
    const waits = Array.from({ length: 100 }, () => wait())
    assert.deepEqual(asked, [])
    await turn()
    assert.deepEqual(asked, ['s'])
    assert.ok(waits.every(({ isOver }) => !isOver))
    keys.accept(keyNews('s', 1))
    assert.ok(waits.every(({ isOver }) => isOver))
    wait()
    await turn()
    assert.deepEqual(asked, ['s', 's'])
  })

  it('does not wait where a fetch has ended that began after it asked', (t) => {
    const { keys } = subject(t)
    keys.accept(keyNews('s', 1, { askedAtMs: NOW_MS }))
    assert.equal(keys.refresh(NOW_MS + 50, NOW_MS), undefined)
    assert.equal(keys.refresh(NOW_MS + 50, NOW_MS - 1), undefined)
    // One that was under way may have read what was there before.
    assert.notEqual(keys.refresh(NOW_MS + 50, NOW_MS + 1), undefined)
    assert.notEqual(keys.refresh(NOW_MS + 50, undefined), undefined)
  })

  it('waits for a fetch that can begin within ten seconds, and for none that is further off', (t) => {
    const { keys } = subject(t, { cooldownMs: 60_000 })
    keys.accept(keyNews('s', 1, { nextAskAtMs: NOW_MS + 10_000 }))
    assert.ok(keys.refresh(NOW_MS, undefined) instanceof Wait)
    assert.equal(keys.refresh(NOW_MS - 1, undefined), 'later')
    keys.accept(keyNews('s', 2, { nextAskAtMs: NOW_MS + 60_000 }))
    assert.equal(keys.refresh(NOW_MS, undefined), 'later')
  })

  it('waits for five seconds at the most where the last fetch has failed', (t) => {
    const { keys } = subject(t)
    keys.accept(keyNews('s', 1, { nextAskAtMs: NOW_MS + 5000, trouble: 'down' }))
    assert.ok(keys.refresh(NOW_MS, undefined) instanceof Wait)
    assert.equal(keys.refresh(NOW_MS - 1, undefined), 'later')
  })

  it('asks all the same where the clock was set back since the time of the next fetch was told', (t) => {
    const { keys } = subject(t)
    keys.accept(keyNews('s', 1, { nextAskAtMs: NOW_MS + 30_000, toldAtMs: NOW_MS }))
    assert.equal(keys.refresh(NOW_MS, undefined), 'later')
    assert.ok(keys.refresh(NOW_MS - 1, undefined) instanceof Wait)
    assert.deepEqual([keys.untilFetchMs(NOW_MS), keys.untilFetchMs(NOW_MS - 3_600_000)], [30_000, 0])
  })

  it('is one of 16,384 at the most', (t) => {
    const { keys, wait } = subject(t)
    for (let i = 0; i < 16_384; i++) wait()
    assert.equal(keys.refresh(NOW_MS, undefined), 'later')
    keys.accept(keyNews('s', 1))
    assert.ok(keys.refresh(NOW_MS, undefined) instanceof Wait)
  })

  it('does not wait for ever for who never answers, nor for longer than fifteen seconds', (t) => {
    for (const [timeoutMs, trouble, longestMs] of [
      [1000, 'down', 6000],
      [1000, undefined, 11_000],
      [300_000, 'down', 15_000],
      [300_000, undefined, 15_000],
    ] as const) {
      const { keys, wait } = subject(t, { timeoutMs })
      keys.accept(keyNews('s', 1, { trouble }))
      const one = wait()
      t.mock.timers.tick(longestMs - 1)
      assert.equal(one.isOver, false)
      t.mock.timers.tick(1)
      assert.equal(one.isOver, true)
      t.mock.timers.reset()
    }
  })

  it('waits for fifteen seconds in all, whoever waited before it and however often it waits', (t) => {
    const { keys, wait } = subject(t, { timeoutMs: 300_000 })
    wait()
    t.mock.timers.tick(14_000)
    const late = wait()
    t.mock.timers.tick(14_999)
    assert.equal(late.isOver, false)
    t.mock.timers.tick(1)
    assert.equal(late.isOver, true)
    let isOver = false
    startWait(keys.refresh(NOW_MS + 14_999, NOW_MS), () => (isOver = true))
    t.mock.timers.tick(1)
    assert.equal(isOver, true)
  })

  it('asks again where nothing was heard for as long as somebody waited', async (t) => {
    const { asked, wait } = subject(t)
    wait()
    await turn()
    t.mock.timers.tick(6000)
    wait()
    await turn()
    assert.deepEqual(asked, ['s'])
    t.mock.timers.tick(4000)
    wait()
    await turn()
    assert.deepEqual(asked, ['s', 's'])
  })

  it('does not wait where the source is let go of, or nobody fetches', (t) => {
    const { keys, wait } = subject(t)
    const one = wait()
    keys.close()
    assert.equal(one.isOver, true)
    assert.equal(keys.refresh(NOW_MS, undefined), undefined)
    assert.equal(new SourceKeys('s', keySource(), undefined).refresh(NOW_MS, undefined), undefined)
  })

  it('is let go on once, though it waits again in that moment', (t) => {
    const { keys } = subject(t)
    let times = 0
    const again = (): void => {
      const wait = ++times < 5 ? keys.refresh(NOW_MS, undefined) : undefined
      if (wait instanceof Wait) wait.start(again)
    }
    startWait(keys.refresh(NOW_MS, undefined), again)
    keys.accept(keyNews('s', 1))
    assert.equal(times, 1)
    keys.accept(keyNews('s', 2))
    assert.equal(times, 2)
  })
})
