import { destination } from 'pino'
import { ATOMIC_WRITE_BYTES, wholeLines } from './whole-lines.ts'

/** Where lines go. */
export interface LogOutput {
  write(line: string): void
  /** Writes out what is still held back; a reader that is gone gets nothing. */
  flush(): void
}

/** The standard output. Where several processes share it, each writes whole lines, each write within what is atomic. */
export function standardOutput({ shared }: { readonly shared: boolean }): LogOutput {
  const out = destination({ dest: 1, sync: false, ...(shared ? { maxWrite: ATOMIC_WRITE_BYTES } : {}) })
  // Whoever read the log may hang up (`serve | head`); requests are served on.
  out.on('error', () => {})
  const lines = wholeLines(out)
  return {
    write: shared ? (line) => lines.write(line) : (line) => void out.write(line),
    flush() {
      try {
        out.flushSync()
      } catch {
        // The log is where this would be told.
      }
    },
  }
}
