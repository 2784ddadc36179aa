import { unwatchFile, watchFile } from 'node:fs'

/** A stat each second costs nothing, and unlike a notification it sees a renamed file and a swapped symbolic link. */
const INTERVAL_MS = 1000
/** Editors write a file in several steps, and a change is often of several files. */
const SETTLE_MS = 200

/** Calls `changed` after one or more of the files changed and then were quiet. The set can be replaced. */
export class FileWatch {
  readonly #changed: () => void
  #files: readonly string[] = []
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(changed: () => void) {
    this.#changed = changed
  }

  watch(files: readonly string[]): void {
    if (this.#closed) return
    this.#unwatch()
    this.#files = files
    for (const file of files) watchFile(file, { interval: INTERVAL_MS, persistent: false }, this.#onChange)
  }

  /** Watches nothing from here on, whatever it is told. */
  close(): void {
    this.#closed = true
    this.#unwatch()
    clearTimeout(this.#timer)
  }

  #unwatch(): void {
    for (const file of this.#files) unwatchFile(file, this.#onChange)
    this.#files = []
  }

  readonly #onChange = (): void => {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#changed, SETTLE_MS)
    this.#timer.unref()
  }
}
