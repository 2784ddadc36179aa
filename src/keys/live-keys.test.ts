import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keyNews, startWait, toldKeys } from '../../test/support/key-news.ts'
import { keySource } from '../../test/support/key-source.ts'
import { createSigner, keySetOf, type Signer } from '../../test/support/signer.ts'
import { LiveKeys } from './live-keys.ts'
import { SourceKeys } from './source-keys.ts'

const [A, B, C] = ['a', 'b', 'c'].map((kid) => createSigner('ES256', { kid })) as [Signer, Signer, Signer]

function source(id: string, ask: ((source: string) => void) | undefined = () => {}): SourceKeys {
  return new SourceKeys(id, keySource({ name: id }), ask)
}

const kids = (live: LiveKeys): readonly unknown[] => live.current.keys.map(({ kid }) => kid)

describe('the keys of one authentication', () => {
  it('are its own and those of its sources, in this order', () => {
    const [first, second] = [source('1'), source('2')]
    const live = new LiveKeys(keySetOf(C.jwk).keys, [first, second])
    assert.deepEqual(kids(live), ['c'])
    second.accept(keyNews('2', 1, { keys: toldKeys(B) }))
    first.accept(keyNews('1', 2, { keys: toldKeys(A) }))
    assert.deepEqual(kids(live), ['c', 'a', 'b'])
    assert.deepEqual([live.sourceOf(first.keys[0]!), live.sourceOf(second.keys[0]!)], [first, second])
    assert.equal(live.sourceOf(live.current.keys[0]!), undefined)
  })

  it('are the same object until one of them changes', () => {
    const only = source('1')
    const live = new LiveKeys([], [only])
    only.accept(keyNews('1', 1, { keys: toldKeys(A) }))
    const set = live.current
    only.accept(keyNews('1', 2, { revision: 1, keys: toldKeys(A), trouble: 'down' }))
    assert.equal(live.current, set)
    only.accept(keyNews('1', 3))
    assert.notEqual(live.current, set)
    assert.deepEqual(kids(live), [])
    const own = new LiveKeys(keySetOf(C.jwk).keys, [])
    assert.equal(own.current, own.current)
  })

  it('change with each source, whatever the others say at the same time', () => {
    const [first, second] = [source('1'), source('2')]
    const live = new LiveKeys([], [first, second])
    first.accept(keyNews('1', 1, { revision: 7, keys: toldKeys(A) }))
    second.accept(keyNews('2', 1, { revision: 3, keys: toldKeys(B) }))
    assert.deepEqual(kids(live), ['a', 'b'])
    // Revisions whose sum is that of before.
    first.accept(keyNews('1', 2, { revision: 3 }))
    second.accept(keyNews('2', 2, { revision: 7, keys: toldKeys(B) }))
    assert.deepEqual(kids(live), ['b'])
  })

  it('tell of the sources that cannot be asked', () => {
    const [first, second] = [source('1'), source('2')]
    const live = new LiveKeys([], [first, second])
    assert.equal(live.isIncomplete, true)
    first.accept(keyNews('1', 1))
    second.accept(keyNews('2', 1, { trouble: 'down' }))
    assert.deepEqual([live.isIncomplete, live.troubles], [true, [{ source: '2', trouble: 'down' }]])
    second.accept(keyNews('2', 2))
    assert.deepEqual([live.isIncomplete, live.troubles], [false, []])
    assert.equal(new LiveKeys([], []).isIncomplete, false)
  })
})

describe('who waits for the keys of several sources', () => {
  it('asks all, and goes on when each has answered', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] })
    const asked: string[] = []
    const sources = ['1', '2', '3'].map((id) => source(id, (each) => void asked.push(each)))
    const live = new LiveKeys([], sources)
    let times = 0
    startWait(live.refresh(0, undefined), () => times++)
    t.mock.timers.tick(0)
    assert.deepEqual(asked, ['1', '2', '3'])
    for (const [index, each] of sources.entries()) {
      assert.equal(times, 0)
      // Another serial, and the same keys: none.
      each.accept(keyNews(String(index + 1), 1, { revision: 0 }))
      each.accept(keyNews(String(index + 1), 2, { revision: 0 }))
    }
    assert.equal(times, 1)
    for (const each of sources) each.close()
  })

  it('goes on with what one has brought, though another hangs, and once', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] })
    const sources = ['1', '2', '3'].map((id) => source(id))
    const live = new LiveKeys([], sources)
    let times = 0
    startWait(live.refresh(0, undefined), () => times++)
    sources[2]!.accept(keyNews('3', 1, { revision: 0 }))
    assert.equal(times, 0)
    sources[1]!.accept(keyNews('2', 1, { keys: toldKeys(A) }))
    assert.equal(times, 1)
    sources[0]!.accept(keyNews('1', 1, { keys: toldKeys(B) }))
    assert.equal(times, 1)
    for (const each of sources) each.close()
  })

  it('does not wait for those that will not be asked', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] })
    const [first, second] = [source('1'), source('2')]
    const live = new LiveKeys([], [first, second])
    first.accept(keyNews('1', 1, { nextAskAtMs: 30_000 }))
    let times = 0
    startWait(live.refresh(0, undefined), () => times++)
    second.accept(keyNews('2', 1, { askedAtMs: 5, nextAskAtMs: 0 }))
    assert.equal(times, 1)
    assert.equal(live.refresh(10, 5), 'later')
    assert.equal(new LiveKeys([], []).refresh(0, undefined), undefined)
  })

  it('marks a key as used at the source that it is of', () => {
    const [first, second] = [source('1'), source('2')]
    first.accept(keyNews('1', 1, { keys: toldKeys(A) }))
    second.accept(keyNews('2', 1, { keys: toldKeys(A) }))
    new LiveKeys([], [first, second]).used(second.keys[0]!, 7)
    assert.deepEqual([first.takeUses().length, second.takeUses().map(({ atMs }) => atMs)], [0, [7]])
  })
})
