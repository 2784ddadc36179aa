import type { ResponseWatch } from '../inbound/exchange.ts'
import type { Log } from '../telemetry/log.ts'
import { respond, type ErrorResponse, type Refusable } from './respond.ts'

/** A refusal that is ready, and waits for its time. */
export interface LateAnswer {
  /** Answers false where nobody waits for it any more. */
  answerLate(): boolean
}

/**
 * Answers to sources that send little but bad tokens. Each waits a while, and so does its connection, which has one
 * request at a time: a client that sends the next request after the answer to the last is slowed down, however fast it
 * is, and the others are served meanwhile. They leave in the order in which they came, a few at a time: what so many
 * connections send next is read and refused at the same pace.
 */
export class LateAnswers {
  /** A ring, and for each of its slots the tick at which it is due. */
  readonly #answers: (LateAnswer | undefined)[] = Array.from({ length: MAX_HELD })
  readonly #due = new Uint32Array(MAX_HELD)
  #first = 0
  #held = 0
  #ticks = 0
  #ticking = false
  #draining = false

  /** Answers false where so many are held that this one has to leave at once. */
  hold(answer: LateAnswer): boolean {
    if (this.#held === MAX_HELD || this.#draining) return false
    const slot = (this.#first + this.#held) % MAX_HELD
    this.#answers[slot] = answer
    this.#due[slot] = this.#ticks + HOLD_TICKS
    this.#held++
    this.#tickSoon()
    return true
  }

  /** Lets all go, and holds no more: the gateway stops. */
  drain(): void {
    this.#draining = true
    while (this.#held > 0) this.#shift()?.answerLate()
  }

  #tickSoon(): void {
    if (!this.#ticking) setTimeout(this.#tick, TICK_MS).unref()
    this.#ticking = true
  }

  readonly #tick = (): void => {
    this.#ticks++
    // Those whose clients have gone cost nothing, and make room.
    for (let left = MAX_IN_TICK; left > 0 && this.#isDue();) if (this.#shift()?.answerLate() === true) left--
    this.#ticking = false
    if (this.#held > 0) this.#tickSoon()
    else this.#ticks = 0
  }

  #isDue(): boolean {
    return this.#held > 0 && (this.#due[this.#first] ?? 0) <= this.#ticks
  }

  #shift(): LateAnswer | undefined {
    const answer = this.#answers[this.#first]
    this.#answers[this.#first] = undefined
    this.#first = (this.#first + 1) % MAX_HELD
    this.#held--
    return answer
  }
}

/** The usual one. It holds nothing of its request, which is recorded and over: thousands may wait. */
export class HeldAnswer implements LateAnswer, ResponseWatch {
  readonly #answer: ErrorResponse
  readonly #log: Log
  /** Undefined once the client has gone. */
  #refusable: Refusable | undefined

  constructor({ body, response }: Refusable, answer: ErrorResponse, log: Log) {
    this.#answer = answer
    this.#log = log
    this.#refusable = { body, response }
    response.watch = this
  }

  clientGone(): void {
    this.#refusable = undefined
  }

  answerLate(): boolean {
    const refusable = this.#refusable
    if (refusable === undefined) return false
    refusable.response.watch = undefined
    try {
      respond(refusable, this.#answer)
    } catch (cause) {
      refusable.response.abort()
      this.#log.error('a late answer met a bug of the gateway', { error: String(cause) })
    }
    return true
  }
}

const TICK_MS = 10
/** Half a second. */
const HOLD_TICKS = 50
/**
 * Five hundred in a second. With the requests that follow on them that is about a twentieth of a core, and those of a
 * burst do not come back as one.
 */
const MAX_IN_TICK = 5
/** About as many as a listener has connections. */
const MAX_HELD = 10_000
