/** How many client connections the process may hold at one time, over all listeners. A mutable cell, shared by them. */
export interface ConnectionBudget {
  readonly open: number
  readonly limit: number
  /** How many were not let in, so far. */
  readonly refused: number
  /** False where all are taken: the new connection is to be closed. */
  take(): boolean
  release(): void
}

export function createConnectionBudget(maxConnections: number): ConnectionBudget {
  let open = 0
  let refused = 0
  return {
    get open() {
      return open
    },
    limit: maxConnections,
    get refused() {
      return refused
    },
    take() {
      if (open >= maxConnections) {
        refused++
        return false
      }
      open++
      return true
    },
    release() {
      open--
    },
  }
}
