import { err, type Err } from '../kernel/result.ts'

/** Why a fetch brought no keys. */
export interface FetchFailure {
  /** A lower-case fragment for the operator; never a query, a key or anything of a token. */
  readonly message: string
  /** What to do about it, where that is not plain. */
  readonly hint?: string
  /** Whether another address of the same host may do better. */
  readonly unreachable?: boolean
  /** In how long the server wants to be asked again, where it says so. */
  readonly retryAfterMs?: number
}

export function fetchFailure(message: string, hint?: string): Err<FetchFailure> {
  return err(hint === undefined ? { message } : { message, hint })
}
