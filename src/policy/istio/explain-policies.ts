import type { Facts } from './facts.ts'
import { compileTest, type PolicySet } from './policy-set.ts'
import type { GroupSpec, PolicyRuleSpec, PolicySpec, TestSpec } from './spec.ts'

/** One rule against one request, for people. */
export interface RuleExplanation {
  readonly policy: PolicySpec
  /** From 0. */
  readonly index: number
  readonly rule: PolicyRuleSpec
  readonly matches: boolean
  /** The tests that hold; of a group with alternatives those of the one that matches. */
  readonly met: readonly TestSpec[]
  /** What would have to hold too; of a group with alternatives the one that comes nearest. Empty where it matches. */
  readonly missing: readonly TestSpec[]
}

/** All rules of a workload against one request, by the very tests that decide, in the order in which they have a say. */
export function explainPolicies(policies: PolicySet, facts: Facts): readonly RuleExplanation[] {
  const inOrder = policies.specs.toSorted((a, b) => ORDER[a.action] - ORDER[b.action])
  return inOrder.flatMap((policy) =>
    policy.rules.map((rule, index) => ({ policy, index, rule, ...explainRule(rule, facts) })),
  )
}

const ORDER: Readonly<Record<PolicySpec['action'], number>> = { custom: 0, audit: 1, deny: 2, allow: 3 }

/**
 * Of the ALLOW rules that do not match, the one that comes nearest: the fewest tests are missing, and of those the most
 * hold. That is the one that a person wants to hear of.
 */
export function nearestRule(rules: readonly RuleExplanation[]): RuleExplanation | undefined {
  const near = rules.filter(({ policy, matches }) => policy.action === 'allow' && !matches && !policy.dryRun)
  return near.toSorted((a, b) => a.missing.length - b.missing.length || b.met.length - a.met.length)[0]
}

function explainRule(
  { groups }: PolicyRuleSpec,
  facts: Facts,
): Pick<RuleExplanation, 'matches' | 'met' | 'missing'> {
  const met: TestSpec[] = []
  const missing: TestSpec[] = []
  for (const group of groups) {
    const nearest = explainGroup(group, facts)
    met.push(...nearest.met)
    missing.push(...nearest.missing)
  }
  return { matches: missing.length === 0, met, missing }
}

function explainGroup({ alternatives }: GroupSpec, facts: Facts): Tested {
  const tested = alternatives.map((tests) => testAll(tests, facts))
  const [nearest] = tested.toSorted((a, b) => a.missing.length - b.missing.length)
  return nearest ?? { met: [], missing: [] }
}

interface Tested {
  readonly met: readonly TestSpec[]
  readonly missing: readonly TestSpec[]
}

function testAll(tests: readonly TestSpec[], facts: Facts): Tested {
  const { true: met = [], false: missing = [] } = Object.groupBy(tests, (test) =>
    compileTest(test)(facts) ? 'true' : 'false',
  )
  return { met, missing }
}
