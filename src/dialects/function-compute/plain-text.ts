import type { SourceNode } from '../source-node.ts'

/** The text of a setting; an error where it is none, or holds a reference that only the product's own tool resolves. */
export function plainText(node: SourceNode): string | undefined {
  const text = node.text()
  if (text?.includes('${') !== true) return text
  node.error(`\`${node.name}\` holds a reference that cannot be resolved here`, 'write the value itself')
  return undefined
}
