import { createKeySet, type KeySet, type VerificationKey } from '../jwt/index.ts'
import { Wait } from '../kernel/wait.ts'
import type { SourceKeys } from './source-keys.ts'

/** One source that hangs must not hold up what another has brought. */
function untilChanged(waits: readonly (readonly [SourceKeys, Wait])[]): Wait {
  return new Wait('keys to be fetched', (done) => {
    let left = waits.length
    let isOver = false
    for (const [source, wait] of waits) {
      const { revision } = source
      wait.start(() => {
        left--
        if (isOver || (left > 0 && source.revision === revision)) return
        isOver = true
        done()
      })
    }
  })
}

/** No source has this revision. */
const NONE = -1

/** The keys of one authentication: those of the configuration, and those of its sources as they are now. */
export class LiveKeys {
  readonly #own: readonly VerificationKey[]
  readonly #sources: readonly SourceKeys[]
  #set: KeySet
  /** Of each source, what `#set` was made of. */
  readonly #revisions: number[]

  constructor(own: readonly VerificationKey[], sources: readonly SourceKeys[]) {
    this.#own = own
    this.#sources = sources
    this.#set = createKeySet(own)
    this.#revisions = sources.map(() => NONE)
  }

  /** Read anew for each request: a key that was withdrawn is not in it. The same object until the keys change. */
  get current(): KeySet {
    let isChanged = false
    for (let i = 0; i < this.#sources.length; i++) {
      const revision = this.#sources[i]?.revision ?? NONE
      if (this.#revisions[i] === revision) continue
      this.#revisions[i] = revision
      isChanged = true
    }
    if (isChanged) this.#set = createKeySet([...this.#own, ...this.#sources.flatMap(({ keys }) => keys)])
    return this.#set
  }

  /** Whether a key may be missing only because a source cannot be asked. */
  get isIncomplete(): boolean {
    return this.#sources.some(({ trouble }) => trouble !== undefined)
  }

  /**
   * Asks all sources for newer keys, for a request that has asked before at `askedAtMs` or not at all: a wait until one
   * has other keys, or all were asked; `later` where one cannot be asked soon; undefined where waiting would bring nothing.
   */
  refresh(nowMs: number, askedAtMs: number | undefined): Wait | 'later' | undefined {
    const waits: (readonly [SourceKeys, Wait])[] = []
    let isLater = false
    for (const source of this.#sources) {
      const wait = source.refresh(nowMs, askedAtMs)
      if (wait === 'later') isLater = true
      else if (wait !== undefined) waits.push([source, wait])
    }
    const [first] = waits
    if (first === undefined) return isLater ? 'later' : undefined
    return waits.length === 1 ? first[1] : untilChanged(waits)
  }

  /** In how long a source may be fetched again that cannot be asked now: the first that may. */
  untilFetchMs(nowMs: number): number {
    const missed = this.#sources.filter((each) => each.trouble !== undefined || each.isFarOff(nowMs))
    // None is, where too many wait.
    const asked = missed.length === 0 ? this.#sources : missed
    return Math.min(...asked.map((source) => source.untilFetchMs(nowMs)))
  }

  /** A key of these has verified a token. */
  used(key: VerificationKey, atMs: number): void {
    for (const source of this.#sources) source.used(key, atMs)
  }

  /** Where a key is from, for the steps of a decision; undefined for one of the configuration. */
  sourceOf(key: VerificationKey): SourceKeys | undefined {
    return this.#sources.find(({ keys }) => keys.includes(key))
  }

  /** Why each source that cannot be asked cannot be, for the steps of a decision. */
  get troubles(): readonly { readonly source: string; readonly trouble: string }[] {
    return this.#sources.flatMap(({ spec, trouble }) =>
      trouble === undefined ? [] : [{ source: spec.name, trouble }],
    )
  }
}
