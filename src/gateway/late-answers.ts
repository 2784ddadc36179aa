/** A refusal that is ready, and waits for its time. */
export interface LateAnswer {
  answerLate(): void
}

/**
 * Answers to sources that send little but bad tokens. Each waits a while, and so does its connection, which has one
 * request at a time: a client that sends the next request after the answer to the last is slowed down, however fast it
 * is, and the others are served meanwhile. They leave in the order in which they came, some at a time.
 */
export class LateAnswers {
  /** One list for each tick until the answer, and what is left of those that are due. */
  readonly #ticks: LateAnswer[][] = [[]]
  #due: LateAnswer[] = []
  #held = 0
  #ticking = false

  /** Answers false where so many are held that this one has to leave at once. */
  hold(answer: LateAnswer): boolean {
    if (this.#held >= MAX_HELD) return false
    this.#held++
    this.#ticks.at(-1)?.push(answer)
    this.#tickSoon()
    return true
  }

  #tickSoon(): void {
    if (!this.#ticking) setTimeout(this.#tick, TICK_MS).unref()
    this.#ticking = true
  }

  readonly #tick = (): void => {
    this.#ticks.push([])
    if (this.#ticks.length > HOLD_TICKS) this.#due = this.#due.concat(this.#ticks.shift() ?? [])
    for (const answer of this.#due.splice(0, MAX_IN_TICK)) {
      this.#held--
      answer.answerLate()
    }
    this.#ticking = false
    if (this.#held > 0) this.#tickSoon()
  }
}

const TICK_MS = 20
/** Half a second. */
const HOLD_TICKS = 25
/** Two thousand in a second, so that those of a burst do not come back as one. */
const MAX_IN_TICK = 40
/** Some kilobytes each; about as many as a listener has connections. */
const MAX_HELD = 10_000
