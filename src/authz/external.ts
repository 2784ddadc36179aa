import type { Wait } from '../kernel/wait.ts'
import type { Checkpoint } from '../plan/checkpoint.ts'
import type { ExternalAuthorizerSpec } from '../plan/checkpoint-spec.ts'

/** What an external authorizer is asked about. */
export interface ExternalQuestion {
  readonly method: string
  readonly host: string
  /** Path and query. */
  readonly target: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
}

/** What it said. */
export type ExternalAnswer =
  /** `fields`, names and values in turn, go on in place of the client's. `assumed` where nobody was asked, as in `explain`. */
  | { readonly allowed: true; readonly fields: readonly string[]; readonly assumed: boolean }
  | {
      readonly allowed: false
      readonly reason: 'external-denied' | 'external-failed'
      readonly response: ExternalResponse
    }

/** What the client gets: the authorizer's own answer, or that there was none. */
export interface ExternalResponse {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string
}

/** Asks external authorizers. A question is asked once for a request at a checkpoint; what came of it is remembered. */
export interface ExternalChecks {
  ask(
    checkpoint: Checkpoint,
    authorizer: ExternalAuthorizerSpec,
    question: ExternalQuestion,
  ): ExternalAnswer | Wait
}
