import { SourceNode } from '../source-node.ts'

/** A value may name another that names another; nobody goes further than this, and a circle never ends. */
const MAX_ROUNDS = 5

/**
 * Resolves what an `s.yaml` says of itself: `${vars.name}` and `${resources.name.props.setting}`. Other references
 * (`${env(...)}`, `${file(...)}`) stay as they are; the settings that are read refuse them.
 */
export function resolveReferences(root: SourceNode): SourceNode {
  return new SourceNode(root.document, root.path, resolve(root.value, root.value))
}

function resolve(value: unknown, whole: unknown): unknown {
  if (typeof value === 'string') return value.includes('${') ? resolveText(value, whole) : value
  if (Array.isArray(value)) return value.map((item: unknown) => resolve(item, whole))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, resolve(member, whole)]))
}

function resolveText(text: string, whole: unknown): string {
  let resolved = text
  for (let round = 0; round < MAX_ROUNDS && resolved.length < MAX_LENGTH; round++) {
    const next = resolved.replaceAll(
      REFERENCE,
      (reference, path: string) => scalarAt(whole, path) ?? reference,
    )
    if (next === resolved) break
    resolved = next
  }
  return resolved
}

/** Values that name themselves twice double with each round. */
const MAX_LENGTH = 100_000
const REFERENCE = /\$\{((?:vars|resources)(?:\.[\w-]{1,100}){1,10})\}/g

function scalarAt(whole: unknown, path: string): string | undefined {
  let value = whole
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = Reflect.get(value, name)
  }
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
