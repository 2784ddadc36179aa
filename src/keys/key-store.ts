import type { VerificationKey } from '../jwt/index.ts'
import { LiveKeys } from './live-keys.ts'
import type { KeyNews, KeyUse } from './news.ts'
import { SourceKeys, type Ask } from './source-keys.ts'
import { sourceId, type KeySourceSpec } from './spec.ts'

/** All fetched keys of one data plane, by their source. It outlives plans, so that a reload begins with the keys there are. */
export class KeyStore {
  readonly #ask: Ask | undefined
  readonly #sources = new Map<string, SourceKeys>()
  /** The last news of each source, also of those that no plan names yet. */
  readonly #news = new Map<string, KeyNews>()

  /** `ask` is told of a source whose keys are missed; news are the answer. Without it nobody waits for any. */
  constructor(ask?: Ask) {
    this.#ask = ask
  }

  /** The keys of one authentication or rule. */
  liveKeys(own: readonly VerificationKey[], specs: readonly KeySourceSpec[]): LiveKeys {
    return new LiveKeys(
      own,
      specs.map((spec) => this.#sourceOf(spec)),
    )
  }

  accept(news: KeyNews): void {
    if (news.serial <= (this.#news.get(news.source)?.serial ?? -1)) return
    this.#news.set(news.source, news)
    this.#sources.get(news.source)?.accept(news)
  }

  /** Lets go of the sources that are not among these. */
  keepOnly(specs: readonly KeySourceSpec[]): void {
    const kept = new Set(specs.map((spec) => sourceId(spec)))
    for (const [id, source] of this.#sources) {
      if (kept.has(id)) continue
      source.close()
      this.#sources.delete(id)
    }
    for (const id of this.#news.keys()) if (!kept.has(id)) this.#news.delete(id)
  }

  /** When each key was used last, of those that were used since this was asked before. */
  takeUses(): readonly KeyUse[] {
    return [...this.#sources.values()].flatMap((source) => source.takeUses())
  }

  #sourceOf(spec: KeySourceSpec): SourceKeys {
    const id = sourceId(spec)
    const known = this.#sources.get(id)
    if (known !== undefined) return known
    const source = new SourceKeys(id, spec, this.#ask)
    this.#sources.set(id, source)
    const news = this.#news.get(id)
    if (news !== undefined) source.accept(news)
    return source
  }
}
