import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { DOWN, published, START_MS, text, type Fetched } from '../../test/support/fetched-source.ts'
import { jwksOf } from '../../test/support/key-documents.ts'
import { keySource } from '../../test/support/key-source.ts'
import { createSigner } from '../../test/support/signer.ts'
import { KeyFetcher } from './key-fetcher.ts'
import { sourceId, type KeySourceSpec } from './spec.ts'

const [A, B] = [createSigner('ES256', { kid: 'a' }), createSigner('ES256', { kid: 'b' })]
const A_AGAIN = createSigner('ES256', { kid: 'a' })
const SPEC = keySource({ refreshMs: 10_000, url: 'https://idp.example/keys?secret=1' })
const OTHER = keySource({ name: 'other', url: 'https://other.example/keys' })

/** A fetcher with a note of what it logs, whose time passes when it is told to. */
function subject(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: START_MS })
  const lines: string[] = []
  const log =
    (level: string) =>
    (message: string, facts: object = {}): void =>
      void lines.push(`${level} ${message} ${JSON.stringify(facts)}`)
  const fetched: string[] = []
  const state: { answer: Fetched | ((spec: KeySourceSpec) => Fetched | Promise<Fetched>) } = { answer: DOWN }
  const fetcher = new KeyFetcher({
    clock: { now: () => Date.now() },
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    random: () => 0.5,
    fetch: async (spec) => {
      fetched.push(spec.name)
      return typeof state.answer === 'function' ? state.answer(spec) : state.answer
    },
    cache: undefined,
  })
  t.after(() => fetcher.close())
  return {
    fetcher,
    fetched,
    /** Lets a planned fetch come about with this answer, and gives what was logged for it. */
    async next(answer: Fetched, ms = 9000): Promise<readonly string[]> {
      state.answer = answer
      lines.length = 0
      t.mock.timers.tick(ms)
      await turn()
      return [...lines]
    },
    async begin(answer: typeof state.answer, ...specs: readonly KeySourceSpec[]): Promise<readonly string[]> {
      state.answer = answer
      lines.length = 0
      fetcher.add(specs)
      await turn()
      return [...lines]
    },
  }
}

describe('a source that several authentications have', () => {
  it('is fetched once, and is told of by the name that comes first', async (t) => {
    const { fetcher, fetched, begin } = subject(t)
    await begin(published(A), SPEC, { ...SPEC, name: 'second' })
    assert.deepEqual(fetched, ['main'])
    assert.deepEqual(
      fetcher.states().map(({ source }) => source),
      ['main'],
    )
  })
})

