import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keyNews } from '../../test/support/key-news.ts'
import { keySource } from '../../test/support/key-source.ts'
import type { JwtReason } from '../jwt/index.ts'
import { KeyStore, LiveKeys, sourceId, type KeyNews } from '../keys/index.ts'
import { newerKeys } from './newer-keys.ts'
import type { AwaitedToken } from './token-wait.ts'

const NOW_MS = 1_000_000
const SPEC = keySource()

/** The keys of one source, of which `news` were told last. */
function liveKeys(news?: Partial<KeyNews>): LiveKeys {
  const store = new KeyStore(() => {})
  if (news !== undefined) store.accept(keyNews(sourceId(SPEC), 1, news))
  return store.liveKeys([], [SPEC])
}

/** A request that has waited for keys at these times, the first of which is when it asked. */
function awaited(of: LiveKeys, times: number, askedAtMs: number): AwaitedToken | undefined {
  let before: AwaitedToken | undefined
  for (let i = 0; i < times; i++) before = { text: '', known: undefined, keys: { of, askedAtMs }, before }
  return before
}

/** `wait`, `keys-unavailable`, `keys-asked-too-often` or undefined. */
function outcome(
  keys: LiveKeys,
  reason: JwtReason,
  waited?: AwaitedToken,
  nowMs = NOW_MS,
): string | undefined {
  const newer = newerKeys(keys, reason, { nowMs, awaited: waited })
  return newer === undefined || 'wait' in newer ? newer && 'wait' : newer.rejection.reason
}

/** What a client is told of when to come again. */
function retryAfter(news: Partial<KeyNews>, nowMs = NOW_MS): number | undefined {
  const newer = newerKeys(liveKeys(news), 'kid-unknown', { nowMs, awaited: undefined })
  assert.ok(newer !== undefined && 'rejection' in newer)
  return newer.rejection.retryAfterSeconds
}

const NO_FETCH_SOON = { nextAskAtMs: NOW_MS + 20_000 }

