import type { OnReadOpts } from 'node:net'

/** As much as libuv asks a socket for at once. */
const READ_BYTES = 65_536
/** Up to half of that a copy costs less than the memory that a part of it would keep from being used again. */
const COPY_MAX_BYTES = READ_BYTES / 2

/** All sockets read into this: what one has brought is looked at, whole, before another is read. */
const SHARED = Buffer.allocUnsafeSlow(READ_BYTES)

/**
 * Where a socket puts what it brings, again and again: without it Node takes 64 KiB for each read, and for most reads
 * gives nearly all of it back. A socket that brings a large body has memory of its own for as long as it does.
 *
 * INVARIANT: behind what was read lies what others were sent before. Nobody looks there, and nobody keeps anything beyond
 * the read but what `keep` has answered.
 */
export class ReadBuffer {
  #bytes = SHARED
  /** The last read brought so much that the next one is likely to. */
  #large = false
  #lent = false

  /** For a socket to read into this. `take` is given the memory, and how much of it was read; false pauses the socket. */
  onread(take: (bytes: Buffer, length: number) => boolean): OnReadOpts {
    return { buffer: this.next, callback: (length) => take(this.#bytes, length) }
  }

  /** The memory for the next read. */
  readonly next = (): Buffer => {
    if (!this.#large) this.#bytes = SHARED
    else if (this.#lent || this.#bytes === SHARED) this.#bytes = Buffer.allocUnsafeSlow(READ_BYTES)
    this.#large = false
    this.#lent = false
    return this.#bytes
  }

  /** What lies in `bytes` from `start` to `end`, for somebody who may keep it. */
  keep(bytes: Buffer, start: number, end: number): Buffer {
    // What was kept before is read into by nobody.
    if (bytes !== this.#bytes) return bytes.subarray(start, end)
    this.#large = end - start > COPY_MAX_BYTES
    if (this.#large && bytes !== SHARED) {
      this.#lent = true
      return bytes.subarray(start, end)
    }
    const copy = Buffer.allocUnsafe(end - start)
    bytes.copy(copy, 0, start, end)
    return copy
  }
}
