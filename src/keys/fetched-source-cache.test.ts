import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { DOWN, published, SourceRun, START_MS } from '../../test/support/fetched-source.ts'
import { jwksOf } from '../../test/support/key-documents.ts'
import { createSigner, type Signer } from '../../test/support/signer.ts'
import type { CachedDocument, KeyCache } from './key-cache.ts'
import { fingerprintOf } from './fingerprint.ts'

const [A, B] = [createSigner('ES256', { kid: 'a' }), createSigner('ES256', { kid: 'b' })]
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** A cache that has this document, once `ready` is. */
class OneDocument implements KeyCache {
  readonly saved: { readonly source: string; readonly document: CachedDocument }[] = []
  readonly #document: CachedDocument | undefined
  readonly #ready: Promise<void>

  constructor(document: CachedDocument | undefined, ready: Promise<void> = Promise.resolve()) {
    this.#document = document
    this.#ready = ready
  }

  async load(): Promise<CachedDocument | undefined> {
    await this.#ready
    return this.#document
  }

  save(source: string, document: CachedDocument): Promise<void> {
    this.saved.push({ source, document })
    return Promise.resolve()
  }
}

function document(signer: Signer, more: Partial<CachedDocument> = {}): CachedDocument {
  return {
    text: JSON.stringify(jwksOf(signer)),
    fetchedAtMs: START_MS - HOUR_MS,
    freshUntilMs: START_MS - HOUR_MS + 5 * MINUTE_MS,
    firstSeenMs: {},
    ...more,
  }
}

describe('keys of an earlier process', () => {
  it('serve while the server is down, until they are too old', async (t) => {
    const run = new SourceRun(t, { cache: new OneDocument(document(A)) })
    await run.begin()
    assert.deepEqual([run.kids, run.last?.trouble], [['a'], 'the server is down'])
    assert.equal(run.last?.fetchedAtMs, START_MS - HOUR_MS)
    await run.pass(23 * HOUR_MS, 1000)
    assert.deepEqual(run.kids, ['a'])
    await run.pass(6 * MINUTE_MS, 1000)
    assert.deepEqual([run.kids, run.events.includes('gave up')], [[], true])
  })

  it('are there before a slow fetch is, and go when that ends', async (t) => {
    const run = new SourceRun(t, { cache: new OneDocument(document(A)) })
    const slow = Promise.withResolvers<ReturnType<typeof published>>()
    run.answer = slow.promise
    await run.begin()
    assert.deepEqual([run.kids, run.last?.trouble], [['a'], 'the keys are being fetched for the first time'])
    // Who asks now is not told that a fetch has ended.
    assert.equal(run.last?.askedAtMs, 0)
    slow.resolve(published(B))
    await turn()
    assert.deepEqual([run.kids, run.last?.trouble], [['b'], undefined])
  })

  it('never replace what was fetched, however late the disk is', async (t) => {
    const ready = Promise.withResolvers<void>()
    const run = new SourceRun(t, { cache: new OneDocument(document(A), ready.promise) })
    run.answer = published(B)
    await run.begin()
    assert.deepEqual(run.kids, ['b'])
    const told = run.news.length
    ready.resolve()
    await turn()
    assert.deepEqual([run.kids, run.news.length], [['b'], told])
  })

  it('serve after a fetch that failed before the disk answered', async (t) => {
    const ready = Promise.withResolvers<void>()
    const run = new SourceRun(t, { cache: new OneDocument(document(A), ready.promise) })
    await run.begin()
    // Who waits would be told of the failure, and refused.
    assert.ok(run.last === undefined)
    ready.resolve()
    await turn()
    assert.deepEqual([run.kids, run.source.trouble], [['a'], 'the server is down'])
  })

  it('are not for a source that was let go of', async (t) => {
    const ready = Promise.withResolvers<void>()
    const run = new SourceRun(t, { cache: new OneDocument(document(A), ready.promise) })
    await run.begin()
    run.source.close()
    ready.resolve()
    await turn()
    assert.equal(run.source.held, undefined)
  })

  const unusable: Readonly<Record<string, Partial<CachedDocument>>> = {
    'are too old': {
      fetchedAtMs: START_MS - 25 * HOUR_MS,
      freshUntilMs: START_MS - 24 * HOUR_MS,
    },
    'come from the future': { fetchedAtMs: START_MS + HOUR_MS, freshUntilMs: START_MS + 2 * HOUR_MS },
    'say that they are fresh for longer than may be': { freshUntilMs: START_MS + 48 * HOUR_MS },
    'are no document': { text: '<html>' },
  }
  for (const [what, more] of Object.entries(unusable)) {
    it(`are not used where they ${what}`, async (t) => {
      const run = new SourceRun(t, { cache: new OneDocument(document(A, more)) })
      await run.begin()
      assert.deepEqual([run.kids, run.source.held], [[], undefined])
    })
  }

  it('may be of a clock that was a little ahead', async (t) => {
    const ahead = { fetchedAtMs: START_MS + MINUTE_MS, freshUntilMs: START_MS + 6 * MINUTE_MS }
    const run = new SourceRun(t, { cache: new OneDocument(document(A, ahead)) })
    await run.begin()
    assert.deepEqual(run.kids, ['a'])
  })

  it('may have been fresh for as long as `refresh` says, though the server may not say so', async (t) => {
    const spec = { refreshMs: 3 * HOUR_MS, maxRefreshMs: HOUR_MS }
    const fresh = { freshUntilMs: START_MS + 2 * HOUR_MS }
    const run = new SourceRun(t, { spec, cache: new OneDocument(document(A, fresh)) })
    await run.begin()
    assert.deepEqual(run.kids, ['a'])
  })
})

