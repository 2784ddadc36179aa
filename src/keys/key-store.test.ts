import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { DOWN, published } from '../../test/support/fetched-source.ts'
import { keyNews, startWait, toldKeys } from '../../test/support/key-news.ts'
import { keySource } from '../../test/support/key-source.ts'
import { createSigner } from '../../test/support/signer.ts'
import { KeyFetcher } from './key-fetcher.ts'
import { KeyStore } from './key-store.ts'
import { sourceId } from './spec.ts'
import { storeFedBy } from './store-fed-by.ts'

const [A, B] = [createSigner('ES256', { kid: 'a' }), createSigner('ES256', { kid: 'b' })]
const SPEC = keySource()
const ID = sourceId(SPEC)
const OTHER = keySource({ url: 'https://other.example/keys' })

const kidsOf = (store: KeyStore, spec = SPEC): readonly unknown[] =>
  store.liveKeys([], [spec]).current.keys.map(({ kid }) => kid)

describe('the store of fetched keys', () => {
  it('has one source for all who name it, whatever they call it', () => {
    const store = new KeyStore()
    const first = store.liveKeys([], [SPEC])
    const second = store.liveKeys([], [{ ...SPEC, name: 'another' }])
    const third = store.liveKeys([], [OTHER])
    store.accept(keyNews(ID, 1, { keys: toldKeys(A) }))
    assert.equal(first.current.keys[0], second.current.keys[0])
    assert.deepEqual([first.current.keys.length, third.current.keys.length], [1, 0])
  })

  it('remembers what was told of a source before a plan names it', () => {
    const store = new KeyStore()
    store.accept(keyNews(ID, 2, { keys: toldKeys(B) }))
    store.accept(keyNews(ID, 1, { keys: toldKeys(A) }))
    assert.deepEqual(kidsOf(store), ['b'])
  })

  it('lets go of what no plan names: keys, news, and whoever waits', () => {
    const store = new KeyStore(() => {})
    const live = store.liveKeys([], [SPEC])
    let isOver = false
    startWait(live.refresh(0, undefined), () => (isOver = true))
    store.accept(keyNews(sourceId(OTHER), 1, { keys: toldKeys(B) }))
    store.keepOnly([])
    assert.equal(isOver, true)
    assert.equal(live.refresh(0, undefined), undefined)
    assert.deepEqual([kidsOf(store), kidsOf(store, OTHER)], [[], []])
  })

  it('keeps what the next plan names as it is', () => {
    const store = new KeyStore()
    store.accept(keyNews(ID, 1, { keys: toldKeys(A) }))
    const before = store.liveKeys([], [SPEC]).current.keys[0]
    store.keepOnly([SPEC])
    assert.equal(store.liveKeys([], [SPEC]).current.keys[0], before)
  })
})

describe('a source that is let go of and comes back', () => {
  it('is believed from its first word on', async (t) => {
    let answer = published(A)
    const fetcher = new KeyFetcher({
      clock: { now: () => Date.now() },
      log: { info() {}, warn() {}, error() {} },
      random: Math.random,
      fetch: () => Promise.resolve(answer),
      cache: undefined,
    })
    t.after(() => fetcher.close())
    const store = storeFedBy(fetcher)
    fetcher.add([SPEC])
    await turn()
    // As where a change could not be published: the store has heard of the source, and nobody names it.
    fetcher.keepOnly([])
    answer = published(B)
    const live = store.liveKeys([], [SPEC])
    assert.deepEqual(
      live.current.keys.map(({ kid }) => kid),
      ['a'],
    )
    fetcher.add([SPEC])
    await turn()
    assert.deepEqual(
      live.current.keys.map(({ kid }) => kid),
      ['b'],
    )
    fetcher.keepOnly([])
    answer = DOWN
    fetcher.add([SPEC])
    await turn()
    assert.deepEqual([live.current.keys.length, live.isIncomplete], [0, true])
  })
})
