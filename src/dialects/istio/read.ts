import type { FileReader } from '../compiled.ts'
import type { SourceNode } from '../source-node.ts'
import { suggestion } from '../suggestion.ts'
import { readAuthorizationPolicy } from './read-authorization-policy.ts'
import { readDestinationRule } from './read-destination-rule.ts'
import { isAbout, type NamedHost } from './mesh-hosts.ts'
import { keyHost } from './remote-keys.ts'
import { readRequestAuthentication } from './read-request-authentication.ts'
import { readServiceEntry } from './read-service-entry.ts'
import type { MeshResources, Resource } from './schema.ts'

/**
 * Reads the resources of all documents of a mesh, `List`s among them. What Istio's own validation refuses is an error
 * here; resources of other kinds are told of and left out.
 */
export async function readMesh(roots: readonly SourceNode[], files: FileReader): Promise<MeshResources> {
  const resources = roots.flatMap((root) => resourcesOf(root))
  refuseDuplicates(resources)
  const ofKind = (kind: Kind): readonly Resource[] => resources.filter((resource) => resource.kind === kind)
  const requestAuthentications = ofKind('RequestAuthentication').map(readRequestAuthentication)
  const destinationRules = []
  for (const resource of ofKind('DestinationRule').filter(isForKeysOf(requestAuthentications)))
    destinationRules.push(await readDestinationRule(resource, files))
  return {
    requestAuthentications,
    policies: ofKind('AuthorizationPolicy').map(readAuthorizationPolicy),
    serviceEntries: ofKind('ServiceEntry').map(readServiceEntry),
    destinationRules,
  }
}

/** Of rules about other hosts nothing is asked here, so that nothing can be wrong with them. */
function isForKeysOf(
  requestAuthentications: MeshResources['requestAuthentications'],
): (resource: Resource) => boolean {
  const asked = requestAuthentications.flatMap(({ rules, namespace }) =>
    rules.flatMap((rule): readonly NamedHost[] => {
      const host = keyHost(rule)
      return host === undefined ? [] : [{ host, namespace }]
    }),
  )
  return ({ node, namespace }) => {
    const value = node.find('spec')?.find('host')?.value
    if (
      typeof value !== 'string' ||
      asked.some((each) => isAbout({ host: value.toLowerCase(), namespace }, each))
    )
      return true
    node.warning(
      `the DestinationRule is for \`${value}\`, and no keys are fetched from there`,
      'it changes nothing here; leave it out if that is fine',
    )
    return false
  }
}

type Kind = 'RequestAuthentication' | 'AuthorizationPolicy' | 'ServiceEntry' | 'DestinationRule'

const VERSIONS: Readonly<Record<Kind, readonly string[]>> = {
  RequestAuthentication: ['security.istio.io/v1', 'security.istio.io/v1beta1'],
  AuthorizationPolicy: ['security.istio.io/v1', 'security.istio.io/v1beta1'],
  ServiceEntry: ['networking.istio.io/v1', 'networking.istio.io/v1beta1', 'networking.istio.io/v1alpha3'],
  DestinationRule: ['networking.istio.io/v1', 'networking.istio.io/v1beta1', 'networking.istio.io/v1alpha3'],
}

const KINDS = Object.keys(VERSIONS)

/** Kinds of Istio that are known and say nothing that is read here. */
const OTHER_KINDS = [
  'PeerAuthentication',
  'Gateway',
  'VirtualService',
  'Sidecar',
  'WorkloadEntry',
  'WorkloadGroup',
  'EnvoyFilter',
  'ProxyConfig',
  'Telemetry',
  'WasmPlugin',
]

function resourcesOf(root: SourceNode): readonly Resource[] {
  if (root.isList()) return root.items().flatMap((item) => resourcesOf(item))
  const kind = member(root, 'kind')?.word() ?? ''
  const version = member(root, 'apiVersion')?.word() ?? ''
  if (kind === 'List') return (member(root, 'items')?.items() ?? []).flatMap((item) => resourcesOf(item))
  if (kind === '' || version === '') {
    root.error('a resource needs an `apiVersion` and a `kind`')
    return []
  }
  if (!isKind(kind)) {
    reportKind(root, kind, version)
    return []
  }
  if (!VERSIONS[kind].includes(version)) {
    const place = member(root, 'apiVersion') ?? root
    place.error(`\`${version}\` has no ${kind} that can be read`, `write one of ${VERSIONS[kind].join(', ')}`)
    return []
  }
  return readMetadata(root, kind)
}

function isKind(kind: string): kind is Kind {
  return KINDS.includes(kind)
}

/** A kind that was probably meant to be one that protects something must not be left out in silence. */
function reportKind(root: SourceNode, kind: string, version: string): void {
  const place = member(root, 'kind') ?? root
  const isIstio = /^(?:security|networking|extensions|telemetry)\.istio\.io\//.test(version)
  const near = OTHER_KINDS.includes(kind) || !isIstio ? undefined : suggestion(kind, KINDS)
  if (near !== undefined) place.error(`there is no kind \`${kind}\``, `is \`${near}\` meant?`)
  else if (isIstio && !OTHER_KINDS.includes(kind))
    place.error(`there is no kind \`${kind}\``, `known here: ${KINDS.join(', ')}`)
  else place.warning(`the ${kind} is not read`, 'it changes nothing here; leave it out if that is fine')
}

function readMetadata(root: SourceNode, kind: Kind): readonly Resource[] {
  for (const each of root.members()) {
    if (['apiVersion', 'kind', 'metadata', 'spec', 'status'].includes(each.name)) continue
    each.error(`unknown field \`${each.name}\``, 'what a resource says stands under `spec`')
  }
  const metadata = member(root, 'metadata')
  const name = metadata === undefined ? undefined : member(metadata, 'name')
  if (name === undefined || typeof name.value !== 'string' || name.value === '') {
    ;(metadata ?? root).error('the resource has no `metadata.name`', 'give it a name')
    return []
  }
  const namespace = metadata === undefined ? undefined : member(metadata, 'namespace')
  // As `kubectl apply` without a namespace.
  return [{ node: root, kind, name: name.value, namespace: namespace?.text() ?? 'default' }]
}

function refuseDuplicates(resources: readonly Resource[]): void {
  const seen = new Map<string, Resource>()
  for (const resource of resources) {
    const { node, kind, namespace, name } = resource
    const key = `${kind} ${namespace}/${name}`
    const other = seen.get(key)
    if (other === undefined) seen.set(key, resource)
    else {
      const { file, line } = other.node.origin
      node.error(
        `another ${kind} is named \`${namespace}/${name}\` (${file}:${line})`,
        'in a cluster the later would replace the earlier; keep one of the two',
      )
    }
  }
}

function member(node: SourceNode, name: string): SourceNode | undefined {
  return node.members().find((each) => each.name === name)
}
