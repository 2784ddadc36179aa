import type { Principal } from '../authn/index.ts'
import type { Cover } from '../plan/cover.ts'
import type { Route } from '../plan/plan.ts'
import type { Passed } from './pass-checkpoints.ts'

/** A request on its way: what was asked of it, whose it is, and what the checkpoints that it has passed made of it. */
export interface Passage {
  readonly route: Route
  /** What was asked of the request. */
  readonly cover: Cover
  /** Whose claims the backend may see; undefined where the request needed no token. */
  readonly principal: Principal | undefined
  readonly passed: Passed
}

declare const minted: unique symbol

/**
 * The proof that a request may go on, which `forward` demands. Only `authorize` mints one, so that skipping
 * authorization does not compile.
 */
export interface Permit extends Passage {
  readonly [minted]: true
}
