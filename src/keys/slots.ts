/** How many fetches run at once, over all sources: a thousand sources that begin together ask a few at a time. */
export class FetchSlots {
  #free: number
  readonly #line: (() => void)[] = []

  constructor(slots: number) {
    this.#free = slots
  }

  /** Resolves in the order of asking, with what gives the slot back. */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#line.push(resolve))
    return () => {
      const next = this.#line.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}
