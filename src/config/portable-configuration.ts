import { fromPortableKey, toPortableKey, type PortableKey } from '../jwt/index.ts'
import type { AuthenticationSpec, PlanSpec } from '../plan/spec.ts'
import type { Configuration } from './configuration.ts'

/**
 * A configuration as plain data, for the structured clone between two processes. SECRET: it holds the secrets of HMAC
 * keys and the private keys of certificates, and is never printed or logged.
 */
export interface PortableConfiguration extends Omit<Configuration, 'plan'> {
  readonly plan: Omit<PlanSpec, 'authentications'> & {
    readonly authentications: readonly PortableAuthentication[]
  }
}

type PortableAuthentication = Omit<AuthenticationSpec, 'keys'> & { readonly keys: readonly PortableKey[] }

/** Everything in a configuration is data already but the keys. */
export function toPortable({ plan, ...rest }: Configuration): PortableConfiguration {
  const authentications = plan.authentications.map((each) => ({
    ...each,
    keys: each.keys.map(toPortableKey),
  }))
  return { ...rest, plan: { ...plan, authentications } }
}

export function fromPortable({ plan, ...rest }: PortableConfiguration): Configuration {
  const authentications = plan.authentications.map((each) => ({
    ...each,
    keys: each.keys.map(fromPortableKey),
  }))
  return { ...rest, plan: { ...plan, authentications } }
}
