import { matchAttribute, type FactsMatch } from './attributes.ts'
import type { Facts } from './facts.ts'
import type { GroupSpec, PolicyRuleSpec, PolicySpec, TestSpec } from './spec.ts'

/** What the policies of one workload say of a request. One object for each rule, made beforehand: a request makes none. */
export type Verdict =
  /** No DENY rule matches, and there is no ALLOW policy. */
  | { readonly allowed: true; readonly by: undefined }
  /** A rule of an ALLOW policy matches, and none of a DENY policy. */
  | { readonly allowed: true; readonly by: RuleReference }
  /** A rule of a DENY policy matches. */
  | { readonly allowed: false; readonly by: RuleReference }
  /** There are ALLOW policies, and no rule of theirs matches. */
  | { readonly allowed: false; readonly by: undefined }

/** One rule of one policy, counted from 0. */
export interface RuleReference {
  readonly policy: PolicySpec
  readonly rule: number
}

/** What was only to be told of: an AUDIT policy that matches, or one that is tried out and would have decided. */
export interface Observation extends RuleReference {
  readonly would: 'audit' | 'deny' | 'allow'
}

/**
 * The policies of one workload, in Istio's order: CUSTOM, then DENY, then ALLOW; AUDIT has no say. All of one action
 * are joined by OR, and none has priority, so that their order is that of their names and nothing hangs on it.
 */
export class PolicySet {
  readonly specs: readonly PolicySpec[]
  readonly #custom: readonly CompiledPolicy[]
  readonly #deny: readonly CompiledPolicy[]
  readonly #allow: readonly CompiledPolicy[]
  /** Policies that are tried out, and those that only tell. */
  readonly #observed: readonly CompiledPolicy[]

  constructor(specs: readonly PolicySpec[]) {
    this.specs = specs.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    const compiled = this.specs.map((spec) => compilePolicy(spec))
    const enforced = (action: PolicySpec['action']): readonly CompiledPolicy[] =>
      compiled.filter(({ spec }) => spec.action === action && !isObserved(spec))
    this.#custom = enforced('custom')
    this.#deny = enforced('deny')
    this.#allow = enforced('allow')
    this.#observed = compiled.filter(({ spec }) => isObserved(spec))
  }

  /** Whether there is a CUSTOM policy. */
  get asks(): boolean {
    return this.#custom.length > 0
  }

  /** The CUSTOM rule whose provider must let the request in; undefined where none matches. */
  custom(facts: Facts): RuleReference | undefined {
    return firstMatch(this.#custom, facts)?.reference
  }

  decide(facts: Facts): Verdict {
    const denied = firstMatch(this.#deny, facts)
    if (denied !== undefined) return denied.verdict
    if (this.#allow.length === 0) return NOTHING_AGAINST
    return firstMatch(this.#allow, facts)?.verdict ?? NOTHING_FOR
  }

  /** The policies without a say that match. */
  observe(facts: Facts): readonly Observation[] {
    if (this.#observed.length === 0) return NOTHING_OBSERVED
    return this.#observed.flatMap((policy): readonly Observation[] => {
      const rule = policy.rules.find(({ matches }) => matches(facts))
      const { action } = policy.spec
      if (rule === undefined || action === 'custom') return NOTHING_OBSERVED
      return [{ ...rule.reference, would: action }]
    })
  }
}

const NOTHING_AGAINST: Verdict = { allowed: true, by: undefined }
const NOTHING_FOR: Verdict = { allowed: false, by: undefined }
const NOTHING_OBSERVED: readonly Observation[] = []

/** As in Istio, CUSTOM cannot be tried out: its provider is asked, and heard. */
function isObserved({ action, dryRun }: PolicySpec): boolean {
  return action === 'audit' || (dryRun && action !== 'custom')
}

interface CompiledPolicy {
  readonly spec: PolicySpec
  readonly rules: readonly CompiledRule[]
}

interface CompiledRule {
  readonly matches: FactsMatch
  readonly reference: RuleReference
  readonly verdict: Verdict
}

function compilePolicy(spec: PolicySpec): CompiledPolicy {
  const rules = spec.rules.map((rule, index): CompiledRule => {
    const reference = { policy: spec, rule: index }
    return {
      matches: compileRule(rule),
      reference,
      verdict: { allowed: spec.action !== 'deny', by: reference },
    }
  })
  return { spec, rules }
}

/** The first rule that matches; a loop, because every request of the workload runs it. */
function firstMatch(policies: readonly CompiledPolicy[], facts: Facts): CompiledRule | undefined {
  for (const { rules } of policies) {
    for (const rule of rules) if (rule.matches(facts)) return rule
  }
  return undefined
}

function compileRule({ groups }: PolicyRuleSpec): FactsMatch {
  return all(groups.map((group) => compileGroup(group)))
}

function compileGroup({ alternatives }: GroupSpec): FactsMatch {
  const matches = alternatives.map((tests) => all(tests.map((test) => compileTest(test))))
  const [only, ...more] = matches
  if (only !== undefined && more.length === 0) return only
  return (facts) => {
    for (const match of matches) if (match(facts)) return true
    return false
  }
}

/** One field of a rule, as every request is tested by it. */
export function compileTest({ attribute, values, negated }: TestSpec): FactsMatch {
  const match = matchAttribute(attribute, values)
  return negated ? (facts) => !match(facts) : match
}

function all(matches: readonly FactsMatch[]): FactsMatch {
  const [only, ...more] = matches
  if (only !== undefined && more.length === 0) return only
  return (facts) => {
    for (const match of matches) if (!match(facts)) return false
    return true
  }
}
