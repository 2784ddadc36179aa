/** The time, as an argument: nothing below `boot.ts` reads the system's clock itself. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
