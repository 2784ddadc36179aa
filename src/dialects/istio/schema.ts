import type { VerificationKey } from '../../jwt/index.ts'
import type { ClientTlsSpec } from '../../keys/index.ts'
import type { ClaimHeaderSpec } from '../../plan/checkpoint-spec.ts'
import type { TokenLocation } from '../../plan/spec.ts'
import type { PolicySpec } from '../../policy/istio/index.ts'
import type { SourceNode } from '../source-node.ts'

/** The resources of all files of a mesh, once they are read. */
export interface MeshResources {
  readonly requestAuthentications: readonly RequestAuthentication[]
  readonly policies: readonly AuthorizationPolicy[]
  readonly serviceEntries: readonly ServiceEntry[]
  readonly destinationRules: readonly DestinationRule[]
}

/** A resource of Kubernetes, beside what it says. */
export interface Resource {
  readonly node: SourceNode
  readonly kind: string
  readonly name: string
  readonly namespace: string
}

/** Which workloads a resource is for. */
export interface Attachment {
  /** Labels that a workload must have; undefined for every workload. */
  readonly matchLabels: ReadonlyMap<string, string> | undefined
  /** Names of Gateways of the Gateway API; undefined where the resource does not say. */
  readonly gateways: readonly string[] | undefined
}

export interface RequestAuthentication extends Resource {
  readonly attachment: Attachment
  readonly rules: readonly JwtRule[]
}

/** One of `jwtRules`. */
export interface JwtRule {
  readonly node: SourceNode
  /** Empty for any. */
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly keys: readonly VerificationKey[] | undefined
  readonly jwksUri: string | undefined
  readonly locations: readonly TokenLocation[]
  readonly keepToken: boolean
  readonly payloadHeader: string | undefined
  readonly claimHeaders: readonly ClaimHeaderSpec[]
  readonly timeoutMs: number
  readonly spaceDelimited: readonly string[]
}

export interface AuthorizationPolicy extends Resource {
  readonly attachment: Attachment
  readonly spec: PolicySpec
}

/** What of a ServiceEntry says how to reach its hosts. */
export interface ServiceEntry extends Resource {
  readonly hosts: readonly string[]
  readonly ports: readonly ServicePort[]
  readonly endpoints: readonly ServiceEndpoint[]
}

export interface ServicePort {
  readonly name: string
  readonly number: number
  readonly targetPort: number | undefined
}

export interface ServiceEndpoint {
  readonly address: string
  /** By the name of a port of the entry. */
  readonly ports: ReadonlyMap<string, number>
}

/** What of a DestinationRule says how to speak to a host. */
export interface DestinationRule extends Resource {
  readonly host: string
  readonly tls: TlsSetting | undefined
  readonly tlsByPort: ReadonlyMap<number, TlsSetting>
}

export type TlsSetting =
  | { readonly mode: 'disable' }
  | {
      readonly mode: 'simple' | 'mutual'
      readonly client: ClientTlsSpec
    }
