import type { TokenLocation } from '../../plan/spec.ts'
import type { Placed } from '../forwarding.ts'
import type { SourceNode } from '../source-node.ts'
import { plainText } from './plain-text.ts'
import { readPosition, splitEntries } from './positions.ts'

/**
 * Reads `tokenLookup`: `header:Authorization:Bearer ,cookie:session`, or a list of
 * `{readPosition, parameterName, prefix}`. The order is that in which the token is looked for.
 */
export function readTokenLookup(node: SourceNode): readonly Placed<TokenLocation>[] {
  const lookup = node.find('tokenLookup')
  const placed =
    lookup === undefined ? [] : lookup.isList() ? lookup.items().flatMap(fromItem) : fromText(lookup)
  const isEmpty =
    lookup === undefined || lookup.value === '' || (lookup.isList() && lookup.items().length === 0)
  if (isEmpty)
    (lookup ?? node).error('`tokenLookup` is missing', 'write `tokenLookup: "header:Authorization:Bearer "`')
  return placed
}

function fromText(lookup: SourceNode): readonly Placed<TokenLocation>[] {
  const text = plainText(lookup)
  if (text === undefined || text === '') return []
  return splitEntries(text).flatMap((entry) => {
    const [position = '', name = '', ...rest] = entry.split(':')
    return location(lookup, position, name, rest.join(':'))
  })
}

function fromItem(item: SourceNode): readonly Placed<TokenLocation>[] {
  const stripped = item.find('removePrefix')
  stripped?.error('`removePrefix` is a word of the console', 'is `prefix` meant?')
  item.warnOfOthers(['readPosition', 'parameterName', 'prefix', 'removePrefix'])
  const [position, name, prefix] = ['readPosition', 'parameterName', 'prefix'].map((member) =>
    item.find(member),
  )
  if (position === undefined || name === undefined) {
    item.error(`\`${position === undefined ? 'readPosition' : 'parameterName'}\` is missing`)
    return []
  }
  const texts = [position, name].map(plainText)
  const [positionText, nameText] = texts
  if (positionText === undefined || nameText === undefined) return []
  return location(item, positionText, nameText, prefix === undefined ? '' : (plainText(prefix) ?? ''))
}

function location(
  node: SourceNode,
  position: string,
  written: string,
  prefix: string,
): readonly Placed<TokenLocation>[] {
  const place = readPosition(node, position)
  const name = written.trim()
  if (place === undefined) return []
  if (place === 'header') return [{ node, value: { in: place, name, prefix: spacedPrefix(node, prefix) } }]
  if (prefix !== '')
    node.warning(`the prefix of the ${place} \`${name}\` is not read`, 'only headers have a prefix')
  return [{ node, value: { in: place, name } }]
}

/** The product's document asks for the space and its console leaves it out: both mean the same. */
function spacedPrefix(node: SourceNode, prefix: string): string {
  const word = prefix.trim()
  if (word === '') return ''
  if (prefix !== `${word} `) {
    const shown = word.slice(0, 20)
    node.warning(
      `the prefix \`${shown}\` is read as \`${shown} \`, with one space after it`,
      `write \`${shown} \``,
    )
  }
  return `${word} `
}
