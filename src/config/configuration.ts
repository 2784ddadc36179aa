import type { PlanSpec } from '../plan/spec.ts'
import type { ServerSpec } from './server-spec.ts'

/** Everything that was configured, read and found free of errors. */
export interface Configuration {
  readonly server: ServerSpec
  readonly plan: PlanSpec
  /** How many warnings were found beside it. */
  readonly warnings: number
  /** Absolute paths of all files that were read, each once: the ones to watch. */
  readonly files: readonly string[]
}
