/**
 * How many fetches run at once, over all sources: a thousand sources that begin together ask a few at a time. Those that
 * failed the last time have half of the slots at the most, so that servers that are silent do not hold up others.
 */
export class FetchSlots {
  readonly #all: Line
  readonly #failed: Line

  constructor(slots: number) {
    this.#all = new Line(slots)
    this.#failed = new Line(Math.ceil(slots / 2))
  }

  /** Resolves in the order of asking, with what gives the slot back. */
  async take(hasFailed = false): Promise<() => void> {
    if (!hasFailed) return this.#all.take()
    const freeOne = await this.#failed.take()
    const free = await this.#all.take()
    return () => {
      free()
      freeOne()
    }
  }
}

class Line {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(slots: number) {
    this.#free = slots
  }

  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return () => {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}
