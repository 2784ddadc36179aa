import type { Principal } from '../authn/index.ts'
import type { Cover } from '../plan/cover.ts'
import type { Route } from '../plan/plan.ts'
import type { Passed } from './pass-checkpoints.ts'

declare const minted: unique symbol

/**
 * The proof that a request may go on, which `forward` demands. Only `authorize` mints one, so that skipping
 * authorization does not compile.
 */
export interface Permit {
  readonly [minted]: true
  readonly route: Route
  /** What was asked of the request. */
  readonly cover: Cover
  /** Whose claims the backend may see; undefined where the request needed no token. */
  readonly principal: Principal | undefined
  /** What the checkpoints of the route made of it. */
  readonly passed: Passed
}
