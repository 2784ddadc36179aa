import { isJsonObject, type JsonValue } from '../../kernel/json.ts'
import type { TokenFacts } from './facts.ts'
import { matchAny, type TextMatch } from './string-match.ts'

/**
 * The values of a claim, joined by OR: it is a text that matches, or a list that holds one. Numbers, truth values,
 * objects and lists within lists never match. `path` goes down into objects, never into lists.
 */
export function matchClaim(
  path: readonly string[],
  values: readonly string[],
): (token: TokenFacts | undefined) => boolean {
  const match = matchAny(values)
  const [top, ...inner] = path
  if (top === undefined) throw new Error('a claim without a name')
  return (token) => {
    if (token === undefined) return false
    let value: JsonValue | undefined = token.claims[top]
    // Split first, so that the text as a whole is nothing any more: `read write` does not match itself.
    if (inner.length === 0 && typeof value === 'string' && token.spaceDelimited.has(top))
      return value.split(' ').some(match)
    for (const name of inner) {
      if (!isJsonObject(value)) return false
      value = value[name]
    }
    return holds(value, match)
  }
}

function holds(value: JsonValue | undefined, match: TextMatch): boolean {
  if (typeof value === 'string') return match(value)
  return Array.isArray(value) && value.some((item: JsonValue) => typeof item === 'string' && match(item))
}
