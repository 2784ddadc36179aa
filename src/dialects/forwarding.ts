import type { ClaimMapping, TokenLocation } from '../plan/spec.ts'
import { spellingOf } from '../policy/index.ts'
import { checkFieldName, checkTargetName } from './field-names.ts'
import type { SourceNode } from './source-node.ts'

export interface Placed<T> {
  readonly node: SourceNode
  readonly value: T
}

/** The locations that can be looked in, in order; the others are errors. */
export function checkLocations(locations: readonly Placed<TokenLocation>[]): readonly TokenLocation[] {
  return locations.flatMap(({ node, value }) => {
    const name = checkFieldName(value.in, value.name)
    if (!name.ok) {
      node.error(name.error)
      return []
    }
    if (value.in === 'header' && !/^(?:[\x21-\x7e]+ )?$/.test(value.prefix)) {
      node.error('a prefix is one word of visible ASCII; the space after it is added')
      return []
    }
    return [value]
  })
}

/**
 * The mappings that can be carried out; the others are errors. Two that differ in spelling only are one name to most
 * backends, which would then read either claim as the other (CVE-2025-64484).
 */
export function checkMappings(
  mappings: readonly Placed<ClaimMapping>[],
  locations: readonly TokenLocation[],
  keepToken: boolean,
): readonly ClaimMapping[] {
  const seen = new Map<string, string>()
  return mappings.flatMap(({ node, value }) => {
    const name = checkTargetName(value.in, value.name)
    if (!name.ok) {
      node.error(name.error)
      return []
    }
    const target = `${value.in} ${spellingOf(value.name)}`
    const other = seen.get(target)
    seen.set(target, value.name)
    if (other !== undefined) {
      const same = other === value.name ? '' : `, which backends read as \`${other}\``
      node.error(
        `two claims go to the ${value.in} \`${value.name}\`${same}`,
        'give each claim a name of its own',
      )
      return []
    }
    if (keepToken && locations.some((location) => `${location.in} ${spellingOf(location.name)}` === target)) {
      node.warning(`the claim takes the place of the token in the ${value.in} \`${value.name}\``)
    }
    return [value]
  })
}
