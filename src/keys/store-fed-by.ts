import type { KeyFetcher } from './key-fetcher.ts'
import { KeyStore } from './key-store.ts'

/** The store of a data plane in the process that fetches: what comes is at hand at once. */
export function storeFedBy(fetcher: KeyFetcher): KeyStore {
  const store = new KeyStore((source, serial) => fetcher.ask(source, serial))
  fetcher.listen((news) => store.accept(news))
  fetcher.collectUses(() => store.takeUses())
  return store
}
