import type { ErrorCode } from './catalog.ts'

/**
 * Why a request was turned away. `code` is for the client; the rest is for the operator's log and for `explain`.
 * Nothing in it holds a token, a claim value or key material: an attacker writes those.
 */
export interface Refusal {
  readonly code: ErrorCode
  /** Fine-grained and private, such as `kid-unknown`; free to change. */
  readonly reason: string
  /** The rule, authentication or backend that refused, by its configured name. */
  readonly by?: string
  /** One sentence for a person, with the next step. */
  readonly detail?: string
  /** The claim or header parameter concerned, by its registered name: never its value. */
  readonly member?: string
  /** In how long the same request may do better, where more is known than the catalogue says. */
  readonly retryAfterSeconds?: number
}

export function refuse(
  code: ErrorCode,
  reason: string,
  more: Pick<Refusal, 'by' | 'detail' | 'member' | 'retryAfterSeconds'> = {},
): Refusal {
  return { code, reason, ...more }
}
