import { compileMesh, readMesh, type MeshResources, type MeshWorkload } from '../dialects/istio/index.ts'
import type { FileReader } from '../dialects/compiled.ts'
import { readDocuments } from '../dialects/document.ts'
import type { NativeDocument } from '../dialects/native/index.ts'
import { SourceNode } from '../dialects/source-node.ts'
import type { CheckpointsSpec, ExternalAuthorizerSpec } from '../plan/checkpoint-spec.ts'
import type { FileAccess } from './file-access.ts'

/** Reads the files and folders of a mesh that a native configuration imports; undefined where it imports none. */
export async function readMeshImports(
  document: NativeDocument,
  access: FileAccess,
): Promise<CheckpointsSpec | undefined> {
  const imports = document.imports.filter(({ value }) => value?.mesh !== undefined)
  const roots: SourceNode[] = []
  for (const { node, value } of imports) {
    const place = node.find('mesh') ?? node
    for (const name of ['backend', 'backends', 'domains'])
      node.find(name)?.error(`\`${name}\` is not for \`mesh\``, 'leave it out')
    const files = await access.readAll(node.document.file, value?.mesh ?? '')
    if ('failed' in files) place.error(files.failed)
    else
      for (const { file, text } of files)
        roots.push(...readDocuments(file, text, node.document.problems).map((each) => SourceNode.root(each)))
  }
  if (imports.length === 0) {
    warnOfUnused(document)
    return undefined
  }
  const workloads = [gatewayOf(document), ...document.backends.flatMap((part) => backendOf(part))]
  return compileCheckpoints(await readMesh(roots, access), workloads, document)
}

/** Compiles resources for the workloads that there are. */
export function compileCheckpoints(
  resources: MeshResources,
  workloads: readonly MeshWorkload[],
  { mesh }: NativeDocument,
): CheckpointsSpec {
  const authorizers = authorizersOf(mesh)
  const { checkpoints } = compileMesh(resources, workloads, {
    rootNamespace: mesh.rootNamespace,
    providers: authorizers.map(({ name }) => name),
  })
  return { places: checkpoints, authorizers, trustedHops: mesh.numTrustedProxies }
}

export async function readMeshDocuments(
  roots: readonly SourceNode[],
  files: FileReader,
): Promise<MeshResources> {
  return readMesh(roots, files)
}

/** The gateway as a native configuration says, or as it is where nothing is said. */
export function gatewayOf({ mesh, listeners }: NativeDocument): MeshWorkload {
  const { namespace, labels, name, principal } = mesh.gateway
  return {
    backend: undefined,
    namespace,
    labels,
    gateway: name,
    principal,
    ports: listeners.flatMap(({ value }) => (value === undefined ? [] : [value.address.port])),
  }
}

function backendOf({ name, value }: NativeDocument['backends'][number]): readonly MeshWorkload[] {
  if (value === undefined) return []
  const { namespace, labels, url, urls } = value
  const all = urls ?? (url === undefined ? [] : [url])
  return [
    { backend: name, namespace, labels, gateway: undefined, principal: undefined, ports: all.map(portOf) },
  ]
}

export function portOf(text: string): number {
  const url = URL.parse(text)
  if (url === null) return 0
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
}

function authorizersOf(mesh: NativeDocument['mesh']): readonly ExternalAuthorizerSpec[] {
  return Object.entries(mesh.extensionProviders).map(([name, provider]) => ({
    name,
    url: provider.url,
    timeoutMs: provider.timeout,
    maxConnections: provider.maxConnections,
    sendHeaders: provider.sendHeaders,
    forwardHeaders: provider.forwardHeaders,
    failOpen: provider.failOpen,
    statusOnError: provider.statusOnError,
  }))
}

/** Labels without policies protect nothing, and whoever writes them thinks otherwise. */
function warnOfUnused({ root }: NativeDocument): void {
  const hint = 'import the files of the mesh: `import: [{ mesh: ./mesh }]`'
  root.find('mesh')?.warning('`mesh` is not used: no policies are imported', hint)
  for (const backend of root.find('backends')?.members() ?? [])
    for (const name of ['namespace', 'labels'])
      backend.find(name)?.warning(`\`${name}\` is not used: no policies are imported`, hint)
}
