/** The URLs of a backend in turn. */
export class Rotation<T extends { readonly avoided: boolean }> {
  readonly targets: readonly T[]
  #next = 0

  constructor(targets: readonly T[]) {
    this.targets = targets
  }

  /** The order in which one request tries them: from the next one on, those that just failed to connect last. */
  order(): readonly T[] {
    const { targets } = this
    if (targets.length === 1) return targets
    const start = this.#next
    this.#next = (start + 1) % targets.length
    const order = [...targets.slice(start), ...targets.slice(0, start)]
    if (!order.some((target) => target.avoided)) return order
    return [...order.filter((target) => !target.avoided), ...order.filter((target) => target.avoided)]
  }
}
