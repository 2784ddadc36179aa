export interface TextMemoSize {
  /** How many texts at most; a power of two. */
  readonly slots: number
  /** Longer texts are not kept: they are rare, and would let one peer hold much memory. */
  readonly maxLength: number
}

/**
 * Remembers what texts were read into, so that the same text again costs one comparison.
 *
 * A direct-mapped table: bounded in entries and bytes, no order to keep, and a peer that fills it with strange texts
 * costs the others their hits and nothing else. It is for what depends on the text alone.
 */
export class TextMemo<T> {
  readonly #size: TextMemoSize
  readonly #texts: string[]
  readonly #values: (T | undefined)[]

  constructor(size: TextMemoSize) {
    this.#size = size
    this.#texts = Array.from({ length: size.slots }, () => '')
    this.#values = Array.from({ length: size.slots })
  }

  get(text: string): T | undefined {
    const slot = this.#slotOf(text)
    // Where lengths differ this is one comparison of numbers.
    return this.#texts[slot] === text ? this.#values[slot] : undefined
  }

  set(text: string, value: T): void {
    if (text.length > this.#size.maxLength) return
    const slot = this.#slotOf(text)
    this.#texts[slot] = text
    this.#values[slot] = value
  }

  /** Mixes the length with characters that tend to differ: near the end of the text, its middle and its quarters. */
  #slotOf(text: string): number {
    const { length } = text
    if (length < 4) return 0
    const mixed =
      length * 31 +
      text.charCodeAt(length - 3) * 7 +
      text.charCodeAt(length >> 1) * 3 +
      text.charCodeAt(length >> 2) +
      text.charCodeAt(length - (length >> 2)) * 5
    return mixed & (this.#size.slots - 1)
  }
}
