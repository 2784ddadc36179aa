import { stringifyJson } from '../../kernel/json.ts'
import type { TokenRule } from '../../plan/token-rules.ts'
import type { Advisor, Case } from './case.ts'
import { advisePolicy, rulesOf } from './policy-advice.ts'

/** What to do about a refusal by the rules and policies of a workload, where that is not as for every other. */
export const MESH_ADVISORS: ReadonlyMap<string, Advisor> = new Map<string, Advisor>([
  ['issuer-unknown', adviseIssuer],
  ['audience-mismatch', adviseAudience],
  ['signature-mismatch', adviseKey],
  ['kid-unknown', adviseKey],
  ['no-keys', adviseKey],
  ['several-tokens', () => ['send one token: every one that a rule finds has to be good']],
  ['policy-denies', advisePolicy],
  ['policy-allows-nothing', advisePolicy],
  ['external-denied', () => ['ask the service that the policy names why it has said no']],
  ['external-failed', () => ['see whether the service that the policy names runs, and answers in time']],
])

function originOf({ spec }: TokenRule): string {
  return `(${spec.origin.file}:${spec.origin.line})`
}

function adviseIssuer(the: Case): readonly string[] {
  const issuer = the.token?.claims?.['iss']
  const configured = rulesOf(the).map((rule) => `\`${rule.spec.issuer ?? ''}\` ${originOf(rule)}`)
  if (issuer === undefined) return ['the token has no `iss`, and the rules are for issuers by name']
  return [
    `the token says ${stringifyJson(issuer)}, and the rules are for ${configured.slice(0, 4).join(', ')}: the two have to be equal to the letter`,
    'a token that no rule knows is refused even where no policy asks for one; send none there, or add a rule',
  ]
}

function adviseAudience(the: Case): readonly string[] {
  const [rule] = rulesOf(the).filter(({ spec }) => spec.audiences.length > 0)
  const wanted = rule?.spec.audiences.map((audience) => `\`${audience}\``).join(' or ') ?? ''
  const says = the.token?.claims?.['aud']
  const where = rule === undefined ? '' : ` ${originOf(rule)}`
  return [
    `the token is for ${says === undefined ? 'no audience by name' : stringifyJson(says)}, and the rule wants ${wanted}${where}`,
  ]
}

function adviseKey(the: Case): readonly string[] {
  const issuer = the.token?.claims?.['iss']
  const rule = rulesOf(the).find(({ spec }) => spec.issuer === issuer) ?? rulesOf(the)[0]
  if (rule === undefined) return []
  return [
    `no key of \`${rule.spec.name}\` ${originOf(rule)} has signed the token: has the issuer a new key? Otherwise the token was changed, or is of another environment`,
  ]
}
