import { bareName, type SourceNode } from '../source-node.ts'
import { suggestion } from '../suggestion.ts'
import { AUTH_SETTINGS } from './schema.ts'

/**
 * Warns of what is not read in a trigger, a domain or a part of them. What looks like a setting of the authentication is
 * an error: a domain whose `authConfig` is misspelt, or stands one level too high, would be open.
 */
export function warnOfOthers(node: SourceNode, known: readonly string[]): void {
  const bare = new Set(known.map(bareName))
  const aboutAuth = node.members().filter(({ name }) => !bare.has(bareName(name)) && isAboutAuth(name, known))
  for (const member of aboutAuth) {
    const near = suggestion(
      member.name,
      known.filter((name) => AUTH_SETTINGS.includes(name)),
    )
    member.error(
      `\`${member.name}\` is not read, and looks like a setting of the authentication`,
      near === undefined ? elsewhere(member.name) : `is \`${near}\` meant?`,
    )
  }
  node.warnOfOthers([...known, ...aboutAuth.map(({ name }) => name)])
}

function isAboutAuth(name: string, known: readonly string[]): boolean {
  if (/^(?:auth|jwt|jwks)/.test(bareName(name))) return true
  const near = suggestion(name, [...known, ...AUTH_SETTINGS])
  return near !== undefined && AUTH_SETTINGS.includes(near)
}

function elsewhere(name: string): string {
  const meant = suggestion(name, AUTH_SETTINGS)
  const what = meant === undefined || bareName(meant) === bareName(name) ? '' : `if \`${meant}\` is meant: `
  return `${what}a trigger has \`authType\` and \`authConfig\` in its \`triggerConfig\`, a domain \`authType\` and \`authInfo\` in its \`authConfig\``
}
