/** The stages of a decision, in the order of the request. */
export type Stage =
  | 'request'
  | 'path'
  | 'route'
  | 'requirement'
  | 'token'
  | 'key'
  | 'signature'
  | 'claims'
  | 'policy'
  | 'rewrite'
  | 'backend'

/** One step of a decision as data: what was looked at, what came of it, and which configuration said so. */
export interface Step {
  readonly stage: Stage
  readonly outcome: 'passed' | 'failed' | 'skipped' | 'noted'
  /** One sentence for a person. It may name rules, keys and claims, never their secret or client-written values. */
  readonly message: string
  /** The configured name of the route, rule, authentication, key or backend concerned. */
  readonly subject?: string
  /** `file:line` of the configuration that decided. */
  readonly origin?: string
}

/**
 * Collects steps where somebody wants them (`explain`, a log that asks for steps) and is undefined on the hot path:
 * callers write `trace?.push(…)`, and no step is built that nobody reads.
 */
export class Trace {
  readonly steps: Step[] = []
  /** Whether messages may quote claims and header parameters: for the holder of the token at a terminal, never for a log. */
  readonly showsValues: boolean

  constructor(showsValues: boolean) {
    this.showsValues = showsValues
  }

  push(step: Step): void {
    this.steps.push(step)
  }

  /** Forgets all steps but the first `length`: a decision that had to wait begins again from there. */
  rewind(length: number): void {
    this.steps.length = length
  }
}
