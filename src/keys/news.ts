import type { PortableKey } from '../jwt/index.ts'

/** What is known of the keys of one source: plain data, which passes between processes. Said after every fetch. */
export interface KeyNews {
  /** The `sourceId`. */
  readonly source: string
  /** Grows with what is said, so that what is late is known to be. */
  readonly serial: number
  /** Changes with the keys alone. */
  readonly revision: number
  /** Empty where there are none, or none that may serve still. */
  readonly keys: readonly PortableKey[]
  /** When these keys were fetched; undefined where there never were any. */
  readonly fetchedAtMs: number | undefined
  /** Why the last fetch failed, or that there was none yet; undefined where it brought these keys. */
  readonly trouble: string | undefined
  /** When the last fetch that has ended began. */
  readonly askedAtMs: number
  /** When the next fetch may begin that a token asks for. */
  readonly nextAskAtMs: number
  /** When the next fetch is planned, whoever asks; undefined where one is under way. */
  readonly nextFetchMs: number | undefined
  /** When this was said: by a clock that stands before it, none of the other times can be told. */
  readonly toldAtMs: number
}

/** When a key of a source verified a token last, as whoever uses it tells. */
export interface KeyUse {
  readonly source: string
  /** Of the key, as `fingerprintOf` gives it. */
  readonly key: string
  readonly atMs: number
}
