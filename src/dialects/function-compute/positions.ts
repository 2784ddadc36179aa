import type { FieldPlace } from '../field-names.ts'
import { readPlace } from '../position.ts'
import type { SourceNode } from '../source-node.ts'

/** Header, query, form or cookie, in any casing and as the console words them; undefined after an error at `node`. */
export function readPosition(node: SourceNode, text: string): FieldPlace | undefined {
  return readPlace(node, text, 'header, query, form or cookie')
}

/**
 * The entries of a list that is written as one text. Only a comma with a position after it parts two entries, because
 * names of claims may hold commas and colons.
 */
export function splitEntries(text: string): readonly string[] {
  return text
    .split(/,(?=\s{0,8}(?:header|query|form|cookie)(?:\s{0,8}parameters?)?\s{0,8}:)/i)
    .map((entry) => entry.trimStart())
}