describe('the log of fetched keys', () => {
  it('has a line for what changed, by the names of keys, and none where nothing did', async (t) => {
    const { begin, next } = subject(t)
    assert.deepEqual(await begin(published(A), SPEC), [
      'info keys were fetched {"source":"main","keys":["kid \\"a\\""],"added":["kid \\"a\\""]}',
    ])
    assert.deepEqual(await next(published(A)), [])
    assert.deepEqual(await next(published(A, B)), [
      'info keys were fetched {"source":"main","keys":["kid \\"a\\"","kid \\"b\\""],"added":["kid \\"b\\""]}',
    ])
    assert.deepEqual(await next(published(A_AGAIN)), [
      'info keys were fetched {"source":"main","keys":["kid \\"a\\""],"removed":["kid \\"b\\""],"replaced":["kid \\"a\\""]}',
    ])
  })

  it('has every failure with what serves on, and says when it is over', async (t) => {
    const { begin, next } = subject(t)
    assert.deepEqual(await begin(DOWN, SPEC), [
      'error keys could not be fetched {"source":"main","error":"the server is down","serves":"none","nextTryInMs":750}',
    ])
    assert.match((await next(published(A)))[0] ?? '', /^info keys were fetched/)
    assert.match((await next(DOWN))[0] ?? '', /"serves":"the last good keys","nextTryInMs":750/)
    // The same keys as before, and yet there is something to say.
    assert.deepEqual(await next(published(A)), [
      'info keys were fetched {"source":"main","keys":["kid \\"a\\""]}',
    ])
  })

  it('names keys that are skipped, also where no other key is there, once for as long as they are the same', async (t) => {
    const { begin, next } = subject(t)
    const strange = text(JSON.stringify({ keys: [{ kty: 'AKP', kid: 'new' }] }))
    const [fetched, skipped, empty] = await begin(strange, SPEC)
    assert.equal(fetched, 'info keys were fetched {"source":"main","keys":[]}')
    assert.match(skipped ?? '', /^warn a key was skipped \{"source":"main","problem":"kid \\"new\\": /)
    assert.match(empty ?? '', /^error the key set has no usable key/)
    assert.deepEqual(await next(strange), [])
    const both = text(JSON.stringify({ keys: [...jwksOf(A).keys, { kty: 'AKP', kid: 'new' }] }))
    assert.equal((await next(both)).length, 1)
    const another = text(JSON.stringify({ keys: [...jwksOf(A).keys, { kty: 'AKP', kid: 'newer' }] }))
    assert.match((await next(another)).join(), /^warn a key was skipped .*newer/)
    assert.deepEqual(await next(published(A)), [])
    assert.equal(
      (await next(text('{"keys":[]}'))).at(-1)?.startsWith('error the key set has no usable key'),
      true,
    )
  })

  it('says that keys are too old', async (t) => {
    const { begin, next } = subject(t)
    await begin(published(A), { ...SPEC, serveStaleMs: 0 })
    await next(DOWN)
    assert.match((await next(DOWN)).join(), /error the last good keys are too old to serve on/)
  })
})

describe('the fetcher', () => {
  it('fetches a source once for all who name it, and tells all who listen', async (t) => {
    const { fetcher, begin, fetched } = subject(t)
    const heard: string[][] = [[], []]
    for (const list of heard) fetcher.listen(({ source }) => void list.push(source))
    await begin(published(A), SPEC, { ...SPEC, name: 'again' }, OTHER)
    await begin(published(A), SPEC)
    assert.equal(fetched.length, 2)
    for (const list of heard) assert.deepEqual(list, [sourceId(SPEC), sourceId(OTHER)])
    assert.deepEqual(
      fetcher.allNews.map(({ keys }) => keys.length),
      [1, 1],
    )
  })

  it('asks 32 sources at once at the most', async (t) => {
    const { begin, fetched } = subject(t)
    const gates: (() => void)[] = []
    const specs = Array.from({ length: 50 }, (_, i) =>
      keySource({ name: `${i}`, url: `https://idp.example/${i}` }),
    )
    await begin(() => new Promise((resolve) => gates.push(() => resolve(published(A)))), ...specs)
    assert.equal(fetched.length, 32)
    for (const open of gates.splice(0, 3)) open()
    await turn()
    assert.equal(fetched.length, 35)
    assert.deepEqual(
      fetched,
      specs.slice(0, 35).map(({ name }) => name),
    )
  })

  it('forgets what it lets go of, and fetches it anew when it comes back', async (t) => {
    const { fetcher, begin, fetched } = subject(t)
    await begin(published(A), SPEC, OTHER)
    fetcher.keepOnly([OTHER])
    assert.deepEqual(
      fetcher.states().map(({ source }) => source),
      ['other'],
    )
    fetcher.ask(sourceId(SPEC))
    assert.match((await begin(published(A), SPEC)).join(), /keys were fetched.*"added"/)
    assert.equal(fetched.length, 3)
  })

  it('ends with nothing under way', async (t) => {
    const { fetcher, begin, next, fetched } = subject(t)
    await begin(published(A), SPEC)
    fetcher.ask(sourceId(SPEC))
    void fetcher.close()
    assert.deepEqual(await next(published(B), 3_600_000), [])
    assert.equal(fetched.length, 1)
  })
})

describe('the state of a source', () => {
  it('tells of its keys, without a query, and when each was used last', async (t) => {
    const { fetcher, begin, next } = subject(t)
    await begin(published(A), SPEC)
    const id = sourceId(SPEC)
    const [first] = fetcher.states()
    assert.ok(first !== undefined)
    const { keys, ...source } = first
    assert.deepEqual(source, {
      source: 'main',
      id,
      url: 'https://idp.example/keys?…',
      status: 'fresh',
      skipped: [],
      fetches: 1,
      failures: 0,
      lastSuccessMs: START_MS,
      lastFailure: undefined,
      freshUntilMs: START_MS + 10_000,
      servesUntilMs: START_MS + 10_000 + 86_400_000,
      nextFetchMs: START_MS + 8750,
    })
    const { fingerprint = '', ...key } = keys[0] ?? {}
    assert.match(fingerprint, /^[0-9a-f]{64}$/)
    assert.deepEqual(key, {
      kid: 'a',
      type: 'EC',
      algorithms: ['ES256'],
      bits: 256,
      firstSeenMs: START_MS,
      lastUsedMs: undefined,
    })
    const used = (atMs: number): void => fetcher.used([{ source: id, key: fingerprint, atMs }])
    used(START_MS + 20)
    // Another process that is behind.
    used(START_MS + 10)
    fetcher.used([{ source: 'nobody', key: fingerprint, atMs: 1 }])
    assert.equal(fetcher.states()[0]?.keys[0]?.lastUsedMs, START_MS + 20)
    fetcher.collectUses(() => [{ source: id, key: fingerprint, atMs: START_MS + 30 }])
    assert.equal(fetcher.states()[0]?.keys[0]?.lastUsedMs, START_MS + 30)
    fetcher.collectUses(() => [])
    await next(published(B))
    await next(published(A))
    assert.equal(fetcher.states()[0]?.keys[0]?.lastUsedMs, undefined)
  })

  it('is fresh, stale after a failure, and none without keys', async (t) => {
    const { fetcher, begin, next } = subject(t)
    const status = (): string | undefined => fetcher.states()[0]?.status
    await begin(DOWN, SPEC)
    assert.equal(status(), 'none')
    await next(published(A))
    assert.equal(status(), 'fresh')
    await next(DOWN)
    assert.equal(status(), 'stale')
    const [state] = fetcher.states()
    assert.deepEqual(state?.lastFailure, { atMs: START_MS + 18_000, why: 'the server is down' })
    assert.deepEqual([state?.fetches, state?.failures], [3, 2])
    await next(text('{"keys":[]}'))
    assert.equal(status(), 'none')
  })

  it('has no next fetch while one is under way', async (t) => {
    const { fetcher, begin } = subject(t)
    await begin(() => new Promise(() => {}), SPEC)
    assert.equal(fetcher.states()[0]?.nextFetchMs, undefined)
  })
})