describe('what is kept for a later process', () => {
  it('is the usable keys with their times, after every good fetch and no other', async (t) => {
    const cache = new OneDocument(undefined)
    const run = new SourceRun(t, { spec: { refreshMs: 10_000 }, cache })
    await run.begin()
    assert.equal(cache.saved.length, 0)
    run.answer = published(A)
    await run.pass(1000)
    const [saved] = cache.saved
    assert.equal(saved?.source, run.source.origin)
    const [atMs] = run.fetches.slice(1)
    const fingerprint = fingerprintOf(run.source.held!.keys[0]!.key)
    assert.deepEqual(saved?.document, {
      text: JSON.stringify({ keys: [run.source.held!.keys[0]!.key.jwk] }),
      fetchedAtMs: START_MS + atMs!,
      freshUntilMs: START_MS + atMs! + 10_000,
      firstSeenMs: { [fingerprint]: START_MS + atMs! },
    })
    run.answer = DOWN
    await run.pass(60_000)
    assert.equal(cache.saved.length, 1)
  })

  it('tells when a key was seen first, over any number of processes', async (t) => {
    const first = new OneDocument(document(A))
    const run = new SourceRun(t, { cache: first })
    const fingerprint = await (async () => {
      await run.begin()
      return fingerprintOf(run.source.held!.keys[0]!.key)
    })()
    // Where nothing is known, when the document came.
    assert.equal(run.source.held?.keys[0]?.firstSeenMs, START_MS - HOUR_MS)
    run.source.close()
    t.mock.timers.reset()
    const seenMs = START_MS - 100 * HOUR_MS
    const second = new OneDocument(document(A, { firstSeenMs: { [fingerprint]: seenMs } }))
    const later = new SourceRun(t, { cache: second })
    const slow = Promise.withResolvers<ReturnType<typeof published>>()
    later.answer = slow.promise
    await later.begin()
    slow.resolve(published(B, A))
    await turn()
    assert.deepEqual(
      later.source.held?.keys.map(({ firstSeenMs }) => firstSeenMs),
      [START_MS, seenMs],
    )
    assert.equal(second.saved[0]?.document.firstSeenMs[fingerprint], seenMs)
  })
})
