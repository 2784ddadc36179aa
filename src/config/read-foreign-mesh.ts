import type { MeshResources, MeshWorkload } from '../dialects/istio/index.ts'
import type { Compiled } from '../dialects/compiled.ts'
import type { NativeDocument } from '../dialects/native/index.ts'
import type { SourceNode } from '../dialects/source-node.ts'
import type { CheckpointsSpec } from '../plan/checkpoint-spec.ts'
import type { BackendSpec } from '../plan/spec.ts'
import type { FileAccess } from './file-access.ts'
import type { ConfigurationEntry } from './read-configuration.ts'
import { compileCheckpoints, gatewayOf, portOf, readMeshDocuments } from './read-mesh.ts'

export interface ForeignMesh {
  readonly compiled: Compiled
  readonly checkpoints: CheckpointsSpec
}

/** Reads the resources of a mesh that are served by themselves: everything goes to one backend. */
export async function readForeignMesh(
  roots: readonly SourceNode[],
  backend: BackendSpec | undefined,
  entry: ConfigurationEntry,
  defaults: NativeDocument,
  access: FileAccess,
): Promise<ForeignMesh | undefined> {
  const [root] = roots
  if (root === undefined) return undefined
  const resources = await readMeshDocuments(roots, access)
  // Served with nothing in it, the gateway would be open.
  if (resources.requestAuthentications.length === 0 && resources.policies.length === 0)
    root.error(
      'there is no RequestAuthentication and no AuthorizationPolicy',
      'other resources of Kubernetes protect nothing here',
    )
  if (backend === undefined) root.error('there is no backend for the requests', `give \`${EXAMPLE}\``)
  const gateway = {
    ...gatewayOf(defaults),
    ...workloadOption(root, '--gateway-workload', entry.gatewayWorkload),
  }
  const described =
    workloadOption(root, '--workload', entry.workload) ?? likelyWorkload(root, resources, gateway, defaults)
  const workload: MeshWorkload = {
    backend: backend?.name ?? '',
    gateway: undefined,
    principal: undefined,
    ports: backend?.kind === 'http' ? backend.urls.map(portOf) : undefined,
    ...described,
  }
  const checkpoints = compileCheckpoints(resources, [gateway, workload], defaults)
  warnOfOpen(root, checkpoints)
  const spec = {
    name: 'all',
    origin: root.origin,
    hosts: ['*'],
    path: '/*',
    methods: undefined,
    backend: backend?.name ?? '',
    guards: [],
    pathRewrites: [],
    refusals: 'envoy' as const,
  }
  return {
    compiled: {
      backends: backend === undefined ? [] : [backend],
      authentications: [],
      guards: [],
      // What is open here the policies say, and `warnOfOpen`.
      routes: [{ spec, openOnPurpose: true, ifOpen: { severity: 'warning', hint: '' } }],
    },
    checkpoints,
  }
}

const EXAMPLE = '--backend http://127.0.0.1:9000'

type Described = Pick<MeshWorkload, 'namespace' | 'labels'>

const WORKLOAD = /^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\/(.*))?$/
const LABEL = /^([A-Za-z0-9._/-]{1,317})=([A-Za-z0-9._-]{0,63})$/

/** Reads `namespace/label=value,label=value`. */
function workloadOption(root: SourceNode, option: string, text: string | undefined): Described | undefined {
  if (text === undefined) return undefined
  const [, namespace, labels = ''] = WORKLOAD.exec(text) ?? []
  const pairs = labels === '' ? [] : labels.split(',').map((label) => LABEL.exec(label))
  if (namespace === undefined || pairs.includes(null)) {
    root.error(
      `\`${option}\` is not a workload`,
      `write its namespace and labels: \`${option} foo/app=httpbin,version=v1\``,
    )
    return undefined
  }
  return { namespace, labels: Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? ''])) }
}

/**
 * Where nothing is said of the one backend, it is the workload that the resources are for, as far as they agree: a policy
 * that is brought along shall not be lost. Where they are for several, somebody has to say which it is.
 */
function likelyWorkload(
  root: SourceNode,
  { requestAuthentications, policies }: MeshResources,
  gateway: MeshWorkload,
  { mesh }: NativeDocument,
): Described {
  const labels: Record<string, string> = {}
  const namespaces = new Set<string>()
  const hint = 'say which the backend is: `--workload foo/app=httpbin`, or write a native configuration'
  for (const { attachment, namespace, node } of [...requestAuthentications, ...policies]) {
    if (attachment.gateways !== undefined || isOfGateway(attachment.matchLabels, namespace, gateway, mesh))
      continue
    if (namespace !== mesh.rootNamespace) namespaces.add(namespace)
    for (const [label, value] of attachment.matchLabels ?? []) {
      if (labels[label] !== undefined && labels[label] !== value)
        node.error(
          `the resources are for several workloads: \`${label}\` is \`${labels[label]}\` and \`${value}\``,
          hint,
        )
      labels[label] = value
    }
  }
  const [namespace = 'default', ...others] = namespaces
  if (others.length > 0)
    root.error(
      `the resources are for several namespaces: ${[...namespaces].map((each) => `\`${each}\``).join(', ')}`,
      hint,
    )
  return { namespace, labels }
}

function isOfGateway(
  matchLabels: ReadonlyMap<string, string> | undefined,
  namespace: string,
  gateway: MeshWorkload,
  { rootNamespace }: NativeDocument['mesh'],
): boolean {
  if (namespace !== gateway.namespace && namespace !== rootNamespace) return false
  return [...(matchLabels ?? [])].every(([label, value]) => gateway.labels[label] === value)
}

/** The one thing that surprises everybody: a RequestAuthentication demands no token. */
function warnOfOpen(root: SourceNode, { places }: CheckpointsSpec): void {
  const policies = places.flatMap((place) => place.policies).filter(({ dryRun }) => !dryRun)
  if (policies.some(({ action }) => action !== 'audit')) return
  root.warning(
    'requests without a token pass: a RequestAuthentication only refuses bad tokens',
    'add an AuthorizationPolicy with `action: DENY` and `notRequestPrincipals: ["*"]`',
  )
}
