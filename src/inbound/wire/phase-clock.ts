/**
 * What a connection waits for, each with a bound of its own: a head; the next request; request, decision and answer;
 * the rest of a body that nobody wants; the client's close; nothing, since another protocol has it.
 */
export type Phase = 'head' | 'idle' | 'exchange' | 'discard' | 'linger' | 'upgraded'

/**
 * How long a connection has been in its phase, by the ticks of a coarse clock: a mark costs a request nothing, where a
 * timer would cost more than its parsing. What began between two ticks counts from the later one. INVARIANT: never too
 * early, and two ticks late at most.
 */
export class PhaseClock {
  phase: Phase = 'head'
  #restarted = true
  #sinceMs = 0

  enter(phase: Phase): void {
    this.phase = phase
    this.#restarted = true
  }

  /** Bytes moved: only an exchange may last for as long as they do. */
  moved(): void {
    if (this.phase === 'exchange') this.#restarted = true
  }

  /** Milliseconds that the phase has lasted at this tick; `nowMs` never goes back. */
  elapsedMs(nowMs: number): number {
    if (this.#restarted) {
      this.#restarted = false
      this.#sinceMs = nowMs
    }
    return nowMs - this.#sinceMs
  }
}

/** Timeouts are seconds, so a quarter of a second is exact enough, and ten thousand connections are soon looked at. */
const MAX_TICK_MS = 250
/** So that a timeout of next to nothing does not keep the process busy. */
const MIN_TICK_MS = 10

/** How often to look, so that none of these timeouts (0 for none) is late by more than half of itself. */
export function tickMs(timeoutsMs: readonly number[]): number {
  let tick = MAX_TICK_MS
  for (const timeoutMs of timeoutsMs) if (timeoutMs > 0) tick = Math.min(tick, timeoutMs / 4)
  return Math.max(MIN_TICK_MS, tick)
}
