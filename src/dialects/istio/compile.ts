import type { CheckpointSpec, TokenRuleSpec, WorkloadSpec } from '../../plan/checkpoint-spec.ts'
import { plainAudience } from '../../policy/istio/index.ts'
import { checkWorkload } from './check-workload.ts'
import { isAttached } from './attach.ts'
import { remoteKeys } from './remote-keys.ts'
import type {
  AuthorizationPolicy,
  JwtRule,
  MeshResources,
  RequestAuthentication,
  Resource,
} from './schema.ts'

/** A place at which policies are applied: the gateway, or a backend. */
export interface MeshWorkload extends WorkloadSpec {
  /** The name of a backend; undefined for the gateway. */
  readonly backend: string | undefined
  /** The name of the Gateway resource that it is made by; undefined where there is none. */
  readonly gateway: string | undefined
  /** The ports at which requests come in; undefined where that is not known. */
  readonly ports: readonly number[] | undefined
}

export interface MeshSettings {
  readonly rootNamespace: string
  /** Names of the services that CUSTOM policies may ask. */
  readonly providers: readonly string[]
}

export interface MeshCompilation {
  /** The gateway's first. */
  readonly checkpoints: readonly CheckpointSpec[]
}

/**
 * Chooses for each workload the rules and policies that are for it, as Istio does: those of the root namespace and of
 * its own, whose selector or target fits. What is for no workload at all is told of, because it protects nothing here.
 */
export function compileMesh(
  resources: MeshResources,
  workloads: readonly MeshWorkload[],
  settings: MeshSettings,
): MeshCompilation {
  const { rootNamespace } = settings
  const checkpoints = workloads.map((workload): CheckpointSpec => {
    const attached = <T extends Attached>(all: readonly T[]): readonly T[] =>
      all.filter((each) => isAttached(each, workload, rootNamespace)).toSorted(byName)
    const authentications = attached(resources.requestAuthentications)
    const policies = attached(resources.policies)
    const { backend, namespace, labels, principal } = workload
    return {
      backend,
      workload: { namespace, labels, principal },
      tokenRules: tokenRules(authentications, resources),
      policies: policies.map(({ spec }) => spec),
    }
  })
  for (const resource of [...resources.requestAuthentications, ...resources.policies]) {
    if (!workloads.some((workload) => isAttached(resource, workload, rootNamespace))) tellIdle(resource)
  }
  const [gateway] = checkpoints
  for (const [index, checkpoint] of checkpoints.entries()) {
    const workload = workloads[index]
    if (workload !== undefined) checkWorkload(checkpoint, workload, gateway, resources, settings)
  }
  return { checkpoints }
}

type Attached = RequestAuthentication | AuthorizationPolicy

/** Their order in the files must not matter. */
function byName(a: Resource, b: Resource): number {
  const nameOf = ({ namespace, name }: Resource): string => `${namespace}/${name}`
  return nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0
}

/** The rules of all resources together, by issuer: none replaces another. */
function tokenRules(
  authentications: readonly RequestAuthentication[],
  resources: MeshResources,
): readonly TokenRuleSpec[] {
  return authentications
    .flatMap((resource) => resource.rules.map((rule, index) => compileRule(resource, rule, index, resources)))
    .toSorted((a, b) => compare(a.issuer ?? '', b.issuer ?? ''))
}

/** That of Envoy, which no field of Istio changes. */
const CLOCK_SKEW_SECONDS = 60

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function compileRule(
  resource: Resource,
  rule: JwtRule,
  index: number,
  resources: MeshResources,
): TokenRuleSpec {
  const name = `${resource.namespace}/${resource.name}[${index}]`
  const remote = rule.keys === undefined ? remoteKeys(name, rule, resource.namespace, resources) : undefined
  return {
    name,
    origin: rule.node.origin,
    issuer: rule.issuer === '' ? undefined : rule.issuer,
    audiences: rule.audiences.map(plainAudience),
    clockSkewSeconds: CLOCK_SKEW_SECONDS,
    keys: rule.keys ?? [],
    keySources: remote === undefined ? [] : [remote],
    locations: rule.locations,
    keepToken: rule.keepToken,
    payloadHeader: rule.payloadHeader,
    claimHeaders: rule.claimHeaders,
    spaceDelimited: rule.spaceDelimited,
  }
}

function tellIdle({ node, kind, attachment, namespace }: Attached): void {
  const what =
    attachment.gateways !== undefined
      ? `Gateways ${attachment.gateways.map((name) => `\`${name}\``).join(', ')} in \`${namespace}\``
      : attachment.matchLabels === undefined
        ? `workloads in \`${namespace}\``
        : `workloads in \`${namespace}\` with ${[...attachment.matchLabels].map(([label, value]) => `\`${label}=${value}\``).join(', ')}`
  node.warning(
    `the ${kind} is for ${what}, and there are none here: it protects nothing`,
    'say which workloads there are: `--workload` and `--gateway-workload`, or `mesh` and `backends` of a native configuration',
  )
}
