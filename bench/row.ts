import type { Contestant } from './contestants/contestant.ts'
import type { Load } from './load.ts'
import type { Program } from './requirements.ts'
import type { Measured } from './tokens.ts'
import type { TokenFiles, Workbench } from './workbench.ts'

/** One gateway under one load: a line of the table. */
export interface Row {
  readonly name: string
  /** What it is, for people. */
  readonly what: string
  /** Whether it is in the short run too. */
  readonly quick: boolean
  readonly needs: readonly Program[]
  readonly guard: Measured | 'none'
  /** Where a request that this row serves can go. */
  readonly path: string
  start(bench: Workbench): Promise<Contestant>
  load(tokens: TokenFiles): Promise<Load>
  /**
   * Set where a gateway must have seen nothing of the load before: it is started anew for every round, and warmed up with
   * these instead, one after the other.
   */
  freshWarmUp?(tokens: TokenFiles): Promise<readonly Load[]>
}

/** One measurement of one row. */
export interface Measurement {
  readonly userUs: number
  readonly systemUs: number
  /** User and system together, for one request. */
  readonly cpuUs: number
  readonly requestsPerSecond: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly requests: number
  readonly refused: number
  readonly failed: number
  readonly exhausted: boolean
  /** Share of the gateway's core that other processes and the host took meanwhile, from 0 to 1. */
  readonly othersShare: number
}

/** A row with what was measured, one entry per round; or why it was not. */
export interface RowResult {
  readonly row: Row
  readonly measurements: readonly Measurement[]
  readonly skipped?: string
}
