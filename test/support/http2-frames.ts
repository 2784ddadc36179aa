import { connect, type Socket } from 'node:net'

/** The client's side of HTTP/2 by hand: frames as RFC 9113 §4.1 has them, right or wrong. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const
export const END_STREAM = 0x1
export const END_HEADERS = 0x4

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A header list without compression (RFC 7541 §6.2.2): literals with names of their own. */
export function headerBlock(list: readonly (readonly [string, string])[]): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value, 'latin1')
    const length =
      bytes.length < 127 ? Buffer.from([bytes.length]) : Buffer.from([127, ...rest(bytes.length - 127)])
    return Buffer.concat([length, bytes])
  }
  return Buffer.concat(list.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))
}

/** What does not fit into the first seven bits (RFC 7541 §5.1). */
function rest(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...rest(value >> 7)]
}

export const GET: readonly (readonly [string, string])[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'a.example'],
  [':path', '/'],
]

export interface ReceivedFrame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** A client that has sent its preface and its empty SETTINGS, and keeps every frame that comes. */
export class FrameClient {
  readonly socket: Socket
  readonly frames: ReceivedFrame[] = []
  closed = false
  #bytes = Buffer.alloc(0)

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.closed = true
    })
    this.socket.on('data', (piece) => this.#read(piece))
    this.socket.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0)]))
  }

  send(...frames: readonly Buffer[]): void {
    if (this.socket.writable) this.socket.write(Buffer.concat(frames))
  }

  request(stream: number, list = GET, flags = END_STREAM | END_HEADERS): void {
    this.send(frame(FRAME.headers, flags, stream, headerBlock(list)))
  }

  of(type: number, stream?: number): ReceivedFrame[] {
    return this.frames.filter(
      (each) => each.type === type && (stream === undefined || each.stream === stream),
    )
  }

  /** The code of the GOAWAY that came, if any. */
  get goneAwayWith(): number | undefined {
    return this.of(FRAME.goaway).at(-1)?.payload.readUInt32BE(4)
  }

  /** Whether the stream was reset, or the connection ended. */
  ended(stream: number): boolean {
    return this.closed || this.of(FRAME.reset, stream).length > 0 || this.goneAwayWith !== undefined
  }

  #read(piece: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, piece])
    while (this.#bytes.length >= 9) {
      const length = this.#bytes.readUIntBE(0, 3)
      if (this.#bytes.length < 9 + length) return
      const [type = 0, flags = 0] = this.#bytes.subarray(3, 5)
      const stream = this.#bytes.readUInt32BE(5)
      this.frames.push({ type, flags, stream, payload: this.#bytes.subarray(9, 9 + length) })
      this.#bytes = this.#bytes.subarray(9 + length)
    }
  }
}
