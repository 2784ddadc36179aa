import type { ClaimMapping, PathRewriteSpec, RequirementSpec, TokenLocation } from '../../plan/spec.ts'
import type { VerificationKey } from '../../jwt/index.ts'
import type { Placed } from '../forwarding.ts'
import type { SourceNode } from '../source-node.ts'

/** What files of Function Compute hold once they are read, from whichever of their shapes. */
export interface FunctionComputeDocument {
  readonly triggers: readonly HttpTrigger[]
  readonly domains: readonly CustomDomain[]
}

export interface HttpTrigger {
  readonly node: SourceNode
  readonly triggerName: string
  /** Undefined where a trigger's configuration stands alone. */
  readonly functionName: string | undefined
  readonly methods: readonly string[] | undefined
  readonly auth: TriggerAuth | undefined
}

export interface CustomDomain {
  readonly node: SourceNode
  /** Canonical host pattern. */
  readonly host: string
  readonly auth: TriggerAuth | undefined
  readonly routes: readonly DomainRoute[]
}

export interface DomainRoute {
  readonly node: SourceNode
  /** Canonical path pattern. */
  readonly path: string
  readonly functionName: string | undefined
  readonly methods: readonly string[] | undefined
  readonly pathRewrites: readonly PathRewriteSpec[]
}

export type TriggerAuth = Anonymous | JwtAuth

export interface Anonymous {
  readonly kind: 'anonymous'
  /** Whether the file says so, rather than nothing. */
  readonly isWritten: boolean
}

export interface JwtAuth {
  readonly kind: 'jwt'
  readonly node: SourceNode
  readonly keys: readonly VerificationKey[]
  readonly locations: readonly TokenLocation[]
  readonly mappings: readonly Placed<ClaimMapping>[]
  readonly requirement: RequirementSpec
}

/** Settings that are read, by the object that they stand in; any casing and snake_case is accepted. */
export const AUTH_SETTINGS = ['authType', 'authConfig', 'authInfo']
export const TRIGGER_SETTINGS = ['triggerName', 'triggerType', 'triggerConfig', 'functionName']
export const TRIGGER_CONFIG_SETTINGS = [...AUTH_SETTINGS, 'methods', 'disableURLInternet', 'corsConfig']
export const JWT_SETTINGS = ['jwks', 'tokenLookup', 'claimPassBy', 'whitelist', 'blacklist']
export const DOMAIN_SETTINGS = [
  'domainName',
  'protocol',
  'authConfig',
  'routeConfig',
  'route',
  'routes',
  'certConfig',
  'tlsConfig',
  'corsConfig',
  'wafConfig',
]
export const ROUTE_SETTINGS = ['path', 'functionName', 'qualifier', 'methods', 'rewriteConfig']

/** What the product's API and its tools say of a trigger or domain that changes nothing here. */
export const SAID_BY_THE_PRODUCT = [
  'accountId',
  'apiVersion',
  'createdTime',
  'lastModifiedTime',
  'description',
  'region',
  'status',
  'qualifier',
  'invocationRole',
  'sourceArn',
  'targetArn',
  'triggerId',
  'httpTrigger',
  'subdomainCount',
  'customDomainName',
]

/** Settings of domains and triggers that another part of the gateway answers for, or nobody. */
export const NOT_CARRIED_OVER: Readonly<Record<string, string>> = {
  corsConfig: 'answer cross-origin requests in the service behind the gateway',
  wafConfig: 'put a web application firewall before the gateway if you need one',
  certConfig: 'give certificates to the `listeners` of a native configuration that imports this file',
  tlsConfig: 'TLS versions are set at the `listeners` of a native configuration that imports this file',
}
