import type { VerificationKey } from '../jwt/index.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Guard } from '../plan/plan.ts'
import type { TokenLocation } from '../plan/spec.ts'

/** Somebody by one token of one authentication at one place: the same object by whichever guard they are let in. */
export interface Person {
  /** Whether this very object came before, so that what is made of it is worth keeping. Most tokens of some come once. */
  repeated: boolean
}

/** Somebody whose token was verified. INVARIANT: only `authenticate` makes one. */
export interface Principal {
  /** The guard that let them in. */
  readonly guard: Guard
  /** Where the token stood, for its removal. */
  readonly location: TokenLocation
  readonly claims: JsonObject
  readonly key: VerificationKey
  readonly person: Person
}
