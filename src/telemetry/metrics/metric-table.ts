/** One metric: what is said of it on the scrape, and in docs/metrics.md. */
export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** One sentence or more, for people. */
  readonly help: string
  /** Names of its labels. INVARIANT: no client can choose a value, and how many there are is bounded. */
  readonly labels: readonly string[]
  /** How those of several workers become one: their sum, or each by itself with the label `worker`. */
  readonly across: 'sum' | 'each'
  /** Of a histogram: the greatest value of each bucket, in order; beyond the last comes one more. */
  readonly bounds?: readonly number[]
}

/** From half a millisecond, what a near backend takes, to the minute after which clients have given up. */
const DURATION_BOUNDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const

/** Every metric that there is, in the order of the scrape. Names and units as Prometheus has them: base units, in the name. */
export const METRICS = {
  claimgate_requests_total: {
    type: 'counter',
    labels: ['outcome'],
    across: 'sum',
    help: 'Requests that ended. `outcome`: `forward`, `refuse`, or `broken` where the answer could not be finished.',
  },
  claimgate_refusals_total: {
    type: 'counter',
    labels: ['code'],
    across: 'sum',
    help: 'Refused requests by public code; docs/errors.md tells what each means.',
  },
  claimgate_route_requests_total: {
    type: 'counter',
    labels: ['route', 'status'],
    across: 'sum',
    help:
      'Requests by route and class of status (`2xx`; `none` where the client got no answer). `route`: its name, ' +
      '`none` for requests that no route took, `other` for routes beyond the first thousand.',
  },
  claimgate_request_duration_seconds: {
    type: 'histogram',
    labels: ['outcome'],
    across: 'sum',
    bounds: DURATION_BOUNDS,
    help: 'From the head of a request to the end of its answer, or of the connection that was upgraded.',
  },
  claimgate_requests_in_flight: {
    type: 'gauge',
    labels: [],
    across: 'sum',
    help: 'Requests that are being answered, and upgraded connections.',
  },
  claimgate_upstream_failures_total: {
    type: 'counter',
    labels: ['backend', 'code'],
    across: 'sum',
    help:
      'Requests that a backend failed, also in the middle of its answer. `backend`: its name, or `other` beyond the ' +
      'first thousand.',
  },
  claimgate_connections: {
    type: 'gauge',
    labels: [],
    across: 'sum',
    help: 'Open connections of clients.',
  },
  claimgate_connections_limit: {
    type: 'gauge',
    labels: [],
    across: 'sum',
    help: 'How many connections of clients may be open: `limits.maxConnections`.',
  },
  claimgate_connections_refused_total: {
    type: 'counter',
    labels: [],
    across: 'sum',
    help: 'Connections that were closed unread because as many were open as may be.',
  },
  claimgate_token_cache_lookups_total: {
    type: 'counter',
    labels: ['result'],
    across: 'sum',
    help: 'How often a token was looked for among those that are known. `result`: `hit` or `miss`.',
  },
  claimgate_token_cache_entries: {
    type: 'gauge',
    labels: [],
    across: 'sum',
    help: 'Known tokens; one that is about to age may count twice.',
  },
  claimgate_token_cache_bytes: {
    type: 'gauge',
    labels: [],
    across: 'sum',
    help: 'What they hold, as an estimate from above.',
  },
  claimgate_turnstile_waiting: {
    type: 'gauge',
    labels: [],
    across: 'sum',
    help:
      'Requests whose new token waits for its turn to be verified. Those that got none are `GW_TOKEN_FLOOD` and ' +
      '`GW_TOKEN_BUSY` of `claimgate_refusals_total`.',
  },
  claimgate_turnstile_sources: {
    type: 'gauge',
    labels: [],
    across: 'sum',
    help: 'Addresses that new tokens came from of late.',
  },
  claimgate_key_source_status: {
    type: 'gauge',
    labels: ['source', 'status'],
    across: 'sum',
    help:
      '1 for what a source of keys is: `fresh`; `stale` where its last good keys serve on; `none` where it has no usable ' +
      'key. `source`: the authentication or rule whose keys are fetched, the first of several that have the same.',
  },
  claimgate_key_source_keys: {
    type: 'gauge',
    labels: ['source'],
    across: 'sum',
    help: 'Usable keys of a source.',
  },
  claimgate_key_source_skipped_keys: {
    type: 'gauge',
    labels: ['source'],
    across: 'sum',
    help: 'Keys of its last good document that cannot be used.',
  },
  claimgate_key_source_fetches_total: {
    type: 'counter',
    labels: ['source'],
    across: 'sum',
    help: 'Fetches that have begun.',
  },
  claimgate_key_source_fetch_failures_total: {
    type: 'counter',
    labels: ['source'],
    across: 'sum',
    help: 'Fetches that brought nothing.',
  },
  claimgate_key_source_last_success_timestamp_seconds: {
    type: 'gauge',
    labels: ['source'],
    across: 'sum',
    help: 'When the keys that serve were fetched, as Unix time.',
  },
  claimgate_key_source_serves_until_timestamp_seconds: {
    type: 'gauge',
    labels: ['source'],
    across: 'sum',
    help: 'Until when they serve if no fetch brings others, as Unix time.',
  },
  claimgate_reloads_total: {
    type: 'counter',
    labels: ['result'],
    across: 'sum',
    help: 'Readings of a changed configuration. `result`: `success`, or `failure` where the last good one serves on.',
  },
  claimgate_last_reload_successful: {
    type: 'gauge',
    labels: [],
    across: 'sum',
    help: '1 while what is served is what was read last, 0 after a failure.',
  },
  claimgate_last_reload_success_timestamp_seconds: {
    type: 'gauge',
    labels: [],
    across: 'sum',
    help: 'When what is served was read, as Unix time.',
  },
  claimgate_build_info: {
    type: 'gauge',
    labels: ['version', 'node', 'engine'],
    across: 'sum',
    help: 'Always 1; the labels tell what runs.',
  },
  claimgate_process_start_time_seconds: {
    type: 'gauge',
    labels: [],
    across: 'each',
    help: 'When the process started, as Unix time.',
  },
  claimgate_process_cpu_seconds_total: {
    type: 'counter',
    labels: [],
    across: 'each',
    help: 'CPU time of the process, user and system together.',
  },
  claimgate_process_resident_memory_bytes: {
    type: 'gauge',
    labels: [],
    across: 'each',
    help: 'Memory that the process has in RAM.',
  },
  claimgate_process_heap_bytes: {
    type: 'gauge',
    labels: ['state'],
    across: 'each',
    help: 'The heap of JavaScript. `state`: `used`, or `total` with what is held for later.',
  },
  claimgate_event_loop_lag_seconds: {
    type: 'gauge',
    labels: ['stat'],
    across: 'each',
    help:
      'How late the event loop was since the scrape before, or zero on the first. `stat`: `p50`, `p99` or `max`. What ' +
      'is lost here is missing for every request.',
  },
  claimgate_workers: {
    type: 'gauge',
    labels: [],
    across: 'sum',
    help: 'Workers that serve; only where there are several.',
  },
  claimgate_workers_unanswered: {
    type: 'gauge',
    labels: [],
    across: 'sum',
    help:
      'Workers that did not answer this scrape within a second. Their gauges are missing in it, and their counters are ' +
      'those of the last answer.',
  },
  claimgate_worker_restarts_total: {
    type: 'counter',
    labels: [],
    across: 'sum',
    help: 'Workers that ended and were replaced.',
  },
} as const satisfies Readonly<Record<string, MetricRow>>

export type MetricName = keyof typeof METRICS
export type HistogramName = {
  [Name in MetricName]: (typeof METRICS)[Name]['type'] extends 'histogram' ? Name : never
}[MetricName]

/** A value for each label of a metric, in the order of the table. */
export type LabelValues<Name extends MetricName> = Texts<(typeof METRICS)[Name]['labels']>
type Texts<Names extends readonly string[]> = { readonly [Index in keyof Names]: string }

export function metricRow(name: MetricName): MetricRow {
  return METRICS[name]
}
