import { fromPortableKey, type VerificationKey } from '../jwt/index.ts'
import { Wait } from '../kernel/wait.ts'
import { worthWaitingMs } from './back-off.ts'
import { fingerprintOf, portableIdentityOf } from './fingerprint.ts'
import type { KeyNews, KeyUse } from './news.ts'
import type { KeySourceSpec } from './spec.ts'

/** More requests than this never wait for one source. Each is an open request, which other limits bound as well. */
const MAX_WAITING = 16_384
/** Nobody waits longer, however long a fetch may take: for one that was under way, and the next that the budget allows. */
export const LONGEST_WAIT_MS = 15_000

interface Waiting {
  readonly done: () => void
  readonly patience: NodeJS.Timeout
}

/** Told of a source whose keys are missed, and of the serial of the news that are known of it. */
export type Ask = (source: string, serial: number) => void

/** When a key verified a token last. */
interface Use {
  atMs: number
  /** Not told yet. */
  isNew: boolean
}

/** The keys of one source as the data plane has them. They outlive plans. */
export class SourceKeys {
  readonly id: string
  readonly spec: KeySourceSpec
  /** Another whenever the keys change. */
  revision = 0
  keys: readonly VerificationKey[] = []
  fetchedAtMs: number | undefined
  trouble: string | undefined = 'the keys are being fetched for the first time'
  /** Undefined where nobody fetches, or nobody does any more. */
  #ask: Ask | undefined
  #uses: ReadonlyMap<VerificationKey, Use> = new Map()
  /** What `keys` holds, by what tells a key before it is made. */
  #byIdentity = new Map<string, VerificationKey>()
  #serial = -1
  #askedAtMs = -Infinity
  #nextAskAtMs = -Infinity
  #nextFetchMs: number | undefined
  #toldAtMs = -Infinity
  /** Who waits, each until its own patience is at its end. */
  #waiting = new Set<Waiting>()
  /** Whether somebody who waits has asked, and nothing was heard since. */
  #hasAsked = false

  constructor(id: string, spec: KeySourceSpec, ask: Ask | undefined) {
    this.id = id
    this.spec = spec
    this.#ask = ask
  }

  /** Takes what is known now. Keys that are as before stay the same objects, so that what they said of tokens stands. */
  accept(news: KeyNews): void {
    if (news.serial <= this.#serial) return
    this.#serial = news.serial
    this.fetchedAtMs = news.fetchedAtMs
    this.trouble = news.trouble
    this.#askedAtMs = news.askedAtMs
    this.#nextAskAtMs = news.nextAskAtMs
    this.#nextFetchMs = news.nextFetchMs
    this.#toldAtMs = news.toldAtMs
    if (news.revision !== this.revision) this.#replace(news)
    this.#release()
  }

  /**
   * Asks for newer keys, for a request that has asked at `askedAtMs` or not at all: a wait until a fetch has ended;
   * `later` where none will begin soon, or too many wait; undefined where one has ended since.
   */
  refresh(nowMs: number, askedAtMs: number | undefined): Wait | 'later' | undefined {
    const ask = this.#ask
    if (ask === undefined || (askedAtMs !== undefined && this.#askedAtMs >= askedAtMs)) return undefined
    if (this.isFarOff(nowMs) || this.#waiting.size >= MAX_WAITING) return 'later'
    const waitedMs = askedAtMs === undefined ? 0 : Math.max(0, nowMs - askedAtMs)
    return new Wait('keys to be fetched', (done) => this.#await(done, ask, waitedMs))
  }

  /** Whether the next fetch that a token may ask for is too far off to be waited for. */
  isFarOff(nowMs: number): boolean {
    return this.#nextAskAtMs - nowMs > worthWaitingMs(this.trouble) && !this.#isSetBack(nowMs)
  }

  /** In how long the source may be fetched again: because a token asks, or because it is planned. */
  untilFetchMs(nowMs: number): number {
    const nextMs = Math.min(this.#nextAskAtMs, this.#nextFetchMs ?? Infinity)
    return this.#isSetBack(nowMs) ? 0 : Math.max(0, nextMs - nowMs)
  }

  /** A key of this source has verified a token. */
  used(key: VerificationKey, atMs: number): void {
    const use = this.#uses.get(key)
    if (use === undefined) return
    use.atMs = atMs
    use.isNew = true
  }

  /** Which keys were used since this was asked before, and when last. */
  takeUses(): readonly KeyUse[] {
    return [...this.#uses].flatMap(([key, use]) => {
      if (!use.isNew) return []
      use.isNew = false
      return [{ source: this.id, key: fingerprintOf(key), atMs: use.atMs }]
    })
  }

  /** Nobody may wait for what will not be said any more, also who is still served by a plan of before. */
  close(): void {
    this.#ask = undefined
    this.#release()
  }

  /** The clock was: who is asked will say when it is by the clock of now. */
  #isSetBack(nowMs: number): boolean {
    return nowMs < this.#toldAtMs
  }

  #replace({ keys, revision }: KeyNews): void {
    this.revision = revision
    const known = this.#byIdentity
    this.#byIdentity = new Map()
    this.keys = keys.map((portable) => {
      const identity = portableIdentityOf(portable)
      const key = known.get(identity) ?? fromPortableKey(portable)
      this.#byIdentity.set(identity, key)
      return key
    })
    this.#uses = new Map(this.keys.map((key) => [key, this.#uses.get(key) ?? { atMs: 0, isNew: false }]))
  }

  /** `waitedMs`: how long the request has waited before. */
  #await(done: () => void, ask: Ask, waitedMs: number): void {
    if (!this.#hasAsked) setImmediate(() => ask(this.id, this.#serial))
    this.#hasAsked = true
    const patienceMs = Math.min(
      LONGEST_WAIT_MS - waitedMs,
      worthWaitingMs(this.trouble) + this.spec.timeoutMs,
    )
    const waiting: Waiting = {
      done,
      patience: setTimeout(() => {
        this.#waiting.delete(waiting)
        // What was asked may be lost: whoever comes next asks again.
        this.#hasAsked = false
        done()
      }, patienceMs),
    }
    this.#waiting.add(waiting)
  }

  #release(): void {
    const waiting = this.#waiting
    this.#waiting = new Set()
    this.#hasAsked = false
    for (const { patience } of waiting) clearTimeout(patience)
    for (const { done } of waiting) done()
  }
}
