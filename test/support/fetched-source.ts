import type { TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import {
  FetchedSource,
  FetchSlots,
  type KeyCache,
  type KeyNews,
  type KeySourceSpec,
} from '../../src/keys/index.ts'
import { err, ok, type Result } from '../../src/kernel/result.ts'
import type { FetchFailure } from '../../src/keys/failure.ts'
import type { FetchedText, FetchKeys } from '../../src/keys/fetch-keys.ts'
import { jwksOf } from './key-documents.ts'
import { keySource } from './key-source.ts'
import type { Signer } from './signer.ts'

export type Fetched = Result<FetchedText, FetchFailure>

/** What a server that has the keys of these signers gives, and says nothing of how long. */
export function published(...signers: readonly Signer[]): Fetched {
  return ok({ text: JSON.stringify(jwksOf(...signers)), freshMs: undefined })
}

export function text(document: string, freshMs?: number): Fetched {
  return ok({ text: document, freshMs })
}

export const DOWN: Fetched = err({ message: 'the server is down' })

/** When tests with a time of their own begin. */
export const START_MS = Date.UTC(2026, 0, 1)

export interface SourceOptions {
  readonly spec?: Partial<KeySourceSpec>
  readonly random?: () => number
  readonly cache?: KeyCache
  readonly slots?: FetchSlots
}

/** One source, whose time passes when it is told to, and whose server gives what it is told to. */
export class SourceRun {
  /** What the next fetches get; a promise for one that takes its time. */
  answer: Fetched | Promise<Fetched> | (() => Fetched | Promise<Fetched>) = DOWN
  /** When each fetch began, in milliseconds since the start. */
  readonly fetches: number[] = []
  readonly news: KeyNews[] = []
  /** `fetched`, `failed: …`, `gave up`, in order. */
  readonly events: string[] = []
  /** How far the clock is from the time of timers. */
  skewMs = 0
  /** How many fetches were under way at once, at the most. */
  mostAtOnce = 0
  readonly source: FetchedSource
  readonly #t: TestContext
  #underWay = 0

  constructor(
    t: TestContext,
    { spec, random = () => 0.5, cache, slots = new FetchSlots(8) }: SourceOptions = {},
  ) {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: START_MS })
    this.#t = t
    let serial = 0
    this.source = new FetchedSource(keySource(spec), {
      clock: { now: () => this.nowMs },
      random,
      fetch: this.#fetch,
      slots,
      cache,
      nextSerial: () => ++serial,
      events: {
        news: (news) => void this.news.push(news),
        fetched: () => void this.events.push('fetched'),
        failed: (_, { message }, nextTryInMs) => void this.events.push(`failed: ${message}, ${nextTryInMs}`),
        gaveUp: () => void this.events.push('gave up'),
      },
    })
    t.after(() => this.source.close())
  }

  get nowMs(): number {
    return Date.now() + this.skewMs
  }

  /** Since the start, by timers. */
  get passedMs(): number {
    return Date.now() - START_MS
  }

  get last(): KeyNews | undefined {
    return this.news.at(-1)
  }

  /** What tokens call the keys that were told of last. */
  get kids(): readonly (string | undefined)[] {
    return this.last?.keys.map(({ kid }) => kid) ?? []
  }

  /** Begins, and lets everything come about that needs no time. */
  async begin(): Promise<void> {
    this.source.begin()
    await turn()
  }

  /** Passes time in steps of `stepMs`, so that what comes about in one is seen in the next. */
  async pass(ms: number, stepMs = 100): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.#t.mock.timers.tick(Math.min(left, stepMs))
      await turn()
    }
  }

  readonly #fetch: FetchKeys = async () => {
    this.fetches.push(this.passedMs)
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#underWay)
    try {
      return await (typeof this.answer === 'function' ? this.answer() : this.answer)
    } finally {
      this.#underWay--
    }
  }
}
