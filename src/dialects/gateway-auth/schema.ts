import type { RequirementSpec, TokenLocation } from '../../plan/spec.ts'
import type { VerificationKey } from '../../jwt/index.ts'
import type { SourceNode } from '../source-node.ts'

/** One gateway authentication rule, as `AddGatewayAuth` takes it, once it is read. */
export interface GatewayAuthRule {
  readonly node: SourceNode
  readonly name: string
  readonly enabled: boolean
  readonly issuer: string
  readonly subject: string
  readonly keys: readonly VerificationKey[]
  readonly location: TokenLocation
  readonly keepToken: boolean
  readonly requirement: RequirementSpec
}

/** Settings that are read; the API's PascalCase, camelCase and every other casing is accepted. */
export const RULE_SETTINGS = [
  'Name',
  'Type',
  'Status',
  'Issuer',
  'Sub',
  'Jwks',
  'TokenPosition',
  'TokenName',
  'TokenNamePrefix',
  'TokenPass',
  'IsWhite',
  'AuthResourceList',
  'AuthResourceConfig',
]

/** Settings that say which gateway or language the call of the API was about. */
export const CALL_SETTINGS = [
  'AcceptLanguage',
  'GatewayUniqueId',
  'GatewayId',
  'MseSessionId',
  'RegionId',
  'Id',
  'AuthResourceMode',
]

export const RESOURCE_SETTINGS = [
  'DomainId',
  'DomainName',
  'Domain',
  'Path',
  'MatchType',
  'IgnoreCase',
  'AuthResourceHeaderList',
]
