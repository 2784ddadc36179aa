/**
 * What is not known yet and will be soon, in place of an answer: whoever needs the answer starts the wait and asks
 * again when it is over. So a decision stays one function that is called again, and never becomes a promise.
 */
export class Wait {
  /** What is waited for, as a fragment for a person: `a signature to be checked`. */
  readonly what: string
  readonly #start: (done: () => void) => void

  /** INVARIANT: `start` calls back exactly once for each call, and never before it has returned. */
  constructor(what: string, start: (done: () => void) => void) {
    this.what = what
    this.#start = start
  }

  start(done: () => void): void {
    this.#start(done)
  }
}

/** A wait that is over when all of them are; undefined where there is none. */
export function waitForAll(waits: readonly Wait[]): Wait | undefined {
  const [first] = waits
  if (first === undefined || waits.length === 1) return first
  return new Wait(first.what, (done) => {
    let left = waits.length
    for (const wait of waits) {
      wait.start(() => {
        if (--left === 0) done()
      })
    }
  })
}
