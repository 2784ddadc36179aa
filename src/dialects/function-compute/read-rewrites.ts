import type { PathRewriteSpec } from '../../plan/spec.ts'
import { checkPath, PRODUCT_PATHS } from '../requirement.ts'
import type { SourceNode } from '../source-node.ts'
import { plainText } from './plain-text.ts'

/** Reads the `rewriteConfig` of a route: equal rules first, then wildcard rules, as the product tries them. */
export function readRewrites(config: SourceNode | undefined): readonly PathRewriteSpec[] {
  if (config === undefined) return []
  config.warnOfOthers(['equalRules', 'wildcardRules', 'regexRules'])
  const regex = config.find('regexRules')
  if (regex !== undefined && regex.items().length > 0) {
    regex.error(
      '`regexRules` are not carried over: a regular expression can take seconds for one path, and stall the gateway',
      'write `equalRules` or `wildcardRules`, or rewrite the path in the function',
    )
  }
  return [...readRules(config, 'equalRules', 'equal'), ...readRules(config, 'wildcardRules', 'wildcard')]
}

function readRules(
  config: SourceNode,
  setting: string,
  kind: PathRewriteSpec['kind'],
): readonly PathRewriteSpec[] {
  const rules = config.find(setting)?.items() ?? []
  return rules.flatMap((rule): readonly PathRewriteSpec[] => {
    const [match, replacement] = [rule.find('match'), rule.find('replacement')]
    if (match === undefined || replacement === undefined) {
      rule.error('a rule needs `match` and `replacement`')
      return []
    }
    const [from, to] = [plainText(match), plainText(replacement)]
    if (from === undefined || to === undefined) return []
    const path = checkPath(match, from, PRODUCT_PATHS)
    if (path === undefined || !checkKind(match, kind, path) || !checkReplacement(replacement, kind, to))
      return []
    return [{ kind, match: path, replacement: to }]
  })
}

/**
 * A wildcard stands for whole segments on both sides: `/a*` to `/b/$1` would make `/b/..` of `/a..`, which is a path that
 * no rule was asked about.
 */
function checkKind(node: SourceNode, kind: PathRewriteSpec['kind'], path: string): boolean {
  if (kind === 'wildcard' ? path.endsWith('/*') : !path.endsWith('*')) return true
  if (kind === 'equal')
    node.error('an equal rule matches one path', 'move a rule with `*` to `wildcardRules`')
  else node.error('a wildcard rule ends in `/*`', 'move a rule without `*` to `equalRules`')
  return false
}

function checkReplacement(node: SourceNode, kind: PathRewriteSpec['kind'], text: string): boolean {
  const [before = '', after, more] = kind === 'wildcard' ? text.split('$1') : [text]
  const isWhole = after === undefined || (before.endsWith('/') && (after === '' || after.startsWith('/')))
  if (isWhole && more === undefined && !/[$*]/.test(before + (after ?? ''))) {
    return checkPath(node, after === undefined ? before : `${before}x${after}`, PRODUCT_PATHS) !== undefined
  }
  node.error(
    'a replacement is a path, in which `$1` may stand once, for what `*` stood for, as a segment of its own',
    'write a path such as `/new/$1`',
  )
  return false
}
