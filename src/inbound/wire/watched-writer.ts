import type { Socket } from 'node:net'
import { writeGathered } from '../gathered-write.ts'

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
    const goesOn = this.#socket.write(text, 'latin1')
    if (!goesOn) this.watch()
    return goesOn
  }

  bytes(head: string, bytes: Buffer, tail: string): boolean {
    const goesOn = writeGathered(this.#socket, head, bytes, tail)
    if (!goesOn) this.watch()
    return goesOn
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
    if (this.#watching) this.#socket.setTimeout(0)
    this.#watching = false
  }
}
