import type { FieldPlace } from './field-names.ts'
import type { SourceNode } from './source-node.ts'

const WORDED = /^(header|query|form|cookie)( ?parameters?)?$/

/**
 * Header, query, form or cookie, in any casing, and as consoles word them (`Form Parameters`), with a warning. An error
 * at `node` and undefined for everything else. `words` are those that the hint shows.
 */
export function readPlace(node: SourceNode, text: string, words: string): FieldPlace | undefined {
  const [, word, parameters] =
    WORDED.exec(
      text
        .trim()
        .toLowerCase()
        .replaceAll(/\s{1,8}/g, ' '),
    ) ?? []
  const place = PLACES.find((each) => each === word)
  const shown = text.slice(0, 40)
  if (place === undefined) node.error(`\`${shown}\` is not a position`, `a position is ${words}`)
  else if (parameters !== undefined) {
    node.warning(`the position \`${shown}\` is read as \`${place}\``, `a position is ${words}`)
  }
  return place
}

const PLACES: readonly FieldPlace[] = ['header', 'query', 'form', 'cookie']
