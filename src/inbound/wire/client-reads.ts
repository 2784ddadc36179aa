import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net'
import { TLSSocket } from 'node:tls'
import { copyOf, ReadBuffer } from '../read-buffer.ts'

/** Takes the first `length` bytes, which are there until it returns. */
export type TakeBytes = (bytes: Buffer, length: number) => void

/**
 * What a client sends. A plain connection is read into memory that is used again and again; one over TLS is decrypted
 * into memory of its own, and read as a stream.
 */
export class ClientReads {
  /** The connection; it may be another object than the one that was accepted. */
  readonly socket: Socket
  readonly #buffer: ReadBuffer | undefined
  #take: TakeBytes | undefined
  #held: Buffer | undefined

  constructor(accepted: Socket) {
    const buffer = new ReadBuffer()
    const socket = withOnread(
      accepted,
      buffer.onread((bytes, length) => this.#arrived(bytes, length)),
    )
    this.socket = socket ?? accepted
    this.#buffer = socket === undefined ? undefined : buffer
  }

  /** Gives all that comes from here on to `take`. */
  start(take: TakeBytes): void {
    this.#take = take
    if (this.#buffer === undefined) this.socket.on('data', this.#onData)
  }

  /** From here on the connection is a stream like any other, which begins with what is held, and stands still. */
  release(): void {
    this.#take = undefined
    this.socket.off('data', this.#onData)
    this.socket.pause()
    const held = this.takeHeld()
    if (held !== undefined) this.socket.unshift(held)
  }

  /** Whether something came that nobody wants yet. */
  get holds(): boolean {
    return this.#held !== undefined
  }

  /** Holds what lies in `bytes` from `start` to `end`, behind what is held, and reads no more for now. */
  hold(bytes: Buffer, start: number, end: number): void {
    const before = this.#held
    if (before === undefined) this.#held = copyOf(bytes, start, end)
    else this.#held = Buffer.concat([before, bytes.subarray(start, end)])
    this.socket.pause()
  }

  takeHeld(): Buffer | undefined {
    const held = this.#held
    this.#held = undefined
    return held
  }

  /** What lies in `bytes` from `start` to `end`, for somebody who may keep it. */
  keep(bytes: Buffer, start: number, end: number): Buffer {
    return this.#buffer?.keep(bytes, start, end) ?? bytes.subarray(start, end)
  }

  /** Whoever it was for has no more need of anything that `keep` has answered since `begin`. */
  giveBack(): void {
    this.#buffer?.giveBack()
  }

  /** The body is over. */
  rest(): void {
    this.#buffer?.rest()
  }

  /** What `keep` answers from here on is for somebody else. */
  begin(): void {
    this.#buffer?.begin()
  }

  #arrived(bytes: Buffer, length: number): boolean {
    if (this.#take === undefined) return this.socket.push(this.keep(bytes, 0, length))
    this.#take(bytes, length)
    return true
  }

  readonly #onData = (bytes: Buffer): void => this.#take?.(bytes, bytes.length)
}

/**
 * Node lets a socket that connects read into memory of one's own (`onread`), and has no such option for the sockets that it
 * accepts. So the connection moves to a new socket that has it, as it does between processes: by its handle, the one
 * thing here that Node does not document. Undefined where that is not what it was: then the socket stays as it is.
 */
function withOnread(accepted: Socket, onread: OnReadOpts): Socket | undefined {
  const handle: unknown = Reflect.get(accepted, '_handle')
  if (accepted instanceof TLSSocket || !readsIntoMemory(handle)) return undefined
  Reflect.set(accepted, '_handle', null)
  // The server that has accepted it counts it no more.
  accepted.destroy()
  const options: SocketConstructorOpts & { readonly handle: object } = {
    handle,
    onread,
    allowHalfOpen: accepted.allowHalfOpen,
  }
  return new Socket(options)
}

function readsIntoMemory(handle: unknown): handle is object {
  return typeof handle === 'object' && handle !== null && 'useUserBuffer' in handle
}
