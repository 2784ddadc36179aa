import { fromPortableKey, toPortableKey, type PortableKey, type VerificationKey } from '../jwt/index.ts'
import type { CheckpointSpec, CheckpointsSpec, TokenRuleSpec } from '../plan/checkpoint-spec.ts'
import type { AuthenticationSpec, PlanSpec } from '../plan/spec.ts'
import type { Configuration } from './configuration.ts'

/**
 * A configuration as plain data, for the structured clone between two processes. SECRET: it holds the secrets of HMAC
 * keys and the private keys of certificates, and is never printed or logged.
 */
export interface PortableConfiguration extends Omit<Configuration, 'plan'> {
  readonly plan: Omit<PlanSpec, 'authentications' | 'checkpoints'> & {
    readonly authentications: readonly Portable<AuthenticationSpec>[]
    readonly checkpoints: PortableCheckpoints | undefined
  }
}

type Portable<T> = Omit<T, 'keys'> & { readonly keys: readonly PortableKey[] }
type PortableCheckpoint = Omit<CheckpointSpec, 'tokenRules'> & {
  readonly tokenRules: readonly Portable<TokenRuleSpec>[]
}
type PortableCheckpoints = Omit<CheckpointsSpec, 'places'> & {
  readonly places: readonly PortableCheckpoint[]
}

/** Everything in a configuration is data already but the keys. */
export function toPortable({ plan, ...rest }: Configuration): PortableConfiguration {
  const authentications = plan.authentications.map((each) => withKeys(each, toPortableKey))
  const checkpoints = plan.checkpoints && {
    ...plan.checkpoints,
    places: plan.checkpoints.places.map((place) => ({
      ...place,
      tokenRules: place.tokenRules.map((rule) => withKeys(rule, toPortableKey)),
    })),
  }
  return { ...rest, plan: { ...plan, authentications, checkpoints } }
}

export function fromPortable({ plan, ...rest }: PortableConfiguration): Configuration {
  const authentications = plan.authentications.map((each) => withKeys(each, fromPortableKey))
  const checkpoints = plan.checkpoints && {
    ...plan.checkpoints,
    places: plan.checkpoints.places.map((place) => ({
      ...place,
      tokenRules: place.tokenRules.map((rule) => withKeys(rule, fromPortableKey)),
    })),
  }
  return { ...rest, plan: { ...plan, authentications, checkpoints } }
}

function withKeys<T extends { readonly keys: readonly K[] }, K extends VerificationKey | PortableKey, L>(
  owner: T,
  convert: (key: K) => L,
): Omit<T, 'keys'> & { readonly keys: readonly L[] } {
  return { ...owner, keys: owner.keys.map(convert) }
}
