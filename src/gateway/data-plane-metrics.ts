import type { Turnstile } from '../authn/index.ts'
import type { ConnectionBudget } from '../inbound/node/connection-budget.ts'
import type { NodeListener } from '../inbound/node/listener.ts'
import type { Collector, MetricsSink } from '../telemetry/metrics/index.ts'
import type { Live } from './live.ts'

/** The parts of a data plane that keep a state of their own, of which it is enough to ask on a scrape. */
export interface MeasuredParts {
  readonly live: Live
  readonly turnstile: Turnstile
  readonly budget: ConnectionBudget
  readonly listeners: readonly { readonly listener: NodeListener }[]
}

/** Tells what a data plane holds now. */
export function dataPlaneMetrics({ live, turnstile, budget, listeners }: MeasuredParts): Collector {
  return {
    collect(out: MetricsSink) {
      const { tokens } = live.current
      const { waiting, sources } = turnstile.size
      out.value(
        'claimgate_requests_in_flight',
        [],
        listeners.reduce((sum, { listener }) => sum + listener.exchanges, 0),
      )
      out.value('claimgate_connections', [], budget.open)
      out.value('claimgate_connections_limit', [], budget.limit)
      out.value('claimgate_connections_refused_total', [], budget.refused)
      out.value('claimgate_token_cache_lookups_total', ['hit'], tokens.lookups.hits)
      out.value('claimgate_token_cache_lookups_total', ['miss'], tokens.lookups.misses)
      out.value('claimgate_token_cache_entries', [], tokens.size)
      out.value('claimgate_token_cache_bytes', [], tokens.bytes)
      out.value('claimgate_turnstile_waiting', [], waiting)
      out.value('claimgate_turnstile_sources', [], sources)
    },
  }
}
