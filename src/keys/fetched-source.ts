import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { toPortableKey } from '../jwt/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { ok, type Result } from '../kernel/result.ts'
import { backOffMs, FetchBudget, LONGEST_HEEDED_MS, refreshMs, worthWaitingMs } from './back-off.ts'
import type { FetchFailure } from './failure.ts'
import type { FetchedText, FetchKeys } from './fetch-keys.ts'
import { changesBetween, hold, seenOf, type HeldKeys, type KeyChanges } from './held-keys.ts'
import type { KeyCache } from './key-cache.ts'
import type { KeyNews } from './news.ts'
import { readDocument, readKept, textToKeep, type DocumentReading } from './read-document.ts'
import type { FetchSlots } from './slots.ts'
import { originId, sourceId, type KeySourceSpec } from './spec.ts'

export interface SourceSurroundings {
  readonly clock: Clock
  /** From 0 to 1. */
  readonly random: () => number
  readonly fetch: FetchKeys
  readonly slots: FetchSlots
  readonly cache: KeyCache | undefined
  readonly events: SourceEvents
  /**
   * Greater with every call, whichever source calls: one that is let go of and comes back must not be taken for what it
   * was before.
   */
  readonly nextSerial: () => number
}

export interface SourceEvents {
  news(news: KeyNews): void
  /** A fetch brought a good document; `changes` to what was known before. */
  fetched(source: FetchedSource, changes: KeyChanges): void
  failed(source: FetchedSource, failure: FetchFailure, nextTryInMs: number): void
  /** The last good keys are too old to serve on. */
  gaveUp(source: FetchedSource): void
}

/** `setTimeout` takes no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
/** A disk that takes longer does not hold requests up. */
const LONGEST_LOAD_MS = 1000
/** A clock that is a little off must not cost the keys of before. */
const CLOCK_SLACK_MS = 5 * 60_000

/** One source as it is fetched: one fetch at a time, again before what it brought is stale, and when tokens ask. */
export class FetchedSource {
  readonly id: string
  readonly origin: string
  /** Resolves when the last good document is on disk, or cannot be put there. */
  kept: Promise<void> = Promise.resolve()
  spec: KeySourceSpec
  held: HeldKeys | undefined
  lastFailure: { readonly atMs: number; readonly failure: FetchFailure } | undefined
  nextFetchMs: number | undefined
  fetches = 0
  failures = 0
  /** When the keys that serve now stop to, if no fetch brings others. */
  servesUntilMs: number | undefined
  trouble: string | undefined = 'the keys are being fetched for the first time'
  readonly #around: SourceSurroundings
  readonly #budget: FetchBudget
  #portable: KeyNews['keys'] = []
  #serial = 0
  #revision = 0
  /** Of the document that `held` was read from, where it was fetched. */
  #digest: string | undefined
  #failuresInARow = 0
  #fetching = false
  #beganMs = 0
  #lastAskedMs = -Infinity
  /** Until then its server does not want to be asked. */
  #leftAloneUntilMs = -Infinity
  #planned: NodeJS.Timeout | undefined
  #asked: NodeJS.Timeout | undefined
  #expiry: NodeJS.Timeout | undefined
  #closed = false
  #loaded: Promise<void> = Promise.resolve()

  constructor(spec: KeySourceSpec, around: SourceSurroundings) {
    this.id = sourceId(spec)
    this.origin = originId(spec)
    this.spec = spec
    this.#around = around
    this.#budget = new FetchBudget(around.clock.now())
  }

  /** Begins with the keys of `kin`, which has the same origin, or with what the disk has; and fetches. */
  begin(kin?: FetchedSource): void {
    if (kin?.held === undefined) this.#loaded = this.#load()
    else this.#resume(kin.held)
    void this.#fetch()
  }

