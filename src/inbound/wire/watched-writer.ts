import type { Socket } from 'node:net'
import { writeGathered, writeText } from '../gathered-write.ts'

/**
 * Writes to a client, and lets go of one that takes nothing for `idleMs`. Node's own timer watches, since it knows
 * whether a large write moves; a drain tells only when all of it is gone. It is set only once a client is slow.
 */
export class WatchedWriter {
  readonly #socket: Socket
  readonly #idleMs: number
  #watching = false

  constructor(socket: Socket, idleMs: number) {
    this.#socket = socket
    this.#idleMs = idleMs
  }

  /** Whether bytes wait that the client has not taken. */
  get busy(): boolean {
    return this.#socket.writableLength > 0
  }

  /** Text of one character per byte. False asks to wait for `drain`. */
  text(text: string): boolean {
    const goesOn = writeText(this.#socket, text)
    if (!goesOn) this.watch()
    return goesOn
  }

  bytes(head: string, bytes: Buffer, tail: string): boolean {
    const goesOn = writeGathered(this.#socket, head, bytes, tail)
    if (!goesOn) this.watch()
    return goesOn
  }

  /** Ends the connection so that the client sees a break, behind all that was written before. */
  breakOff(untilClose: boolean): void {
    this.#letGo()
    // A body that lasts until the connection closes looks whole after an orderly close: only a reset shows the break.
    if (untilClose && !('encrypted' in this.#socket)) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
  }

  watch(): void {
    if (this.#watching) return
    this.#watching = true
    this.#socket.setTimeout(this.#idleMs, () => {
      if (this.#watching && this.busy) this.#socket.destroy()
    })
  }

  /** Somebody else has the socket now. */
  release(): void {
    this.#letGo()
    if (this.#watching) this.#socket.setTimeout(0)
    this.#watching = false
  }

  /** Sends what is held to leave together with what others write. */
  #letGo(): void {
    this.#socket.uncork()
  }
}
