/** Somebody who waits for a connection to a backend. */
export interface Guest {
  /** A slot is the guest's now; it must be left again. */
  admitted(): void
}

/**
 * How many requests one URL of a backend is given at a time, and how many may wait for their turn. The order of
 * waiting is that of arrival; who leaves early costs nothing.
 */
export class WaitingRoom {
  readonly #slots: number
  readonly #maxWaiting: number
  readonly #waiting = new Set<Guest>()
  #taken = 0

  constructor(slots: number, maxWaiting: number) {
    this.#slots = slots
    this.#maxWaiting = maxWaiting
  }

  /** Takes a slot at once; false where all are taken. INVARIANT: nobody waits while a slot is free. */
  enter(): boolean {
    if (this.#taken >= this.#slots) return false
    this.#taken++
    return true
  }

  /** Waits for a slot; false where too many wait already. */
  wait(guest: Guest): boolean {
    if (this.#waiting.size >= this.#maxWaiting) return false
    this.#waiting.add(guest)
    return true
  }

  giveUp(guest: Guest): void {
    this.#waiting.delete(guest)
  }

  /** Gives a slot back, or on to whoever has waited longest. */
  leave(): void {
    for (const guest of this.#waiting) {
      this.#waiting.delete(guest)
      guest.admitted()
      return
    }
    this.#taken--
  }
}
