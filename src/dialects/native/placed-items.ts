import type { Placed } from '../forwarding.ts'
import type { SourceNode } from '../source-node.ts'

/** The values of a list that is a member of `node`, each with its place; a single value has the place of the member. */
export function placedItems<T>(node: SourceNode, name: string, values: readonly T[]): readonly Placed<T>[] {
  const list = node.find(name)
  const items = list?.items() ?? []
  return values.map((value, index) => ({ node: items[index] ?? list ?? node, value }))
}
