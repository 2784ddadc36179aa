import type { Step } from '../policy/index.ts'
import type { LogOrigin } from './log.ts'

/**
 * One request, as the log has it. It holds no query, token, key or claim value: the reason and the names of the
 * configuration tell an operator why.
 */
export interface AccessEntry {
  readonly time: number
  readonly requestId: string
  readonly method: string
  readonly host: string
  readonly path: string
  readonly protocol: string
  /** The address of the connection, and of the client behind trusted peers where it is another. */
  readonly peer: string
  readonly client: string
  readonly outcome: 'forward' | 'refuse' | 'broken'
  /** What the client got; 0 where it went away before an answer. */
  readonly status: number
  readonly durationMs: number
  readonly route: string | undefined
  readonly backend: string | undefined
  /** The authentication that let the request in or refused it, and the label of the key. */
  readonly by: string | undefined
  readonly key: string | undefined
  readonly code: string | undefined
  readonly reason: string | undefined
  readonly detail: string | undefined
  /** Policies that have no say and would have had one: `AUDIT foo/seen`, `would DENY foo/tried`. */
  readonly policies?: readonly string[]
  readonly steps: readonly Step[] | undefined
}

export interface AccessLog {
  write(entry: AccessEntry): void
}

/** Writes each entry as one line of JSON; members that are undefined are left out. `origin` stands in every line. */
export function jsonAccessLog(out: { write(line: string): unknown }, origin: LogOrigin = {}): AccessLog {
  return {
    write({ time, ...rest }) {
      const entry = { time: new Date(time).toISOString(), type: 'access', ...origin, ...rest }
      out.write(`${JSON.stringify(entry)}\n`)
    },
  }
}
