/** How much a budget holds, in microseconds of one core. */
export interface BucketSize {
  readonly capacityUs: number
  readonly usPerSecond: number
  /** How far it may be overdrawn: what is spent beyond that is forgotten, so that it is soon filled again. */
  readonly overdraftUs: number
}

/** A budget of time that fills steadily up to its capacity. It is full when it is made. */
export class Bucket {
  readonly #size: BucketSize
  #levelUs: number
  #atMs: number

  constructor(size: BucketSize, nowMs: number) {
    this.#size = size
    this.#levelUs = size.capacityUs
    this.#atMs = nowMs
  }

  levelUs(nowMs: number): number {
    const elapsedMs = nowMs - this.#atMs
    this.#atMs = nowMs
    // A clock that was set back fills nothing, and counts from there.
    if (elapsedMs > 0) {
      const { capacityUs, usPerSecond } = this.#size
      this.#levelUs = Math.min(capacityUs, this.#levelUs + (elapsedMs * usPerSecond) / 1000)
    }
    return this.#levelUs
  }

  /** Spends so much, or, where it is less than nothing, gives it back. */
  spend(us: number, nowMs: number): void {
    const { capacityUs, overdraftUs } = this.#size
    this.#levelUs = Math.min(capacityUs, Math.max(-overdraftUs, this.levelUs(nowMs) - us))
  }
}
