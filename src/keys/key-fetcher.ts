import type { KeyProblem, VerificationKey } from '../jwt/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../telemetry/log.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { FetchFailure } from './failure.ts'
import type { FetchKeys } from './fetch-keys.ts'
import { FetchedSource, type SourceEvents, type SourceSurroundings } from './fetched-source.ts'
import { isUnchanged, type KeyChanges } from './held-keys.ts'
import type { KeyCache } from './key-cache.ts'
import type { KeyNews, KeyUse } from './news.ts'
import { FetchSlots } from './slots.ts'
import { distinctSources, sourceId, type KeySourceSpec } from './spec.ts'
import { stateOf, type KeySourceState } from './state.ts'

export interface FetcherSettings {
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  readonly fetch: FetchKeys
  readonly cache: KeyCache | undefined
}

/** As many as are no load for this machine: each is a connection that mostly waits. */
const FETCHES_AT_ONCE = 32

/** Fetches the keys of all sources: there is one in the whole gateway, however many processes serve. */
export class KeyFetcher implements SourceEvents {
  readonly #settings: FetcherSettings
  readonly #around: SourceSurroundings
  readonly #sources = new Map<string, FetchedSource>()
  readonly #listeners: ((news: KeyNews) => void)[] = []
  #takeUses: () => readonly KeyUse[] = () => []
  /** When each key was used last, by source and fingerprint. */
  readonly #usedMs = new Map<string, Map<string, number>>()
  /** What was logged last of the keys that each source skips, and of which sources that they cannot be fetched. */
  readonly #skipped = new Map<string, string>()
  readonly #failing = new Set<string>()

  constructor(settings: FetcherSettings) {
    this.#settings = settings
    const { clock, random, fetch, cache } = settings
    const slots = new FetchSlots(FETCHES_AT_ONCE)
    let serial = 0
    this.#around = { clock, random, fetch, cache, slots, events: this, nextSerial: () => ++serial }
  }

  /** Begins to fetch what is not fetched yet. */
  add(specs: readonly KeySourceSpec[]): void {
    for (const spec of distinctSources(specs)) {
      const known = this.#sources.get(sourceId(spec))
      if (known !== undefined) known.spec = spec
      else {
        const source = new FetchedSource(spec, this.#around)
        // A reload that changes when it is fetched, say, must not cost its keys.
        const kin = [...this.#sources.values()].find(({ origin }) => origin === source.origin)
        this.#sources.set(source.id, source)
        source.begin(kin)
      }
    }
  }

  /** Lets go of the sources that are not among these. */
  keepOnly(specs: readonly KeySourceSpec[]): void {
    const kept = new Set(specs.map((spec) => sourceId(spec)))
    for (const [id, source] of this.#sources) {
      if (kept.has(id)) continue
      source.close()
      this.#sources.delete(id)
      for (const notes of [this.#usedMs, this.#skipped, this.#failing]) notes.delete(id)
    }
  }

  /** A token was met that other keys of this source might verify, by who knows the news of this serial. */
  ask(source: string, knownSerial?: number): void {
    this.#sources.get(source)?.ask(knownSerial)
  }

  /** Asks every source anew, as if a token had missed a key: no more often than tokens may. */
  askAll(): void {
    for (const source of this.#sources.values()) source.ask()
  }

  /** What is known of all sources now, for a data plane that begins. */
  get allNews(): readonly KeyNews[] {
    return [...this.#sources.values()].map(({ news }) => news)
  }

  /** Takes what a data plane knows of the use of keys. */
  used(uses: readonly KeyUse[]): void {
    for (const { source, key, atMs } of uses) {
      if (!this.#sources.has(source)) continue
      const times = this.#usedMs.get(source) ?? new Map<string, number>()
      times.set(key, Math.max(atMs, times.get(key) ?? 0))
      this.#usedMs.set(source, times)
    }
  }

  /** `take` gives what a data plane in this process knows of the use of keys, when somebody wants to know. */
  collectUses(take: () => readonly KeyUse[]): void {
    this.#takeUses = take
  }

  states(): readonly KeySourceState[] {
    this.used(this.#takeUses())
    const nowMs = this.#settings.clock.now()
    return [...this.#sources.values()].map((source) => stateOf(source, nowMs, this.#usedMs.get(source.id)))
  }

  /** Ends at once; resolves when what was fetched is on disk. */
  async close(): Promise<void> {
    const sources = [...this.#sources.values()]
    for (const source of sources) source.close()
    this.#sources.clear()
    await Promise.all(sources.map(({ kept }) => kept))
  }

  /** `listener` is told after every fetch. */
  listen(listener: (news: KeyNews) => void): void {
    this.#listeners.push(listener)
  }

  news(news: KeyNews): void {
    for (const listener of this.#listeners) listener(news)
  }

  fetched({ id, spec, held }: FetchedSource, changes: KeyChanges): void {
    const { log } = this.#settings
    const { added, removed, replaced } = changes
    const keys = held?.keys.map(({ key }) => key) ?? []
    this.#forgetUses(
      id,
      keys.map((key) => fingerprintOf(key)),
    )
    const isFirst = !this.#skipped.has(id)
    const isBack = this.#failing.delete(id)
    const labels = (some: readonly VerificationKey[]): object | undefined =>
      some.length === 0 ? undefined : some.map(({ label }) => label)
    if (isFirst || isBack || !isUnchanged(changes))
      log.info('keys were fetched', {
        source: spec.name,
        keys: keys.map(({ label }) => label),
        added: labels(added),
        removed: labels(removed),
        replaced: labels(replaced),
      })
    this.#tellSkipped(id, spec.name, held?.skipped ?? [])
    if (keys.length === 0 && (isFirst || !isUnchanged(changes)))
      log.error('the key set has no usable key: tokens that need one are refused', { source: spec.name })
  }

  failed({ id, spec, held }: FetchedSource, { message, hint }: FetchFailure, nextTryInMs: number): void {
    this.#failing.add(id)
    const serves = held === undefined || held.keys.length === 0 ? 'none' : 'the last good keys'
    this.#settings.log.error('keys could not be fetched', {
      source: spec.name,
      error: message,
      hint,
      serves,
      nextTryInMs,
    })
  }

  gaveUp({ spec }: FetchedSource): void {
    this.#settings.log.error('the last good keys are too old to serve on', {
      source: spec.name,
      hint: 'mend what keeps new ones from being fetched, or raise `serveStale`',
    })
  }

  /** Again only where it is something else: a set is fetched again and again with what it skips. */
  #tellSkipped(id: string, source: string, problems: readonly KeyProblem[]): void {
    const text = problems.map(({ message }) => message).join('\n')
    if (this.#skipped.get(id) === text) return
    this.#skipped.set(id, text)
    for (const { message, hint } of problems)
      this.#settings.log.warn('a key was skipped', { source, problem: message, hint })
  }

  /** Of keys that are gone. */
  #forgetUses(source: string, kept: readonly string[]): void {
    const times = this.#usedMs.get(source)
    for (const key of times?.keys() ?? []) if (!kept.includes(key)) times?.delete(key)
  }
}
