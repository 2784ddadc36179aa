import type { Compiled } from '../dialects/compiled.ts'
import type { CheckpointsSpec } from '../plan/checkpoint-spec.ts'
import type { HttpSpec } from '../plan/spec.ts'
import type { ServerSpec } from './server-spec.ts'

/** A configuration before it is known to be free of errors. */
export interface Draft {
  readonly server: ServerSpec
  readonly http: HttpSpec
  readonly compiled: Compiled
  readonly checkpoints: CheckpointsSpec | undefined
}
