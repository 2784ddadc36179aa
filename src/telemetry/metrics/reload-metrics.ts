import type { Clock } from '../../kernel/clock.ts'
import type { Collector, MetricsSink } from './snapshot.ts'

/** What became of each reading of the configuration; the first one was good, or there would be no gateway. */
export class ReloadMetrics implements Collector {
  readonly #clock: Clock
  #successes = 0
  #failures = 0
  #lastWasGood = true
  #lastSuccessMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastSuccessMs = clock.now()
  }

  succeeded(): void {
    this.#successes++
    this.#lastWasGood = true
    this.#lastSuccessMs = this.#clock.now()
  }

  failed(): void {
    this.#failures++
    this.#lastWasGood = false
  }

  collect(out: MetricsSink): void {
    out.value('claimgate_reloads_total', ['success'], this.#successes)
    out.value('claimgate_reloads_total', ['failure'], this.#failures)
    out.value('claimgate_last_reload_successful', [], this.#lastWasGood ? 1 : 0)
    out.value('claimgate_last_reload_success_timestamp_seconds', [], this.#lastSuccessMs / 1000)
  }
}
