import type { Origin } from '../errors/problem.ts'
import type { VerificationKey } from '../jwt/index.ts'
import type { KeySourceSpec } from '../keys/index.ts'
import type { PolicySpec } from '../policy/istio/index.ts'
import type { TokenLocation } from './spec.ts'

/** The workloads that have rules of their own: a request passes those of the gateway, then those of its backend. */
export interface CheckpointsSpec {
  readonly places: readonly CheckpointSpec[]
  /** Services that may be asked. */
  readonly authorizers: readonly ExternalAuthorizerSpec[]
  /** How many proxies stand before the gateway, each adding to X-Forwarded-For; zero to go by `trustedPeers`. */
  readonly trustedHops: number
}

/**
 * What a request has to pass at one workload, the gateway itself or a backend: who must be asked first, which tokens
 * must be good where there are any, and who may do what.
 */
export interface CheckpointSpec {
  /** The name of a backend; undefined for the gateway, which every request passes. */
  readonly backend: string | undefined
  /** The workload as policies choose it. */
  readonly workload: WorkloadSpec
  /** In the order in which they are tried. */
  readonly tokenRules: readonly TokenRuleSpec[]
  readonly policies: readonly PolicySpec[]
}

export interface WorkloadSpec {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  /** How it proves itself to other workloads, without `spiffe://`; undefined where it does not. */
  readonly principal: string | undefined
}

/**
 * Tokens of one issuer. Unlike an authentication it asks for no token: one that is there must be good, at every place
 * where the rule looks, and without any the request goes on as nobody's.
 */
export interface TokenRuleSpec {
  /** `namespace/name[index]`. */
  readonly name: string
  readonly origin: Origin
  /** What `iss` must be; undefined for any, or none. */
  readonly issuer: string | undefined
  /** One of these must be in `aud`, a scheme in front and a `/` at the end apart; empty means that it is not looked at. */
  readonly audiences: readonly string[]
  readonly clockSkewSeconds: number
  readonly keys: readonly VerificationKey[]
  /** Where the keys are fetched from instead; empty where they stand in the configuration. */
  readonly keySources: readonly KeySourceSpec[]
  /** A header without the prefix holds no token. */
  readonly locations: readonly TokenLocation[]
  /** Whether the token goes on after it was verified. */
  readonly keepToken: boolean
  /** The header in which the payload part goes on as it is; undefined for none. */
  readonly payloadHeader: string | undefined
  readonly claimHeaders: readonly ClaimHeaderSpec[]
  /** Claims at the top whose text is a list of words with one space between. */
  readonly spaceDelimited: readonly string[]
}

export interface ClaimHeaderSpec {
  /** Member names from the top of the claims down. */
  readonly claim: readonly string[]
  readonly header: string
}

/** An HTTP service that is asked whether a request may go on: with its method and path, and the fields named here. */
export interface ExternalAuthorizerSpec {
  readonly name: string
  /** `http:` or `https:`; a path in it is put before the path of each request. */
  readonly url: string
  readonly timeoutMs: number
  readonly maxConnections: number
  /** Lower-case names of the fields of the request that it gets. */
  readonly sendHeaders: readonly string[]
  /** Lower-case names of the fields of its answer that the backend gets in place of the client's. */
  readonly forwardHeaders: readonly string[]
  /** What happens where it does not answer, or with 5xx: the request goes on, or is refused with `statusOnError`. */
  readonly failOpen: boolean
  readonly statusOnError: number
}
