import type { Arrival } from './front.ts'
import type { WorkerProcess } from './worker-process.ts'

/** So many connections are on their way to a worker at one time. What waits longer waits here, for whichever is free. */
const MAX_UNTAKEN = 4

/**
 * Accepted connections and who gets them: each goes to the worker with the fewest, so that one that has just taken a
 * crashed one's place catches up; among equals, in turn. A worker that stands still gets a few and no more.
 */
export class HandOut {
  readonly #processes: ReadonlySet<WorkerProcess>
  readonly #maxWaiting: number
  readonly #waiting: Arrival[] = []
  #turn = 0

  constructor(processes: ReadonlySet<WorkerProcess>, maxWaiting: number) {
    this.#processes = processes
    this.#maxWaiting = maxWaiting
  }

  /** Gives it to a worker now, or as soon as one can take it. Beyond the limit it is closed: it would only wait. */
  add(arrival: Arrival): void {
    if (this.#waiting.length >= this.#maxWaiting) arrival.socket.destroy()
    else this.#waiting.push(arrival)
    this.proceed()
  }

  /** Called when a worker can take more than a moment ago. */
  proceed(): void {
    while (this.#waiting.length > 0) {
      const worker = this.#next()
      if (worker === undefined) return
      const arrival = this.#waiting.shift()
      if (arrival !== undefined && !arrival.socket.destroyed) worker.give(arrival)
    }
  }

  /** Closes what waits. */
  clear(): void {
    for (const { socket } of this.#waiting.splice(0)) socket.destroy()
  }

  #next(): WorkerProcess | undefined {
    const free = [...this.#processes].filter(({ serves, untaken }) => serves && untaken < MAX_UNTAKEN)
    this.#turn++
    let chosen: WorkerProcess | undefined
    for (let i = 0; i < free.length; i++) {
      const each = free[(this.#turn + i) % free.length]
      if (each !== undefined && (chosen === undefined || each.load < chosen.load)) chosen = each
    }
    return chosen
  }
}
