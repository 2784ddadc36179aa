import type { Running } from '../processes.ts'
import type { Measured } from '../tokens.ts'

/** What a gateway is asked to do, in words that every contestant can be told. */
export interface Task {
  /** Its files bear this name, and its process in messages. */
  readonly name: string
  /** Whose tokens every request needs; `none` for plain proxying. */
  readonly guard: Measured | 'none'
  readonly tls: boolean
  readonly backend: string
  /** Connections to the backend at most. */
  readonly maxConnections: number
  /** Set where answers are event streams: some gateways must be told not to hold small pieces back. */
  readonly streaming?: boolean
}

/** A gateway that serves. */
export interface Contestant {
  readonly process: Running
  readonly origin: string
}

/** What wrk opens is 64; the rest is room, and what peers have as a default. */
export const DEFAULT_CONNECTIONS = 256
