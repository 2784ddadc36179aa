import type { Step, Trace } from '../policy/index.ts'
import type { TokenRule } from '../plan/token-rules.ts'
import type { Bearer } from './bearer.ts'
import { reasonDetail, REASONS, type TokenRejection } from './reasons.ts'
import { traceKeySources } from './trace-keys.ts'

export function traceRule(trace: Trace, { rule, key }: Bearer): void {
  trace.push({
    stage: 'claims',
    outcome: 'passed',
    message: `the token meets \`${rule.spec.name}\`; ${key.label} has signed it`,
    ...about(rule),
  })
}

export function traceRuleFailure(trace: Trace, rule: TokenRule, { reason, member }: TokenRejection): void {
  trace.push({
    stage: REASONS[reason].stage,
    outcome: 'failed',
    message: reason === 'issuer-unknown' ? ofAnother(rule) : reasonDetail(reason, member),
    ...about(rule),
  })
  if (REASONS[reason].stage === 'key' && reason !== 'issuer-unknown') traceKeySources(trace, rule.keys)
}

function ofAnother({ spec }: TokenRule): string {
  return `the token is of another issuer than \`${spec.issuer ?? ''}\``
}

function about({ spec }: TokenRule): Pick<Step, 'subject' | 'origin'> {
  return { subject: spec.name, origin: `${spec.origin.file}:${spec.origin.line}` }
}
