import { isToken } from '../field-names.ts'
import type { SourceNode } from '../source-node.ts'
import { plainText } from './plain-text.ts'

/** The `methods` of a trigger or route in upper case; undefined for all. An empty list means all, as in the product. */
export function readMethods(node: SourceNode): readonly string[] | undefined {
  const list = node.find('methods')
  if (list === undefined) return undefined
  const items = list.isList() ? list.items() : [list]
  const methods = items.flatMap((item) => {
    const method = plainText(item)?.trim().toUpperCase()
    if (method === undefined) return []
    if (isToken(method) && method !== 'CONNECT') return [method]
    item.error(`\`${method.slice(0, 40)}\` is not a method that can be routed`)
    return []
  })
  return items.length === 0 ? undefined : [...new Set(methods)]
}