  /** A token was met that other keys might verify, by who knows the news of this serial. Newer ones follow, or are under way. */
  ask(knownSerial = Infinity): void {
    if (this.#fetching || this.#asked !== undefined || this.#closed || knownSerial < this.#serial) return
    const nowMs = this.#around.clock.now()
    const delayMs = this.#nextAskMs(nowMs) - nowMs
    // Nobody waits for it.
    if (delayMs > worthWaitingMs(this.trouble)) return this.#tell()
    this.#asked = setTimeout(
      () => {
        this.#asked = undefined
        if (this.#fetching || this.#closed) return
        const startMs = this.#around.clock.now()
        this.#lastAskedMs = startMs
        this.#budget.take(startMs)
        void this.#fetch()
      },
      Math.max(0, delayMs),
    )
  }

  get news(): KeyNews {
    const nowMs = this.#around.clock.now()
    return {
      source: this.id,
      serial: this.#serial,
      revision: this.#revision,
      keys: this.#portable,
      fetchedAtMs: this.held?.fetchedAtMs,
      trouble: this.trouble,
      askedAtMs: this.#beganMs,
      nextAskAtMs: this.#nextAskMs(nowMs),
      nextFetchMs: this.nextFetchMs,
      toldAtMs: nowMs,
    }
  }

  close(): void {
    this.#closed = true
    for (const timer of [this.#planned, this.#asked, this.#expiry]) clearTimeout(timer)
  }

  async #load(): Promise<void> {
    const cached = await this.#around.cache?.load(this.origin)
    if (cached === undefined) return
    const { text, firstSeenMs, fetchedAtMs, freshUntilMs } = cached
    const reading = readKept(text, this.spec)
    if (!reading.ok) return
    const keys = hold(reading.value.keys, fetchedAtMs, new Map(Object.entries(firstSeenMs)))
    this.#resume({ keys, skipped: [], fetchedAtMs, freshUntilMs })
  }

  #nextAskMs(nowMs: number): number {
    // A clock that was set back must not have tokens wait until it is there again.
    this.#lastAskedMs = Math.min(this.#lastAskedMs, nowMs)
    this.#leftAloneUntilMs = Math.min(this.#leftAloneUntilMs, nowMs + LONGEST_HEEDED_MS)
    const { cooldownMs } = this.spec
    return Math.max(this.#budget.nextMs(nowMs), this.#lastAskedMs + cooldownMs, this.#leftAloneUntilMs)
  }

  #tell(): void {
    this.#serial = this.#around.nextSerial()
    this.#around.events.news(this.news)
  }

  async #fetch(): Promise<void> {
    if (this.#fetching || this.#closed) return
    this.#fetching = true
    clearTimeout(this.#planned)
    this.nextFetchMs = undefined
    const { slots, clock, fetch } = this.#around
    const free = await slots.take(this.#failuresInARow > 0)
    // Others are in line, too, and this one may have been let go of meanwhile.
    if (this.#closed) return free()
    const beganMs = clock.now()
    this.fetches++
    const fetched = await fetch(this.spec)
    free()
    // What the disk has comes first: without it a failure would have to be told to requests that it can answer.
    if (!fetched.ok) await Promise.race([this.#loaded, sleep(LONGEST_LOAD_MS, undefined, { ref: false })])
    this.#fetching = false
    if (this.#closed) return
    // Of one fetch at a time, the answer is always the latest that was asked for.
    this.#beganMs = beganMs
    this.#take(fetched)
    this.#tell()
  }

  #take(fetched: Result<FetchedText, FetchFailure>): void {
    if (!fetched.ok) return this.#failed(fetched.error)
    const digest = hash('sha256', fetched.value.text)
    const reading = this.#readBefore(digest) ?? readDocument(fetched.value.text, this.spec)
    if (!reading.ok) return this.#failed(reading.error)
    const { clock, random, events, cache } = this.#around
    const nowMs = clock.now()
    const { refreshMs: usual, minRefreshMs, maxRefreshMs } = this.spec
    const { freshMs: said } = fetched.value
    const freshMs = said === undefined ? usual : Math.min(maxRefreshMs, Math.max(minRefreshMs, said))
    const changes = changesBetween(this.#keys, reading.value.keys)
    const before = this.held
    const keys = hold(reading.value.keys, nowMs, seenOf(before?.keys ?? []))
    const freshUntilMs = nowMs + freshMs
    this.#hold({ keys, skipped: reading.value.skipped, fetchedAtMs: nowMs, freshUntilMs }, changes, digest)
    this.trouble = undefined
    this.#failuresInARow = 0
    this.#leftAloneUntilMs = -Infinity
    this.#plan(refreshMs(freshMs, random()), false)
    events.fetched(this, changes)
    const firstSeenMs = Object.fromEntries(seenOf(keys))
    const document = { text: textToKeep(reading.value.keys), fetchedAtMs: nowMs, freshUntilMs, firstSeenMs }
    this.kept = cache?.save(this.origin, document) ?? this.kept
  }

  /** The same document as the last time is the same keys: reading thousands anew would hold everybody else up. */
  #readBefore(digest: string): Result<DocumentReading, never> | undefined {
    if (this.held === undefined || digest !== this.#digest) return undefined
    return ok({ keys: this.#keys, skipped: this.held.skipped })
  }

  #failed(failure: FetchFailure): void {
    const { clock, random, events } = this.#around
    const nowMs = clock.now()
    this.failures++
    this.#failuresInARow++
    this.lastFailure = { atMs: nowMs, failure }
    this.trouble = failure.message
    const delayMs = backOffMs(this.#failuresInARow, random())
    if (failure.retryAfterMs !== undefined) this.#leaveAlone(nowMs, failure.retryAfterMs)
    const atMs = Math.max(nowMs + delayMs, this.#budget.nextMs(nowMs), this.#leftAloneUntilMs)
    this.#plan(atMs - nowMs, true)
    // The clock may have gone on by more than the timer: after a machine has slept, for one.
    this.#watchExpiry()
    events.failed(this, failure, Math.round(atMs - nowMs))
  }

  #leaveAlone(nowMs: number, forMs: number): void {
    this.#leftAloneUntilMs = nowMs + Math.min(LONGEST_HEEDED_MS, forMs)
    clearTimeout(this.#asked)
    this.#asked = undefined
  }

  /** Keys of before, until a fetch brings better ones. */
  #resume(held: HeldKeys): void {
    const { fetchedAtMs, freshUntilMs } = held
    const nowMs = this.#around.clock.now()
    const { refreshMs: usual, maxRefreshMs, serveStaleMs } = this.spec
    const isUsable =
      fetchedAtMs <= nowMs + CLOCK_SLACK_MS &&
      freshUntilMs <= fetchedAtMs + Math.max(usual, maxRefreshMs) &&
      nowMs < freshUntilMs + serveStaleMs
    if (this.#closed || this.held !== undefined || !isUsable) return
    const keys = held.keys.map(({ key }) => key)
    this.#hold(held, changesBetween([], keys))
    this.#tell()
  }

  get #keys(): readonly HeldKeys['keys'][number]['key'][] {
    return this.held?.keys.map(({ key }) => key) ?? []
  }

  #hold(held: HeldKeys, { added, removed, replaced }: KeyChanges, digest?: string): void {
    this.held = held
    this.#digest = digest
    if (added.length + removed.length + replaced.length > 0) {
      this.#revision = this.#around.nextSerial()
      this.#portable = held.keys.map(({ key }) => toPortableKey(key))
    }
    this.servesUntilMs = held.freshUntilMs + this.spec.serveStaleMs
    this.#watchExpiry()
  }

  #watchExpiry(): void {
    clearTimeout(this.#expiry)
    if (this.servesUntilMs === undefined) return
    const leftMs = this.servesUntilMs - this.#around.clock.now()
    this.#expiry = setTimeout(this.#expire, Math.min(LONGEST_TIMER_MS, Math.max(0, leftMs)))
    this.#expiry.unref()
  }

  readonly #expire = (): void => {
    if (this.servesUntilMs === undefined || this.#around.clock.now() < this.servesUntilMs)
      return this.#watchExpiry()
    this.held = undefined
    this.servesUntilMs = undefined
    this.trouble ??= 'the last good keys are too old to serve on'
    this.#revision = this.#around.nextSerial()
    this.#portable = []
    this.#around.events.gaveUp(this)
    this.#tell()
  }

  #plan(delayMs: number, isRetry: boolean): void {
    clearTimeout(this.#planned)
    this.nextFetchMs = this.#around.clock.now() + Math.round(delayMs)
    this.#planned = setTimeout(
      () => {
        if (isRetry) this.#budget.take(this.#around.clock.now())
        void this.#fetch()
      },
      Math.min(LONGEST_TIMER_MS, delayMs),
    )
    this.#planned.unref()
  }
}
