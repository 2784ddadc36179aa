import {
  distinctSources,
  FetchedSource,
  fetchKeys,
  FetchSlots,
  KeyStore,
  type FetchFailure,
  type KeyChanges,
  type KeySourceSpec,
  type SourceEvents,
} from '../../keys/index.ts'
import { systemClock } from '../../kernel/clock.ts'

/** What one source has told. */
export interface SourceTidings {
  fetched(source: FetchedSource, changes: KeyChanges): void
  failed(source: FetchedSource, failure: FetchFailure, nextTryInMs: number): void
}

const AT_ONCE = 32

/** Begins to fetch sources for a command, without a cache: what is wrong now is to be seen. */
export function openSources(
  specs: readonly KeySourceSpec[],
  tidings: SourceTidings & Pick<SourceEvents, 'news'>,
): readonly FetchedSource[] {
  const slots = new FetchSlots(AT_ONCE)
  let serial = 0
  const events: SourceEvents = {
    news: (news) => tidings.news(news),
    fetched: (source, changes) => tidings.fetched(source, changes),
    failed: (source, failure, nextTryInMs) => tidings.failed(source, failure, nextTryInMs),
    gaveUp: () => {},
  }
  const around = {
    clock: systemClock,
    random: Math.random,
    fetch: fetchKeys,
    slots,
    cache: undefined,
    events,
    nextSerial: () => ++serial,
  }
  const sources = distinctSources(specs).map((spec) => new FetchedSource(spec, around))
  for (const source of sources) source.begin()
  return sources
}

/** Fetches each source once; gives them as they are then, and a store that has their keys. */
export async function fetchOnce(
  specs: readonly KeySourceSpec[],
): Promise<{ readonly sources: readonly FetchedSource[]; readonly store: KeyStore }> {
  const store = new KeyStore()
  const left = new Set<string>()
  const { promise, resolve } = Promise.withResolvers<void>()
  const sources = openSources(specs, {
    news: (news) => {
      store.accept(news)
      left.delete(news.source)
      if (left.size === 0) resolve()
    },
    fetched: () => {},
    failed: () => {},
  })
  for (const { id } of sources) left.add(id)
  if (sources.length > 0) await promise
  for (const source of sources) source.close()
  return { sources, store }
}
