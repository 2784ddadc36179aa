import type { ConditionSpec, RequirementSpec } from '../plan/spec.ts'
import { pathPattern } from './patterns.ts'
import type { PathOptions } from '../policy/index.ts'
import type { SourceNode } from './source-node.ts'

/** How patterns of other products are read: as the gateway reads paths unless it is told otherwise. */
export const PRODUCT_PATHS: PathOptions = { mergeSlashes: true, encodedSlashes: 'refuse' }

/** The canonical pattern of a path, or undefined after an error at `node`. */
export function checkPath(node: SourceNode, text: string, options: PathOptions): string | undefined {
  const pattern = pathPattern(text, options)
  if (pattern.ok) return pattern.value
  node.error(pattern.error)
  return undefined
}

/** A requirement of the given mode; undefined after an error about conditions that do not fit it. */
export function requirementOf(
  node: SourceNode,
  mode: RequirementSpec['mode'],
  conditions: readonly ConditionSpec[] | undefined,
  listName: string,
): RequirementSpec | undefined {
  switch (mode) {
    case 'all':
    case 'optional':
      if (conditions === undefined) return { mode }
      node.error(
        `\`${listName}\` has no meaning with \`mode: ${mode}\``,
        'write `mode: whitelist` to let the listed through, or `mode: blacklist` to protect them alone',
      )
      return undefined
    case 'whitelist':
      if ((conditions ?? []).length === 0 && node.items().length === 0) {
        node.warning(
          `a whitelist without \`${listName}\` lets nothing through: every request needs a token`,
          `write \`mode: all\` if that is meant, or list what needs no token under \`${listName}\``,
        )
      }
      return { mode, conditions: conditions ?? [] }
    case 'blacklist':
      // Nothing listed is nothing protected, which nobody writes down on purpose.
      if (conditions !== undefined && conditions.length > 0) return { mode, conditions }
      node.error(
        `a blacklist without \`${listName}\` protects nothing`,
        `list what needs a token under \`${listName}\``,
      )
      return undefined
  }
}

/** What is to be known of a blacklist: it fails open. */
export function warnOfBlacklist(node: SourceNode): void {
  node.warning(
    'a blacklist is open by default: every path that it does not list needs no token',
    'a whitelist protects what is added later, too',
  )
}
