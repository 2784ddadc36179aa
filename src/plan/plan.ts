import type { TokenLimits } from '../jwt/index.ts'
import type { LiveKeys } from '../keys/index.ts'
import type { AddressSet } from '../policy/index.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { RouteGuards } from './guard-set.ts'
import type { RouteIndex } from './route-index.ts'
import type { AuthenticationSpec, GuardSpec, PathRewriteSpec, PlanSpec, RouteSpec } from './spec.ts'

/**
 * The immutable, indexed result of all configuration: the data plane reads nothing else. It is published whole; its
 * `spec` is the same plan as data, for export.
 */
export interface Plan {
  readonly spec: PlanSpec
  readonly trustedPeers: AddressSet
  readonly tokenLimits: TokenLimits
  readonly routes: RouteIndex
  /** By name. */
  readonly authentications: ReadonlyMap<string, Authentication>
}

/** What a request asks of a route stands here, and its specification is for people: each object more is one to fetch. */
export interface Route {
  readonly kind: 'route'
  readonly spec: RouteSpec
  /** Upper-case methods; undefined for all. */
  readonly methods: readonly string[] | undefined
  /** The name of a backend of the plan. */
  readonly backend: string
  readonly pathRewrites: readonly PathRewriteSpec[]
  readonly guards: RouteGuards
  /** What a request passes beside the guards, in order; nearly always empty. */
  readonly checkpoints: readonly Checkpoint[]
  /** What a client may not say on this route. */
  readonly reserved: ReservedNames
}

/**
 * Names under which verified claims are forwarded to the backend of a route, by whatever route, each as `spellingOf`
 * gives it. They are removed from every request to that backend, whether or not it needs a token: a client can never speak with the gateway's voice.
 */
export interface ReservedNames {
  readonly header: ReadonlySet<string>
  readonly query: ReadonlySet<string>
  readonly form: ReadonlySet<string>
  readonly cookie: ReadonlySet<string>
}

export interface Guard {
  readonly spec: GuardSpec
  readonly authentication: Authentication
}

export interface Authentication {
  readonly spec: AuthenticationSpec
  readonly keys: LiveKeys
}
