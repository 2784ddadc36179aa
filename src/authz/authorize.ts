import type { Principal } from '../authn/index.ts'
import { Fault } from '../errors/fault.ts'
import type { InboundRequest } from '../inbound/request.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import type { Cover } from '../plan/cover.ts'
import type { Plan, Route } from '../plan/plan.ts'
import type { Trace } from '../policy/index.ts'
import {
  NOTHING_PASSED,
  passCheckpoints,
  type CheckpointCircumstances,
  type Passed,
  type Stopped,
} from './pass-checkpoints.ts'
import type { Permit } from './permit.ts'
import type { Preview } from './checkpoint-view.ts'

/** A request that wants to go on, and what was asked of it. */
export interface Applicant {
  readonly plan: Plan
  readonly request: InboundRequest
  readonly path: string
  readonly query: string | undefined
  readonly route: Route
  readonly cover: Cover
}

/**
 * Step 7: mints the permit. Whoever was let in by an authentication that covers the request may go on, if the
 * checkpoints of the route let them; nobody else is ever handed here with a request that needs a token, so that is a bug
 * and throws, which refuses.
 */
export function authorize(
  applicant: Applicant,
  principal: Principal | undefined,
  circumstances: CheckpointCircumstances,
  preview: Preview,
  trace: Trace | undefined,
): Result<Permit, Stopped> {
  const { route, cover } = applicant
  if (
    cover.required &&
    (principal === undefined || !cover.authentications.includes(principal.authentication))
  ) {
    throw new Fault('a request that needs a token reached authorization without one')
  }
  if (route.checkpoints.length === 0) return ok(mint(route, cover, principal, NOTHING_PASSED))
  const passed = passCheckpoints(applicant, principal, circumstances, preview, trace)
  return passed.ok ? ok(mint(route, cover, principal, passed.value)) : err(passed.error)
}

function mint(route: Route, cover: Cover, principal: Principal | undefined, passed: Passed): Permit {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place that may make the proof
  return { route, cover, principal, passed } as Permit
}
