import type { Principal } from '../authn/index.ts'
import { Fault } from '../errors/fault.ts'
import type { Cover } from '../plan/cover.ts'
import type { Route } from '../plan/plan.ts'
import type { Permit } from './permit.ts'

/**
 * Step 7: mints the permit. Whoever authentication let in by a guard that covers the request may go on; nobody else
 * is ever handed here with a request that needs a token, so that is a bug and throws, which refuses.
 */
export function authorize(route: Route, cover: Cover, principal: Principal | undefined): Permit {
  if (cover.required && (principal === undefined || !cover.guards.includes(principal.guard))) {
    throw new Fault('a request that needs a token reached authorization without one')
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place that may make the proof
  return { route, cover, principal } as Permit
}
