import { NOTHING_COMPILED, type Compiled, type NameBook } from '../dialects/compiled.ts'
import { readDocuments } from '../dialects/document.ts'
import {
  compileFunctionCompute,
  functionNames,
  readFunctionCompute,
  type FunctionPlacement,
} from '../dialects/function-compute/index.ts'
import { compileGatewayAuth, readGatewayAuth } from '../dialects/gateway-auth/index.ts'
import type { NativeDocument } from '../dialects/native/index.ts'
import { pathPattern } from '../dialects/patterns.ts'
import { SourceNode } from '../dialects/source-node.ts'
import { suggestion } from '../dialects/suggestion.ts'
import { detectDialect, type Dialect } from './detect-dialect.ts'
import type { FileAccess } from './file-access.ts'

type Part = NativeDocument['imports'][number]
type Import = NonNullable<Part['value']>

/** Reads one file of another dialect that a native configuration imports. */
export async function readImport(
  { node, value }: Part,
  document: NativeDocument,
  access: FileAccess,
  names: NameBook,
): Promise<Compiled> {
  // Those of a mesh are read together, when all the others are.
  if (value === undefined || value.mesh !== undefined) return NOTHING_COMPILED
  const isFunctions = value.functionCompute !== undefined
  const dialect = isFunctions ? 'function-compute' : 'gateway-auth'
  refuseForeignSettings(node, isFunctions)
  const placements = readPlacements(node, value, document)
  const roots = await readRoots(node, value.functionCompute ?? value.gatewayAuth ?? '', dialect, access)
  if (roots === undefined) return NOTHING_COMPILED
  if (!isFunctions) {
    return compileGatewayAuth(readGatewayAuth(roots, new Map(Object.entries(value.domains))), names)
  }
  const functions = readFunctionCompute(roots)
  warnOfUnknown(node, value, functionNames(functions))
  const other = value.backend === undefined ? undefined : { backend: value.backend }
  return compileFunctionCompute(functions, { byFunction: placements, other, howTo }, names)
}

function howTo(functionName: string): string {
  return functionName === ''
    ? 'write `backend: <name of a backend>` beside `functionCompute`'
    : `write \`backends: { ${functionName}: <name of a backend> }\` beside \`functionCompute\``
}

function refuseForeignSettings(node: SourceNode, isFunctions: boolean): void {
  const others = isFunctions ? ['domains'] : ['backend', 'backends']
  for (const name of others) {
    const owner = isFunctions ? 'gatewayAuth' : 'functionCompute'
    node.find(name)?.error(`\`${name}\` is for \`${owner}\``, 'leave it out')
  }
}

async function readRoots(
  node: SourceNode,
  reference: string,
  dialect: Dialect,
  access: FileAccess,
): Promise<readonly SourceNode[] | undefined> {
  const place = node.find('functionCompute') ?? node.find('gatewayAuth') ?? node
  const file = await access.read(node.document.file, reference)
  if ('failed' in file) {
    place.error(file.failed)
    return undefined
  }
  const { problems } = node.document
  const before = problems.length
  const roots = readDocuments(file.file, file.text, problems).map((document) => SourceNode.root(document))
  const [first] = roots
  if (first === undefined) {
    if (problems.length === before) place.error(`\`${file.file}\` is empty`)
    return undefined
  }
  const found = detectDialect(first)
  if (found.ok && found.value === dialect) return roots
  place.error(
    `\`${file.file}\` holds no ${dialect === 'gateway-auth' ? 'gateway authentication rules' : 'triggers or domains of Function Compute'}`,
    found.ok ? `it looks like ${KINDS[found.value]}` : found.error.hint,
  )
  return undefined
}

const KINDS: Readonly<Record<Dialect, string>> = {
  native: 'a native configuration, which cannot be imported',
  'function-compute': 'one of Function Compute; write `functionCompute` instead',
  'gateway-auth': 'gateway authentication rules; write `gatewayAuth` instead',
  istio: 'resources of a service mesh; write `mesh` instead',
}

function readPlacements(
  node: SourceNode,
  value: Import,
  document: NativeDocument,
): ReadonlyMap<string, FunctionPlacement> {
  const placements = new Map<string, FunctionPlacement>()
  const list = node.find('backends')
  for (const [name, written] of Object.entries(value.backends)) {
    const place = list?.members().find((member) => member.name === name) ?? node
    const { backend, host, path: text } = typeof written === 'string' ? { backend: written } : { ...written }
    checkBackend(place, backend, document)
    const path = text === undefined ? undefined : pathPattern(text, document.http)
    if (path?.ok === false) (place.find('path') ?? place).error(path.error)
    placements.set(name, {
      backend,
      ...(host === undefined ? {} : { host }),
      ...(path?.ok === true ? { path: path.value } : {}),
    })
  }
  if (value.backend !== undefined) checkBackend(node.find('backend') ?? node, value.backend, document)
  return placements
}

function checkBackend(node: SourceNode, name: string, { backends }: NativeDocument): void {
  const known = backends.map((backend) => backend.name)
  if (known.includes(name)) return
  const near = suggestion(name, known)
  node.error(
    `there is no backend \`${name}\``,
    near === undefined ? 'write it under `backends`' : `is \`${near}\` meant?`,
  )
}

function warnOfUnknown(node: SourceNode, value: Import, functions: readonly string[]): void {
  for (const name of Object.keys(value.backends)) {
    if (functions.includes(name)) continue
    const near = suggestion(name, functions)
    node
      .find('backends')
      ?.warning(
        `the imported file has no function \`${name}\``,
        near === undefined ? 'leave it out' : `is \`${near}\` meant?`,
      )
  }
}
