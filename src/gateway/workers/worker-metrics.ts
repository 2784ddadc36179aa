import { combine, lasting, snapshotOf, type MetricsSnapshot } from '../../telemetry/metrics/index.ts'
import type { WorkerProcess } from './worker-process.ts'

/** A worker that needs longer is busy with one thing, and a scraper waits ten seconds at most. */
const ANSWER_MS = 1000
/** What workers that ended have counted is kept for so many series: names of former configurations do not pile up. */
const MAX_DEPARTED_SERIES = 20_000

/**
 * The metrics of all workers as one. Sums never go back: for a worker that does not answer stands what it said last,
 * and what one has counted that ended is kept.
 */
export class WorkerMetrics {
  readonly #last = new Map<WorkerProcess, MetricsSnapshot>()
  #departed = NOTHING
  #restarts = 0
  #measuring: Promise<MetricsSnapshot> | undefined

  /** Asks every worker that serves. Who asks while that is under way gets the same answer. */
  measure(processes: ReadonlySet<WorkerProcess>): Promise<MetricsSnapshot> {
    return (this.#measuring ??= this.#ask(processes).finally(() => {
      this.#measuring = undefined
    }))
  }

  /** A worker has ended; nothing more comes from it. */
  gone(worker: WorkerProcess): void {
    const last = this.#last.get(worker)
    this.#last.delete(worker)
    if (last === undefined || seriesIn(this.#departed) > MAX_DEPARTED_SERIES) return
    this.#departed = combine([{ snapshot: this.#departed }, { snapshot: lasting(last) }])
  }

  restarted(): void {
    this.#restarts++
  }

  async #ask(processes: ReadonlySet<WorkerProcess>): Promise<MetricsSnapshot> {
    const serving = [...processes].filter(({ serves }) => serves)
    const answered = new Set<WorkerProcess>()
    await Promise.all(
      serving.map(async (worker) => {
        const snapshot = await worker.measure(ANSWER_MS)
        // One that has ended meanwhile is among those that departed.
        if (snapshot === undefined || !processes.has(worker)) return
        answered.add(worker)
        this.#last.set(worker, snapshot)
      }),
    )
    const parts = [...processes].map((worker) => {
      const last = this.#last.get(worker) ?? NOTHING
      return { snapshot: answered.has(worker) ? last : lasting(last), worker: String(worker.place.worker) }
    })
    const unanswered = serving.filter((worker) => !answered.has(worker)).length
    const own = snapshotOf([
      {
        collect: (out) => {
          out.value('claimgate_workers', [], serving.length)
          out.value('claimgate_workers_unanswered', [], unanswered)
          out.value('claimgate_worker_restarts_total', [], this.#restarts)
        },
      },
    ])
    return combine([{ snapshot: this.#departed }, ...parts, { snapshot: own }])
  }
}

const NOTHING: MetricsSnapshot = new Map()

function seriesIn(snapshot: MetricsSnapshot): number {
  let count = 0
  for (const all of snapshot.values()) count += all.length
  return count
}
