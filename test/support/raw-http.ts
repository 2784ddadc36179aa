import { connect, createServer, type Server, type Socket } from 'node:net'

/** Long enough for a machine with much else to do; only a test that fails waits so long. */
const PATIENCE_MS = 10_000

/** A client on a bare socket, whose every byte the test writes and reads itself. */
export class RawClient {
  readonly socket: Socket
  #text = ''
  #closed = false
  #waiting: (() => void)[] = []

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (piece: Buffer) => {
      this.#text += piece.toString('latin1')
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('end', () => {
      this.#closed = true
      this.#wake()
    })
    socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
  }

  static connect(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      socket.once('connect', () => resolve(new RawClient(socket)))
      socket.once('error', reject)
    })
  }

  get text(): string {
    return this.#text
  }

  write(text: string): void {
    this.socket.write(text, 'latin1')
  }

  /** Everything up to and with `mark`, taken out of what was read; fails where the connection ends before. */
  async until(mark: string): Promise<string> {
    const found = await this.#when(() => {
      const at = this.#text.indexOf(mark)
      return at < 0 ? undefined : at + mark.length
    }, `\`${mark}\``)
    const taken = this.#text.slice(0, found)
    this.#text = this.#text.slice(found)
    return taken
  }

  async take(bytes: number): Promise<string> {
    await this.#when(() => (this.#text.length >= bytes ? bytes : undefined), `${bytes} bytes`)
    const taken = this.#text.slice(0, bytes)
    this.#text = this.#text.slice(bytes)
    return taken
  }

  /** Everything until the other side ends or breaks the connection. */
  async rest(): Promise<string> {
    await this.#when(() => (this.#closed ? 0 : undefined), 'the end')
    return this.#text
  }

  #when(look: () => number | undefined, what: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no ${what} in time; so far: ${this.#text.slice(0, 2000)}`)),
        PATIENCE_MS,
      )
      const check = (): void => {
        const found = look()
        if (found !== undefined) {
          clearTimeout(timer)
          resolve(found)
        } else if (this.#closed) {
          clearTimeout(timer)
          reject(new Error(`closed without ${what}; so far: ${this.#text.slice(0, 2000)}`))
        } else {
          this.#waiting.push(check)
        }
      }
      check()
    })
  }

  #wake(): void {
    for (const check of this.#waiting.splice(0)) check()
  }
}

export interface RawServer {
  readonly port: number
  readonly url: string
  /** Connections so far. */
  readonly accepted: number
  [Symbol.asyncDispose](): Promise<void>
}

/** A backend on a bare socket, which may say whatever it likes. */
export async function startRawServer(
  onConnection: (client: RawClient, index: number) => unknown,
): Promise<RawServer> {
  const sockets = new Set<Socket>()
  let accepted = 0
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // What a script waits for may never come: its connection ends then, and the test sees that at the other end.
    Promise.resolve(onConnection(new RawClient(socket), accepted++)).catch(() => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    get accepted() {
      return accepted
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A backend that answers every request head with these bytes, and then perhaps does something more. */
export function startScriptedServer(
  answer: string | ((head: string, client: RawClient) => string | undefined | Promise<string | undefined>),
): Promise<RawServer> {
  return startRawServer(async (client) => {
    for (;;) {
      let head: string
      try {
        head = await client.until('\r\n\r\n')
      } catch {
        return
      }
      const text = typeof answer === 'string' ? answer : await answer(head, client)
      if (text !== undefined) client.write(text)
    }
  })
}
