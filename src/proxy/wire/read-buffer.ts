/** As much as libuv asks a socket for at once. */
const READ_BYTES = 65_536
/** Up to half of that a copy costs less than the memory that a part of it would keep from being used again. */
const COPY_MAX_BYTES = READ_BYTES / 2

/**
 * Where a socket puts what it brings, again and again: without it Node takes 64 KiB for each read, and for most answers
 * gives nearly all of it back. INVARIANT: nothing of it is kept beyond the read but what `keep` has answered.
 */
export class ReadBuffer {
  #bytes = Buffer.allocUnsafeSlow(READ_BYTES)
  #lent = false

  /** The memory for the next read, which is another where somebody has kept the last. */
  readonly next = (): Buffer => {
    if (this.#lent) this.#bytes = Buffer.allocUnsafeSlow(READ_BYTES)
    this.#lent = false
    return this.#bytes
  }

  /** What was read, from `start` to `end`, for somebody who may keep it. */
  keep(bytes: Buffer, start: number, end: number): Buffer {
    if (end - start > COPY_MAX_BYTES) {
      this.#lent = true
      return bytes.subarray(start, end)
    }
    const copy = Buffer.allocUnsafe(end - start)
    bytes.copy(copy, 0, start, end)
    return copy
  }
}
