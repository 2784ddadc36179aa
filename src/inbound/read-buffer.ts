import type { OnReadOpts } from 'node:net'

/** As much as libuv asks a socket for at once. */
const READ_BYTES = 65_536
/** Up to half of that a copy costs less than the memory that a part of it would keep from being used again. */
const COPY_MAX_BYTES = READ_BYTES / 2

/** All sockets read into this: what one has brought is looked at, whole, before another is read. */
const SHARED = Buffer.allocUnsafeSlow(READ_BYTES)

/** Memory that sockets had for large bodies, and no longer. A new piece for each read is what keeps the collector busy. */
const SPARE: (typeof SHARED)[] = []
/** A mebibyte in all. */
const MAX_SPARE = 16
/** Reads that wait to be written are few: whoever does not take more pauses the socket. */
const MAX_LENT = 4

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
  /** What of this read is lent: a piece to the reader of now, or to one before who never gives anything back. */
  #lent: 'nothing' | 'to-reader' | 'for-good' = 'nothing'
  /** The memory of earlier reads that the reader of now may still have a piece of. */
  readonly #withReader: (typeof SHARED)[] = []

  /** For a socket to read into this. `take` is given the memory, and how much of it was read; false pauses the socket. */
  onread(take: (bytes: Buffer, length: number) => boolean): OnReadOpts {
    let given: Buffer | undefined
    // Node reads on into what it has where it is given nothing, which costs it less than to be given the same again.
    const buffer = (): Buffer | undefined => {
      const next = this.next()
      if (next === given) return undefined
      given = next
      return next
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types know of memory only
    return { buffer: buffer as () => Buffer, callback: (length) => take(this.#bytes, length) }
  }

  /** The memory for the next read. */
  readonly next = (): Buffer => {
    if (this.#lent !== 'nothing') this.#leave()
    if (!this.#large) this.#release()
    else if (this.#bytes === SHARED) this.#bytes = SPARE.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES)
    this.#large = false
    return this.#bytes
  }

  /** What comes from here on is for another reader, who cannot give back what the one before was given. */
  begin(): void {
    if (this.#lent !== 'nothing') this.#lent = 'for-good'
    if (this.#withReader.length > 0) this.#withReader.length = 0
  }

  /** What lies in `bytes` from `start` to `end`, for a reader who may keep it. */
  keep(bytes: Buffer, start: number, end: number): Buffer {
    // What was kept before is read into by nobody.
    if (bytes !== this.#bytes) return bytes.subarray(start, end)
    this.#large = end - start > COPY_MAX_BYTES
    if (!this.#large || bytes === SHARED) return copyOf(bytes, start, end)
    if (this.#lent === 'nothing') this.#lent = 'to-reader'
    return bytes.subarray(start, end)
  }

  /** The body is over: whoever is idle, as thousands may be, needs no memory of its own. */
  rest(): void {
    this.#large = false
  }

  /** The reader has no more need of anything that it was given. */
  giveBack(): void {
    if (this.#lent === 'to-reader') this.#lent = 'nothing'
    while (this.#withReader.length > 0) spare(this.#withReader.pop())
  }

  #leave(): void {
    if (this.#lent === 'to-reader' && this.#withReader.length < MAX_LENT) this.#withReader.push(this.#bytes)
    this.#bytes = SHARED
    this.#lent = 'nothing'
  }

  #release(): void {
    if (this.#bytes === SHARED) return
    spare(this.#bytes)
    this.#bytes = SHARED
  }
}

/** What lies in `bytes` from `start` to `end`, in memory of its own. */
export function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start)
  bytes.copy(copy, 0, start, end)
  return copy
}

function spare(memory: typeof SHARED | undefined): void {
  if (memory !== undefined && SPARE.length < MAX_SPARE) SPARE.push(memory)
}
