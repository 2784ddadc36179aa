import type { TokenCache } from '../authn/index.ts'
import type { Plan } from '../plan/plan.ts'
import type { Authorizers } from '../proxy/node/authorizers.ts'
import type { Upstream } from '../proxy/upstream.ts'

/** A plan with the backends it names, ready. They are published together, so that no request sees half a change. */
export interface Published {
  readonly plan: Plan
  readonly upstreams: ReadonlyMap<string, Upstream>
  /** What the plan's keys have said of tokens so far; it goes with the plan. */
  readonly tokens: TokenCache
  /** Who asks the services that the plan names. */
  readonly authorizers: Authorizers
}

/** The one mutable cell of the data plane: what is published now. Each request reads it once. */
export class Live {
  #current: Published

  constructor(first: Published) {
    this.#current = first
  }

  get current(): Published {
    return this.#current
  }

  publish(next: Published): void {
    this.#current = next
  }
}
