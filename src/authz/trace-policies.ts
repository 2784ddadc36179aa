import type { ExternalAuthorizerSpec } from '../plan/checkpoint-spec.ts'
import type { Checkpoint } from '../plan/checkpoint.ts'
import type { Step, Trace } from '../policy/index.ts'
import {
  explainPolicies,
  nearestRule,
  type Facts,
  type RuleExplanation,
  type RuleReference,
  type TestSpec,
  type Verdict,
} from '../policy/istio/index.ts'
import type { ExternalAnswer } from './external.ts'
import { placeOf, ruleName } from './policy-refusal.ts'

/** One step for what decided, one for each policy without a say that matches, and what was missing where little was. */
export function tracePolicies(trace: Trace, checkpoint: Checkpoint, facts: Facts, verdict: Verdict): void {
  const { policies } = checkpoint
  if (policies.specs.length === 0) return
  const rules = explainPolicies(policies, facts)
  for (const rule of rules) traceObserved(trace, rule)
  if (verdict.by !== undefined) traceDecided(trace, verdict, checkpoint, rules)
  else if (verdict.allowed)
    trace.push({
      stage: 'policy',
      outcome: 'passed',
      message: `no DENY rule of ${placeOf(checkpoint)} matches, and there is no ALLOW policy that would have to`,
    })
  else traceNothingAllowed(trace, checkpoint, rules)
}

function traceDecided(
  trace: Trace,
  { allowed, by }: Verdict,
  checkpoint: Checkpoint,
  rules: readonly RuleExplanation[],
): void {
  if (by === undefined) return
  const explained = rules.find(({ policy, index }) => policy === by.policy && index === by.rule)
  const met =
    explained === undefined || explained.met.length === 0
      ? 'it has no conditions'
      : explained.met.map(testText).join(', ')
  trace.push({
    stage: 'policy',
    outcome: allowed ? 'passed' : 'failed',
    message: `${ruleName(by)} matches at ${placeOf(checkpoint)}: ${met}`,
    ...about(by),
  })
}

function traceNothingAllowed(trace: Trace, checkpoint: Checkpoint, rules: readonly RuleExplanation[]): void {
  trace.push({
    stage: 'policy',
    outcome: 'failed',
    message: `no rule of an ALLOW policy of ${placeOf(checkpoint)} matches, and one has to where there is such a policy`,
  })
  const nearest = nearestRule(rules)
  if (nearest === undefined) return
  const reference = { policy: nearest.policy, rule: nearest.index }
  trace.push({
    stage: 'policy',
    outcome: 'noted',
    message: `${ruleName(reference)} comes nearest; it does not match because of ${nearest.missing.map(testText).join(', ')}`,
    ...about(reference),
  })
}

/** An AUDIT policy, or one that is tried out. */
function traceObserved(trace: Trace, { policy, index, matches }: RuleExplanation): void {
  const { action, dryRun } = policy
  if (!matches || action === 'custom' || (action !== 'audit' && !dryRun)) return
  const reference = { policy, rule: index }
  const would =
    action === 'audit' ? 'it only tells' : `tried out, it would ${action === 'deny' ? 'deny' : 'allow'}`
  trace.push({
    stage: 'policy',
    outcome: 'noted',
    message: `${ruleName(reference)} matches: ${would}`,
    ...about(reference),
  })
}

export function traceCustom(
  trace: Trace,
  rule: RuleReference,
  { name, url }: ExternalAuthorizerSpec,
  answer: ExternalAnswer,
): void {
  const said = answer.allowed
    ? answer.assumed
      ? 'is asked; it is taken for granted here that it allows the request'
      : 'allows it'
    : answer.reason === 'external-denied'
      ? 'denies it'
      : 'gave no answer'
  trace.push({
    stage: 'policy',
    outcome: answer.allowed ? (answer.assumed ? 'noted' : 'passed') : 'failed',
    message: `${ruleName(rule)} matches: \`${name}\` (${url}) ${said}`,
    ...about(rule),
  })
}

function about({ policy, rule }: RuleReference): Pick<Step, 'subject' | 'origin'> {
  const { file, line } = policy.rules[rule]?.origin ?? policy.origin
  return { subject: policy.name, origin: `${file}:${line}` }
}

/** Enough values to see a mistake. */
const SHOWN_VALUES = 6

/** A test as it is written, with the line: the values are those of the configuration. */
function testText({ field, values, origin }: TestSpec): string {
  const more = values.length > SHOWN_VALUES ? ', …' : ''
  return `\`${field}: [${values.slice(0, SHOWN_VALUES).join(', ')}${more}]\` (line ${origin.line})`
}
