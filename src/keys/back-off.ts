/** Waits before the next try after so many failures in a row, in milliseconds: twice as long each time, then steady. */
const FIRST_MS = 1000
const LONGEST_MS = 60_000

/** `random` is from 0 to 1. Between half of the time and the whole, so that gateways that failed together part. */
export function backOffMs(failures: number, random: number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16))
  return whole * (0.5 + random / 2)
}

/** When to ask again for what is fresh for so long: before it ends, and each gateway at another time. */
export function refreshMs(freshMs: number, random: number): number {
  return freshMs * (0.8 + random * 0.15)
}

/** One more fetch that was not planned is there after each such time. */
export const BUDGET_EACH_MS = 30_000

/**
 * Fetches that were not planned: retries, and those that tokens ask for. Ten may come at once; then there is one more
 * every half a minute, whatever strangers send.
 */
export class FetchBudget {
  #left = CAPACITY
  #atMs: number

  constructor(nowMs: number) {
    this.#atMs = nowMs
  }

  /** When there is one to take: now, or later. */
  nextMs(nowMs: number): number {
    this.#fill(nowMs)
    return this.#left >= 1 ? nowMs : nowMs + Math.ceil((1 - this.#left) * BUDGET_EACH_MS)
  }

  take(nowMs: number): void {
    this.#fill(nowMs)
    this.#left = Math.max(0, this.#left - 1)
  }

  #fill(nowMs: number): void {
    // A clock that was set back fills nothing, and counts from there.
    this.#left = Math.min(CAPACITY, this.#left + Math.max(0, nowMs - this.#atMs) / BUDGET_EACH_MS)
    this.#atMs = nowMs
  }
}

const CAPACITY = 10
