/** So many workers may be replaced at once before the rate counts: a machine that kills several does not do so again. */
const BURST = 8
/** And then one for each of these: a start takes a tenth of a core's second, which leaves the rest to those that serve. */
const REFILL_MS = 1000

/** How fast workers that ended are replaced: at once, unless they keep ending. A mutable cell; the time is an argument. */
export class RestartBudget {
  /** When the budget would be whole again. */
  #fullAtMs = 0

  /** Takes one start out, and says how long to wait for it. */
  take(nowMs: number): number {
    this.#fullAtMs = Math.max(this.#fullAtMs, nowMs) + REFILL_MS
    return Math.max(0, this.#fullAtMs - nowMs - BURST * REFILL_MS)
  }
}
