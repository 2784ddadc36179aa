import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Collector, MetricsSink } from './snapshot.ts'

/** How often the event loop is looked at: fifty timers a second cost nothing, and what is shorter is no lag. */
const RESOLUTION_MS = 20
const NANOSECONDS = 1e9

/** What this process takes of its machine. The event loop is watched from the first scrape on, so that a process that is never asked pays nothing. */
export class ProcessMetrics implements Collector {
  #lag: ReturnType<typeof monitorEventLoopDelay> | undefined

  collect(out: MetricsSink): void {
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed, heapTotal } = process.memoryUsage()
    out.value('claimgate_process_start_time_seconds', [], performance.timeOrigin / 1000)
    out.value('claimgate_process_cpu_seconds_total', [], (user + system) / 1e6)
    out.value('claimgate_process_resident_memory_bytes', [], rss)
    out.value('claimgate_process_heap_bytes', ['used'], heapUsed)
    out.value('claimgate_process_heap_bytes', ['total'], heapTotal)
    this.#collectLag(out)
  }

  #collectLag(out: MetricsSink): void {
    const before = this.#lag
    const isFirst = before === undefined
    const lag = before ?? monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    const seconds = (nanoseconds: number): number =>
      // What is measured is the time between two timers, of which the resolution is no lag.
      isFirst || lag.count === 0 ? 0 : Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000)
    out.value('claimgate_event_loop_lag_seconds', ['p50'], seconds(lag.percentile(50)))
    out.value('claimgate_event_loop_lag_seconds', ['p99'], seconds(lag.percentile(99)))
    out.value('claimgate_event_loop_lag_seconds', ['max'], seconds(lag.max))
    if (isFirst) lag.enable()
    else lag.reset()
    this.#lag = lag
  }
}
