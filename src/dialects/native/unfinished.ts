import { SourceNode } from '../source-node.ts'

/**
 * Reports every setting with nothing behind it. Left out it would have its default, and that of `auth`, `audiences` or
 * `rules` asks for less: a file that is saved while somebody writes it must not open the gateway when it is reloaded.
 */
export function refuseUnfinished(node: SourceNode): void {
  for (const item of node.items()) refuseUnfinished(item)
  if (!node.isObject()) return
  for (const name of node.emptyMembers()) {
    const hint = name === 'auth' ? AUTH_HINT : `write its value, or leave \`${name}\` out`
    new SourceNode(node.document, [...node.path, name], null).error(`\`${name}\` has nothing behind it`, hint)
  }
  for (const member of node.members()) {
    // A key set is not of this format, and others may write `null` into it.
    if (member.name !== 'jwks') refuseUnfinished(member)
  }
}

const AUTH_HINT = 'name an authentication, or write `auth: none` if nobody needs a token'
