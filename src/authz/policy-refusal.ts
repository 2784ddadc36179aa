import { refuse } from '../errors/refusal.ts'
import type { Checkpoint } from '../plan/checkpoint.ts'
import type { RuleReference, Verdict } from '../policy/istio/index.ts'
import type { AuthenticationRefusal } from '../authn/index.ts'
import type { ExternalAnswer } from './external.ts'
import type { CheckpointRefusal } from './pass-checkpoints.ts'

/** A policy's no. Whoever asks learns only that; which policy it was is for the log. */
export function deniedBy({ by }: Verdict, checkpoint: Checkpoint): AuthenticationRefusal {
  const detail =
    by === undefined
      ? `no rule of an ALLOW policy of ${placeOf(checkpoint)} matches`
      : `${ruleName(by)} denies it at ${placeOf(checkpoint)}`
  const reason = by === undefined ? 'policy-allows-nothing' : 'policy-denies'
  const refusal = refuse('GW_POLICY_DENIED', reason, {
    detail,
    ...(by === undefined ? {} : { by: by.policy.name }),
  })
  return { refusal, style: 'envoy', late: false }
}

export function externallyDenied(
  rule: RuleReference,
  { reason, response }: ExternalAnswer & { readonly allowed: false },
): CheckpointRefusal {
  const provider = rule.policy.provider ?? ''
  const detail =
    reason === 'external-denied'
      ? `the external authorizer \`${provider}\` denies it`
      : `the external authorizer \`${provider}\` gave no answer`
  const refusal = refuse('GW_POLICY_DENIED', reason, { by: rule.policy.name, detail })
  return { refusal, style: 'envoy', late: false, response, observations: [] }
}

/** Rules are counted from 1 for people. */
export function ruleName({ policy, rule }: RuleReference): string {
  return `rule ${rule + 1} of \`${policy.name}\` (${policy.action.toUpperCase()})`
}

export function placeOf({ spec }: Checkpoint): string {
  return spec.backend === undefined ? 'the gateway' : `the backend \`${spec.backend}\``
}
