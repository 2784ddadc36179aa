import type { AuthenticationSpec, GuardSpec } from '../../plan/spec.ts'
import type { Compiled, NameBook } from '../compiled.ts'
import type { GatewayAuthRule } from './schema.ts'

/** Compiles rules to global ones, with the values that the product gives them. A rule that is switched off is left out. */
export function compileGatewayAuth(rules: readonly GatewayAuthRule[], names: NameBook): Compiled {
  const authentications: AuthenticationSpec[] = []
  const guards: GuardSpec[] = []
  for (const rule of rules) {
    const { node } = rule
    if (!rule.enabled) {
      node.warning(`the rule \`${rule.name}\` is switched off`, 'write `Status: true` to switch it on')
      continue
    }
    const name = names.take(rule.name)
    node.warning(`\`${name}\` lets tokens without \`exp\` in, which never expire, as the product does`)
    authentications.push({
      name,
      origin: node.origin,
      keys: rule.keys,
      keySources: [],
      rules: {
        issuer: rule.issuer,
        subject: rule.subject,
        audiences: [],
        // That of the product (Higress' clock_skew_seconds).
        clockSkewSeconds: 60,
        expRequired: false,
      },
      locations: [rule.location],
      forward: [],
      keepToken: rule.keepToken,
      refusals: 'problem',
    })
    guards.push({ name, origin: node.origin, authentication: name, requirement: rule.requirement })
  }
  return { backends: [], authentications, guards, routes: [] }
}
