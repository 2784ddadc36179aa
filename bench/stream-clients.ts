import { connect, type Socket } from 'node:net'

/** Connections that are being made at one time: less than any listen queue holds. */
const OPENING = 64
/** `stream-backend.ts` puts this into every event, and no head of an answer holds it. */
const EVENT_MARK = '~'.charCodeAt(0)
const OK = 'HTTP/1.1 200 '

/** Clients of one gateway, each with one event stream that stays open. */
export class StreamClients {
  /** How long each stream took from `connect` to its first event. */
  readonly openMs: number[] = []
  readonly #sockets = new Set<Socket>()
  /** Called at every event, and when a stream ends. */
  readonly #waiting = new Set<() => void>()
  #events = 0
  #problem: Error | undefined

  /** Opens streams, some at a time; rejects when one is refused or ends, or not all have an event in time. */
  async open(port: number, token: string, count: number, timeoutMs: number): Promise<void> {
    const head = `GET /events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`
    const target = this.#events + count
    let started = 0
    const startSome = (): void => {
      while (started < count && started - this.#events < OPENING) {
        started += 1
        this.#openOne(port, head)
      }
    }
    startSome()
    await this.#until(() => {
      startSome()
      return this.#events >= target
    }, timeoutMs)
  }

  /** Waits until one more event has come down every stream. Call it before the event is sent. */
  async nextEvents(timeoutMs: number): Promise<void> {
    const target = this.#events + this.#sockets.size
    await this.#until(() => this.#events >= target, timeoutMs)
  }

  close(): void {
    this.#problem = new Error('closed')
    for (const socket of this.#sockets) socket.destroy()
  }

  #openOne(port: number, head: string): void {
    const startedMs = performance.now()
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#sockets.add(socket)
    socket.write(head)
    let begun = false
    let seen = 0
    socket.on('data', (piece: Buffer) => {
      if (!begun && piece.toString('latin1', 0, OK.length) !== OK)
        this.#fail('a stream was not answered with 200')
      begun = true
      const events = countEvents(piece)
      if (seen === 0 && events > 0) this.openMs.push(performance.now() - startedMs)
      seen += events
      this.#events += events
      this.#wake()
    })
    socket.on('error', (cause) => this.#fail(cause.message))
    socket.on('close', () => this.#fail('a stream ended'))
  }

  #fail(what: string): void {
    this.#problem ??= new Error(what)
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }

  #until(reached: () => boolean, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (problem?: Error): void => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        if (problem === undefined) resolve()
        else reject(problem)
      }
      const look = (): void => {
        if (this.#problem !== undefined) settle(this.#problem)
        else if (reached()) settle()
      }
      const timer = setTimeout(() => settle(new Error('the events did not come in time')), timeoutMs)
      this.#waiting.add(look)
    })
  }
}

function countEvents(piece: Buffer): number {
  let count = 0
  for (const byte of piece) if (byte === EVENT_MARK) count += 1
  return count
}
