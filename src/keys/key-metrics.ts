import type { Collector, MetricsSink } from '../telemetry/metrics/index.ts'
import type { KeyFetcher } from './key-fetcher.ts'

/** More sources than this are told of on the page of keys alone. */
const MAX_SOURCES = 1000

/** How fetched keys are, by source. */
export class KeyMetrics implements Collector {
  readonly #fetcher: Pick<KeyFetcher, 'states'>

  constructor(fetcher: Pick<KeyFetcher, 'states'>) {
    this.#fetcher = fetcher
  }

  collect(out: MetricsSink): void {
    // While a reload is under way, one name may be that of two.
    const states = new Map(this.#fetcher.states().map((state) => [state.source, state]))
    for (const state of [...states.values()].slice(0, MAX_SOURCES)) {
      const labels = [state.source] as const
      out.value('claimgate_key_source_keys', labels, state.keys.length)
      out.value('claimgate_key_source_skipped_keys', labels, state.skipped.length)
      for (const status of ['fresh', 'stale', 'none'] as const)
        out.value('claimgate_key_source_status', [state.source, status], state.status === status ? 1 : 0)
      out.value('claimgate_key_source_fetches_total', labels, state.fetches)
      out.value('claimgate_key_source_fetch_failures_total', labels, state.failures)
      if (state.lastSuccessMs !== undefined)
        out.value('claimgate_key_source_last_success_timestamp_seconds', labels, state.lastSuccessMs / 1000)
      if (state.servesUntilMs !== undefined)
        out.value('claimgate_key_source_serves_until_timestamp_seconds', labels, state.servesUntilMs / 1000)
    }
  }
}
