/** Where keys come from when they are not in the configuration, and what is known of them now. */
export type { FetchFailure } from './failure.ts'
export { fetchKeys } from './fetch-keys.ts'
export { FetchedSource, type SourceEvents } from './fetched-source.ts'
export type { KeyChanges } from './held-keys.ts'
export { FolderKeyCache, type KeyCache } from './key-cache.ts'
export { mayOthersWrite } from './own-files.ts'
export { KeyFetcher } from './key-fetcher.ts'
export { KeyMetrics } from './key-metrics.ts'
export { KeyStore } from './key-store.ts'
export { LiveKeys } from './live-keys.ts'
export { FetchSlots } from './slots.ts'
export { LONGEST_WAIT_MS } from './source-keys.ts'
export { storeFedBy } from './store-fed-by.ts'
export type { KeyNews, KeyUse } from './news.ts'
export {
  distinctSources,
  KEY_SOURCE_DEFAULTS,
  LONGEST_FRESH_MS,
  LONGEST_STALE_MS,
  shownUrl,
  sourceId,
  type ClientTlsSpec,
  type EndpointSpec,
  type KeySourceSpec,
} from './spec.ts'