describe('a token that the keys of now do not verify', () => {
  it('waits for newer keys where another key could, and for nothing where none can', () => {
    const reasons: Readonly<Record<string, readonly JwtReason[]>> = {
      wait: [
        'no-keys',
        'kid-unknown',
        'kid-missing',
        'alg-not-of-key',
        'signature-length',
        'signature-mismatch',
      ],
      undefined: ['expired', 'not-yet-valid', 'alg-unsupported', 'issuer-mismatch'],
    }
    for (const [expected, each] of Object.entries(reasons))
      for (const reason of each) assert.equal(String(outcome(liveKeys({}), reason)), expected, reason)
  })

  it('of keys that stand in the configuration waits for nothing', () => {
    assert.equal(outcome(new LiveKeys([], []), 'kid-unknown'), undefined)
  })

  it('is told that its key was asked for too often, where no fetch begins soon and the last one was good', () => {
    for (const reason of ['no-keys', 'kid-unknown', 'kid-missing'] as const)
      assert.equal(outcome(liveKeys(NO_FETCH_SOON), reason), 'keys-asked-too-often')
    for (const reason of ['signature-mismatch', 'alg-not-of-key'] as const)
      assert.equal(outcome(liveKeys(NO_FETCH_SOON), reason), undefined)
  })

  it('is told that keys cannot be had, where only a key of that name is missing', () => {
    const down = { ...NO_FETCH_SOON, trouble: 'down' }
    for (const reason of ['no-keys', 'kid-unknown', 'kid-missing'] as const)
      assert.equal(outcome(liveKeys(down), reason), 'keys-unavailable')
    for (const reason of ['signature-mismatch', 'alg-not-of-key'] as const)
      assert.equal(outcome(liveKeys(down), reason), undefined)
  })

  it('does not wait again after a fetch that began since it asked', () => {
    const keys = liveKeys({ askedAtMs: NOW_MS })
    assert.equal(outcome(keys, 'kid-unknown', awaited(keys, 1, NOW_MS)), undefined)
    assert.equal(outcome(keys, 'kid-unknown', awaited(keys, 1, NOW_MS + 1), NOW_MS + 1), 'wait')
  })

  it('remembers when it asked first', () => {
    const keys = liveKeys({})
    const waited = awaited(keys, 2, NOW_MS - 3000)
    const newer = newerKeys(keys, 'kid-unknown', { nowMs: NOW_MS, awaited: waited })
    assert.ok(newer !== undefined && 'wait' in newer)
    assert.deepEqual(newer.keys, { of: keys, askedAtMs: NOW_MS - 3000 })
  })

  it('is told when the source may be fetched again, in whole seconds, rounded up', () => {
    const cooldown = (ms: number) => ({ nextAskAtMs: NOW_MS + ms })
    assert.equal(retryAfter(cooldown(20_000)), 20)
    assert.equal(retryAfter(cooldown(20_001)), 21)
    assert.equal(retryAfter({ ...cooldown(600_000), nextFetchMs: NOW_MS + 15_500 }), 16)
    const down = { ...cooldown(7000), trouble: 'down' }
    assert.equal(retryAfter(down), 7)
    assert.equal(retryAfter({ ...down, nextFetchMs: NOW_MS + 1200 }), 2)
    // A zero would have it come again at once.
    assert.equal(retryAfter({ ...down, nextFetchMs: NOW_MS }), 1)
  })

  it('is told of the source that may be fetched first, of several', () => {
    const [first, second] = [keySource({ url: 'https://1.example' }), keySource({ url: 'https://2.example' })]
    const store = new KeyStore(() => {})
    store.accept(keyNews(sourceId(first), 1, { nextAskAtMs: NOW_MS + 30_000 }))
    store.accept(keyNews(sourceId(second), 2, { nextAskAtMs: NOW_MS + 12_000 }))
    const waited = { nowMs: NOW_MS, awaited: undefined }
    const newer = newerKeys(store.liveKeys([], [first, second]), 'no-keys', waited)
    assert.deepEqual(newer, { rejection: { reason: 'keys-asked-too-often', retryAfterSeconds: 12 } })
  })

  it('is told nothing of a source that could be asked and has no such key', () => {
    const [good, down] = [keySource({ url: 'https://1.example' }), keySource({ url: 'https://2.example' })]
    const store = new KeyStore(() => {})
    store.accept(keyNews(sourceId(good), 1, { askedAtMs: NOW_MS, nextAskAtMs: NOW_MS + 2000 }))
    store.accept(keyNews(sourceId(down), 2, { trouble: 'down', nextAskAtMs: NOW_MS + 40_000 }))
    const keys = store.liveKeys([], [good, down])
    const newer = newerKeys(keys, 'kid-unknown', { nowMs: NOW_MS, awaited: awaited(keys, 1, NOW_MS) })
    assert.deepEqual(newer, { rejection: { reason: 'keys-unavailable', retryAfterSeconds: 40 } })
  })

  it('waits eight times and fifteen seconds at the most; then nobody knows whether it is good', () => {
    const keys = liveKeys({})
    assert.equal(outcome(keys, 'kid-unknown', awaited(keys, 7, NOW_MS)), 'wait')
    assert.equal(outcome(keys, 'kid-unknown', awaited(keys, 8, NOW_MS)), 'keys-unavailable')
    assert.equal(outcome(keys, 'signature-mismatch', awaited(keys, 8, NOW_MS)), undefined)
    assert.equal(outcome(keys, 'kid-unknown', awaited(keys, 1, NOW_MS - 14_999)), 'wait')
    assert.equal(outcome(keys, 'kid-unknown', awaited(keys, 1, NOW_MS - 15_000)), 'keys-unavailable')
  })

  it('counts what it waited for by itself, and not what others or signatures took', () => {
    const [keys, others] = [liveKeys({}), liveKeys({})]
    const waited = { text: '', known: undefined, before: awaited(others, 3, NOW_MS - 60_000) }
    assert.equal(outcome(keys, 'kid-unknown', waited), 'wait')
  })
})
