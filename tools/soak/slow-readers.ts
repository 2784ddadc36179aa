import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Connections that are being made at one time. */
const OPENING = 64
/** How often each reader takes what its socket holds. */
const READ_EVERY_MS = 2000
const OPEN_MS = 120_000

/** Clients that ask for a body without end and hardly read it. */
export class SlowReaders {
  readonly #sockets: Socket[] = []
  #answered = 0

  async open(port: number, token: string, count: number): Promise<void> {
    const deadline = Date.now() + OPEN_MS
    for (let started = 0; this.#answered < count;) {
      while (started < count && started - this.#answered < OPENING) {
        this.#openOne(port, token)
        started += 1
      }
      if (Date.now() > deadline) throw new Error(`${this.#answered} of ${count} slow readers were answered`)
      // oxlint-disable-next-line no-await-in-loop -- until all are answered
      await sleep(5)
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #openOne(port: number, token: string): void {
    const socket = connect({ port, host: '127.0.0.1' })
    this.#sockets.push(socket)
    socket.on('error', () => {})
    socket.once('data', () => {
      this.#answered += 1
    })
    socket.on('data', () => {
      socket.pause()
      setTimeout(() => socket.resume(), READ_EVERY_MS).unref()
    })
    socket.write(`GET /endless HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  }
}
