/** What node:http makes of the same bytes: the second opinion that the codec is compared with. */
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import { Duplex } from 'node:stream'

export interface OracleMessage {
  readonly line: string
  readonly headers: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
}

/** A connection within the process: pieces come out of it turn by turn, then it ends; what is written is dropped. */
class Connection extends Duplex {
  readonly #pieces: Buffer[]

  constructor(pieces: readonly Buffer[]) {
    super({ allowHalfOpen: true })
    this.#pieces = pieces.filter((piece) => piece.length > 0)
  }
  override _read(): void {
    setImmediate(() => this.push(this.#pieces.shift() ?? null))
  }
  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done()
  }
  setTimeout(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
}

/** Reads connections of requests with a node:http server. */
export class RequestOracle {
  readonly #server: Server
  readonly #seen = new WeakMap<object, OracleMessage[]>()

  constructor() {
    const handler = (message: IncomingMessage, answer: { end(): unknown }) => {
      const seen = this.#seen.get(message.socket)
      collect(message, `${message.method} ${message.url} ${message.httpVersion}`, (read) => {
        seen?.push(read)
        answer.end()
      })
    }
    const options = { maxHeaderSize: 65_536, requireHostHeader: false, connectionsCheckingInterval: 2 ** 30 }
    this.#server = createServer(options, handler)
    this.#server.maxHeadersCount = 0
    this.#server.on('checkContinue', handler).on('checkExpectation', handler)
    this.#server.on('clientError', (_error, socket) => void socket.destroy())
  }

  /** The complete requests that the server saw. Pieces, since it drops a request when it refuses bytes read with it. */
  async read(pieces: readonly Buffer[]): Promise<readonly OracleMessage[]> {
    const connection = new Connection(pieces)
    const seen: OracleMessage[] = []
    this.#seen.set(connection, seen)
    connection.on('error', () => undefined)
    const closed = settled(connection)
    this.#server.emit('connection', connection)
    await closed
    return seen
  }
}

/** The final response that node:http reads for one request, and the interim ones before it. */
export async function readResponse(bytes: Buffer, method: string): Promise<readonly OracleMessage[]> {
  const seen: OracleMessage[] = []
  const connection = new Connection([bytes])
  const closed = settled(connection)
  const request = httpRequest({
    method,
    host: 'h',
    createConnection: () => connection,
    maxHeaderSize: 65_536,
  })
  request.on('error', () => undefined)
  connection.on('error', () => undefined)
  request.on('response', (message) => {
    collect(message, `${message.statusCode} ${message.statusMessage} ${message.httpVersion}`, (read) =>
      seen.push(read),
    )
  })
  request.end()
  await closed
  request.destroy()
  return seen
}

function collect(message: IncomingMessage, line: string, done: (read: OracleMessage) => void): void {
  let body = ''
  message.setEncoding('latin1')
  message.on('data', (piece: string) => (body += piece))
  message.on('error', () => undefined)
  message.on('end', () => done({ line, headers: message.rawHeaders, body, trailers: message.rawTrailers }))
}

/** A closed connection, or one on which nothing has moved for many turns of the event loop. */
function settled(connection: Duplex): Promise<void> {
  return new Promise((resolve) => {
    let turns = 40
    const turn = () => {
      if (--turns > 0 && !connection.closed) return void setImmediate(turn)
      connection.destroy()
      setImmediate(resolve)
    }
    setImmediate(turn)
  })
}
