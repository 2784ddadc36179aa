import type { ClaimMapping } from '../../plan/spec.ts'
import type { Placed } from '../forwarding.ts'
import type { SourceNode } from '../source-node.ts'
import { plainText } from './plain-text.ts'
import { readPosition, splitEntries } from './positions.ts'

const ITEM_SETTINGS = ['claimName', 'mappingParameterName', 'mappingParameterPosition']

/**
 * Reads `claimPassBy`: `query:uid:uid,header:name:X-Name`, or a list of
 * `{claimName, mappingParameterName, mappingParameterPosition}`. An entry without a claim forwards nothing: the
 * product's tool writes `query::` where nothing is to be forwarded.
 */
export function readClaimPassBy(node: SourceNode): readonly Placed<ClaimMapping>[] {
  const written = node.find('claimPassBy')
  if (written === undefined) return []
  if (written.isList()) return written.items().flatMap(fromItem)
  const text = plainText(written)
  if (text === undefined || text === '') return []
  return splitEntries(text).flatMap((entry) => fromEntry(written, entry))
}

/** The position comes first and the new name last: what stands between is the claim, colons and all. */
function fromEntry(node: SourceNode, entry: string): readonly Placed<ClaimMapping>[] {
  const first = entry.indexOf(':')
  const last = entry.lastIndexOf(':')
  if (first === last) {
    const shown = entry.slice(0, 80)
    node.error(
      `\`${shown}\` is no mapping of a claim`,
      'write `position:claim:name`, such as `header:sub:X-User`',
    )
    return []
  }
  return mapping(node, entry.slice(0, first), entry.slice(first + 1, last), entry.slice(last + 1).trim())
}

function fromItem(item: SourceNode): readonly Placed<ClaimMapping>[] {
  item.warnOfOthers(ITEM_SETTINGS)
  const [claim, name, position] = ITEM_SETTINGS.map((setting) => {
    const member = item.find(setting)
    return member === undefined ? '' : plainText(member)
  })
  if (claim === undefined || name === undefined || position === undefined) return []
  return mapping(item, position, claim, name)
}

function mapping(
  node: SourceNode,
  position: string,
  claim: string,
  name: string,
): readonly Placed<ClaimMapping>[] {
  if (claim === '') {
    const what = name === '' ? 'nothing is forwarded' : `nothing is forwarded as \`${name}\``
    node.warning(`a mapping names no claim, so that ${what}`, 'leave it out')
    return []
  }
  const place = readPosition(node, position)
  if (place === undefined) return []
  if (name !== '') return [{ node, value: { claim: [claim], in: place, name } }]
  node.error(`the claim \`${claim.slice(0, 80)}\` is given no name to be forwarded under`)
  return []
}
