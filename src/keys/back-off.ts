/** Waits before the next try after so many failures in a row, in milliseconds: twice as long each time, then steady. */
const FIRST_MS = 1000
const LONGEST_MS = 60_000

/** `random` is from 0 to 1. Between half of the time and the whole, so that gateways that failed together part. */
export function backOffMs(failures: number, random: number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16))
  return whole * (0.5 + random / 2)
}

/** A server that has failed may do so again: what is good for it is not kept waiting for long. */
const WORTH_WAITING_FAILED_MS = 5000

/**
 * How far off a fetch may be that a request waits for: where the last one was good, as far as the budget ever puts one
 * off. `trouble` is why it was not.
 */
export function worthWaitingMs(trouble: string | undefined): number {
  return trouble === undefined ? BUDGET_EACH_MS : WORTH_WAITING_FAILED_MS
}

/**
 * No server is left alone for longer because it wants to be: one that says so for ever, or by mistake, must not keep
 * keys from being withdrawn for ever. As long as keys are fresh where nothing is said.
 */
export const LONGEST_HEEDED_MS = 5 * 60_000

/** When to ask again for what is fresh for so long: before it ends, and each gateway at another time. */
export function refreshMs(freshMs: number, random: number): number {
  return freshMs * (0.8 + random * 0.15)
}

/** One more fetch that was not planned is there after each such time. */
export const BUDGET_EACH_MS = 10_000

/**
 * Fetches that were not planned: retries, and those that tokens ask for. Four may come at once; then there is one more
 * every ten seconds, whatever strangers send. No longer than a request can wait: nobody can tell a token of a key that
 * has just been published from one of a flood, and it must not be refused for that.
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

const CAPACITY = 4
