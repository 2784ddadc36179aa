import type { VerificationKey } from '../jwt/index.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Authentication } from '../plan/plan.ts'
import type { TokenLocation } from '../plan/spec.ts'

/**
 * Somebody whose token was verified. A token that is known and comes again, at the same place, by the same key
 * and for the same authentication, is the same object, by whichever rule. INVARIANT: only `authenticate` makes one.
 */
export interface Principal {
  /** Who let them in. */
  readonly authentication: Authentication
  /** Where the token stood, for its removal. */
  readonly location: TokenLocation
  readonly claims: JsonObject
  readonly key: VerificationKey
  /** Whether this very object came before, so that what is made of it is worth keeping. Most tokens of some come once. */
  repeated: boolean
}
