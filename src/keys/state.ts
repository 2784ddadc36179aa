import { fingerprintOf } from './fingerprint.ts'
import type { FetchedSource } from './fetched-source.ts'
import { shownUrl } from './spec.ts'

/** What is to be told of one source: for people, metrics and the control plane. Plain data; times are milliseconds. */
export interface KeySourceState {
  readonly source: string
  /** The `sourceId`: the same for all who use the same source. */
  readonly id: string
  /** Without a query. */
  readonly url: string
  /**
   * fresh: as its server said last, and not long ago. stale: the last good keys serve on, and newer ones cannot be had.
   * none: there are no keys, and tokens that need one are refused.
   */
  readonly status: 'fresh' | 'stale' | 'none'
  readonly keys: readonly KeyState[]
  /** Keys of its document that are not used, each with the reason. */
  readonly skipped: readonly string[]
  readonly fetches: number
  readonly failures: number
  readonly lastSuccessMs: number | undefined
  readonly lastFailure: { readonly atMs: number; readonly why: string } | undefined
  readonly freshUntilMs: number | undefined
  readonly servesUntilMs: number | undefined
  /** Undefined while a fetch is under way. */
  readonly nextFetchMs: number | undefined
}

export interface KeyState {
  readonly kid: string | undefined
  readonly type: string
  readonly algorithms: readonly string[]
  readonly bits: number
  readonly fingerprint: string
  readonly firstSeenMs: number
  /** Undefined where it has verified no token yet. */
  readonly lastUsedMs: number | undefined
}

/** `usedMs` is what is known of each key's last use, by fingerprint. */
export function stateOf(
  source: FetchedSource,
  nowMs: number,
  usedMs: ReadonlyMap<string, number> | undefined,
): KeySourceState {
  const { id, spec, held, lastFailure, servesUntilMs, nextFetchMs, fetches, failures, trouble } = source
  const isFresh = held !== undefined && trouble === undefined && nowMs < held.freshUntilMs
  return {
    source: spec.name,
    id,
    url: shownUrl(spec.url),
    status: held === undefined || held.keys.length === 0 ? 'none' : isFresh ? 'fresh' : 'stale',
    keys: (held?.keys ?? []).map(({ key, firstSeenMs }) => {
      const fingerprint = fingerprintOf(key)
      const { kid, type, algorithms, bits } = key
      return { kid, type, algorithms, bits, fingerprint, firstSeenMs, lastUsedMs: usedMs?.get(fingerprint) }
    }),
    skipped: held?.skipped.map(({ message }) => message) ?? [],
    fetches,
    failures,
    lastSuccessMs: held?.fetchedAtMs,
    lastFailure: lastFailure && { atMs: lastFailure.atMs, why: lastFailure.failure.message },
    freshUntilMs: held?.freshUntilMs,
    servesUntilMs,
    nextFetchMs,
  }
}
