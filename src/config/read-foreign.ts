import { resolve } from 'node:path'
import type { BackendSpec } from '../plan/spec.ts'
import { NameBook, type Compiled, type IfOpen } from '../dialects/compiled.ts'
import {
  compileFunctionCompute,
  functionNames,
  readFunctionCompute,
  type FunctionPlacement,
} from '../dialects/function-compute/index.ts'
import { compileGatewayAuth, readGatewayAuth } from '../dialects/gateway-auth/index.ts'
import { compileBackend, httpSpec, readBackend, readNative } from '../dialects/native/index.ts'
import { SourceNode } from '../dialects/source-node.ts'
import { readForeignMesh } from './read-foreign-mesh.ts'
import { compileServer } from './compile-server.ts'
import type { Dialect } from './detect-dialect.ts'
import type { Draft } from './draft.ts'
import type { FileAccess } from './file-access.ts'
import type { ConfigurationEntry } from './read-configuration.ts'

/** Reads a configuration of another dialect that is served by itself; the command line gives what it does not say. */
export async function readForeign(
  dialect: Exclude<Dialect, 'native'>,
  roots: readonly SourceNode[],
  entry: ConfigurationEntry,
  access: FileAccess,
): Promise<Draft | undefined> {
  const [root] = roots
  if (root === undefined) return undefined
  // All else is as in a native configuration that says nothing of it.
  const defaults = readNative(new SourceNode(root.document, [], { version: 1 }), {}, entry.listen)
  const backends = await readBackends(root, entry.backends ?? [], access)
  const server = await compileServer(defaults, access)
  const http = httpSpec(defaults)
  if (dialect === 'istio') {
    for (const name of backends.byFunction.keys())
      root.error(
        `\`--backend ${name}=…\` names a function, and policies have none`,
        'several backends are a native configuration that imports this file',
      )
    const mesh = await readForeignMesh(roots, backends.specs[0], entry, defaults, access)
    return mesh === undefined ? undefined : { server, http: { ...http, pathNormalization: 'base' }, ...mesh }
  }
  warnOfWorkloads(root, entry)
  const compiled =
    dialect === 'function-compute' ? functions(root, roots, backends) : gatewayRules(root, roots, backends)
  return { server, http, compiled, checkpoints: undefined }
}

function warnOfWorkloads(root: SourceNode, { workload, gatewayWorkload }: ConfigurationEntry): void {
  if (workload !== undefined || gatewayWorkload !== undefined)
    root.warning(
      '`--workload` and `--gateway-workload` are not used',
      'they are for policies of a service mesh',
    )
}

interface Backends {
  readonly specs: readonly BackendSpec[]
  readonly byFunction: ReadonlyMap<string, FunctionPlacement>
  readonly other: FunctionPlacement | undefined
}

/** `http://127.0.0.1:9000` or `./module.js` for all functions, `hello=http://127.0.0.1:9000` for one. */
async function readBackends(
  root: SourceNode,
  written: readonly string[],
  access: FileAccess,
): Promise<Backends> {
  const specs: BackendSpec[] = []
  const byFunction = new Map<string, FunctionPlacement>()
  let other: FunctionPlacement | undefined
  for (const text of written) {
    const [, functionName, target = text] = /^([A-Za-z_][\w-]{0,127})=(.*)$/.exec(text) ?? []
    const name = functionName ?? 'backend'
    if (functionName === undefined ? other !== undefined : byFunction.has(functionName)) {
      root.error(
        '`--backend` is given twice for the same functions',
        'name the function: `--backend hello=http://127.0.0.1:9000`',
      )
    }
    const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(target)
    const part = readBackend(name, root, isUrl ? { url: target } : { function: resolve(target) })
    const spec = await compileBackend(part, access)
    if (spec !== undefined) specs.push(spec)
    if (functionName === undefined) other = { backend: name }
    else byFunction.set(functionName, { backend: name })
  }
  return { specs, byFunction, other }
}

const EXAMPLE = '--backend http://127.0.0.1:9000'

function functions(root: SourceNode, roots: readonly SourceNode[], backends: Backends): Compiled {
  const document = readFunctionCompute(roots)
  const known = functionNames(document)
  for (const name of backends.byFunction.keys()) {
    if (!known.includes(name))
      root.warning(`\`--backend\` names a function \`${name}\` that the file does not have`)
  }
  const compiled = compileFunctionCompute(document, { ...backends, howTo }, new NameBook())
  return { ...compiled, backends: backends.specs }
}

function howTo(functionName: string): string {
  if (functionName === '') return `give \`${EXAMPLE}\``
  return `give \`${EXAMPLE}\`, or \`${EXAMPLE.replace('http', `${functionName}=http`)}\` for it alone`
}

const IF_OPEN: IfOpen = {
  severity: 'warning',
  hint: 'switch a rule on with `Status: true`, or narrow what `AuthResourceList` lets through',
}

/** Rules say nothing of routes: everything goes to the one backend. */
function gatewayRules(root: SourceNode, roots: readonly SourceNode[], backends: Backends): Compiled {
  const compiled = compileGatewayAuth(readGatewayAuth(roots, new Map()), new NameBook())
  if (backends.other === undefined) {
    root.error('there is no backend for the requests', `give \`${EXAMPLE}\``)
    return compiled
  }
  const spec = {
    name: 'all',
    origin: root.origin,
    hosts: ['*'],
    path: '/*',
    methods: undefined,
    backend: backends.other.backend,
    guards: [],
    pathRewrites: [],
    refusals: 'problem' as const,
  }
  return { ...compiled, backends: backends.specs, routes: [{ spec, openOnPurpose: false, ifOpen: IF_OPEN }] }
}
