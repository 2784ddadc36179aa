import type { Origin } from '../errors/problem.ts'
import type { ClaimRules, VerificationKey } from '../jwt/index.ts'
import type { KeySourceSpec } from '../keys/index.ts'
import type { PathNormalization } from '../policy/index.ts'
import type { CheckpointsSpec } from './checkpoint-spec.ts'

/**
 * The plan as data: what every dialect compiles to, what is exported, compared and rolled back. `buildPlan` makes the
 * indexed `Plan` of it. No field says which dialect it came from; dialects differ only in the values.
 */
export interface PlanSpec {
  readonly http: HttpSpec
  readonly backends: readonly BackendSpec[]
  readonly authentications: readonly AuthenticationSpec[]
  /** Guards over all routes: the global authentication rules. */
  readonly guards: readonly GuardSpec[]
  readonly routes: readonly RouteSpec[]
  /** Rules of workloads beside all others; undefined where there are none. */
  readonly checkpoints: CheckpointsSpec | undefined
}

/** What is the same for every request. */
export interface HttpSpec {
  /** `//` → `/` before matching and forwarding, so that `//admin` is `/admin` for gateway and backend alike. */
  readonly mergeSlashes: boolean
  /** What to do with `%2f` and `%5c`: refuse (400), or keep them as data of a segment. */
  readonly encodedSlashes: 'refuse' | 'keep'
  /** How a path is normalised instead, refusing less; undefined for the rules above. */
  readonly pathNormalization: PathNormalization | undefined
  /** CIDR blocks whose X-Forwarded-* and Forwarded fields are believed. */
  readonly trustedPeers: readonly string[]
  readonly maxTokenBytes: number
  readonly maxFormBytes: number
}

export type BackendSpec = HttpBackendSpec | FunctionBackendSpec

/** One or several URLs of one service, taken in turn. */
export interface HttpBackendSpec {
  readonly kind: 'http'
  readonly name: string
  readonly origin: Origin
  /** `http:` or `https:`; a path is put before the path of each request; no query, fragment or user. */
  readonly urls: readonly string[]
  /** Which Host the backend sees: the client's (X-Forwarded-Host says the same), or the URL's own. */
  readonly hostHeader: 'client' | 'backend'
  readonly connectTimeoutMs: number
  /** From the end of the request's head to the head of the answer. */
  readonly firstByteTimeoutMs: number
  /** Between two pieces of a body; zero for never, as event streams may need. */
  readonly idleTimeoutMs: number
  readonly maxConnections: number
  /** PEM text of the authorities that sign the backend's certificate, instead of the system's. */
  readonly ca: string | undefined
}

/** A JS module with `export default { fetch(request) }`, run beside the gateway. */
export interface FunctionBackendSpec {
  readonly kind: 'function'
  readonly name: string
  readonly origin: Origin
  /** Absolute path of the module. */
  readonly module: string
  readonly timeoutMs: number
}

/** How a token is found, verified and handed on. */
export interface AuthenticationSpec {
  readonly name: string
  readonly origin: Origin
  /** Those that stand in the configuration. */
  readonly keys: readonly VerificationKey[]
  /** Where further keys are fetched from. */
  readonly keySources: readonly KeySourceSpec[]
  readonly rules: ClaimRules
  /** In the order in which they are tried; the first token found is the one verified. */
  readonly locations: readonly TokenLocation[]
  readonly forward: readonly ClaimMapping[]
  /** Whether the backend gets the token too. */
  readonly keepToken: boolean
  readonly refusals: RefusalStyle
}

export type TokenLocation =
  | {
      readonly in: 'header'
      readonly name: string
      /** What stands before the token, its one space included (`Bearer `); empty where the whole value is the token. */
      readonly prefix: string
    }
  | { readonly in: 'query' | 'cookie' | 'form'; readonly name: string }

export interface ClaimMapping {
  /** Member names from the top of the claims down: one name is a claim, whatever dots or slashes it has. */
  readonly claim: readonly string[]
  readonly in: 'header' | 'query' | 'form' | 'cookie'
  readonly name: string
}

/** Whose wording a refusal has: RFC 9457 problem details, Function Compute's messages, or Envoy's texts. */
export type RefusalStyle = 'problem' | 'function-compute' | 'envoy'

/** An authentication together with the requests that need it. */
export interface GuardSpec {
  /** The name of the rule or route that set it, for people. */
  readonly name: string
  readonly origin: Origin
  /** The name of an authentication of the plan. */
  readonly authentication: string
  readonly requirement: RequirementSpec
}

/**
 * Which requests need a token. all: every one. whitelist: every one but the listed. blacklist: the listed alone.
 * optional: none, yet a valid token's claims are forwarded.
 */
export type RequirementSpec =
  | { readonly mode: 'all' | 'optional' }
  | { readonly mode: 'whitelist' | 'blacklist'; readonly conditions: readonly ConditionSpec[] }

/** Joined by OR with its fellows. */
export interface ConditionSpec {
  /** `*`, `example.com` or `*.example.com`. */
  readonly host: string
  /** `/a` alone, or every path that starts with what stands before a final `*`. */
  readonly path: string
}

export interface RouteSpec {
  readonly name: string
  readonly origin: Origin
  /** Host patterns as in a condition; a route of `*` serves the hosts that no other route names. */
  readonly hosts: readonly string[]
  readonly path: string
  /** Upper-case methods; undefined for all. */
  readonly methods: readonly string[] | undefined
  readonly backend: string
  readonly guards: readonly GuardSpec[]
  readonly pathRewrites: readonly PathRewriteSpec[]
  /** The wording of refusals on this route that no authentication made, such as 502. A 404 or 405 is of no route. */
  readonly refusals: RefusalStyle
}

/** equal: this path becomes that. wildcard: `match` ends in `*`, and `$1` in the replacement is what it stood for. */
export interface PathRewriteSpec {
  readonly kind: 'equal' | 'wildcard'
  readonly match: string
  readonly replacement: string
}
