import type { FieldPlace } from '../field-names.ts'
import type { SourceNode } from '../source-node.ts'

/** A map, because a table would also have the positions `constructor` and `toString`. */
const POSITIONS: ReadonlyMap<string, FieldPlace> = new Map(
  (['header', 'query', 'form', 'cookie'] as const).map((place) => [place, place]),
)

/** Header, query, form or cookie, in any casing; an error at `node` and undefined for everything else. */
export function readPosition(node: SourceNode, text: string): FieldPlace | undefined {
  const place = POSITIONS.get(text.trim().toLowerCase())
  if (place === undefined) {
    node.error(`\`${text.slice(0, 40)}\` is not a position`, 'a position is header, query, form or cookie')
  }
  return place
}

/**
 * The entries of a list that is written as one text. Only a comma with a position after it parts two entries, because
 * names of claims may hold commas and colons.
 */
export function splitEntries(text: string): readonly string[] {
  return text.split(/,(?=\s{0,8}(?:header|query|form|cookie)\s{0,8}:)/i).map((entry) => entry.trimStart())
}
