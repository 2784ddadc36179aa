import { checkSignature, parseToken, type VerificationKey } from '../../jwt/index.ts'
import type { Plan } from '../../plan/plan.ts'
import type { AuthenticationSpec } from '../../plan/spec.ts'

/** A key of the plan, and whose it is. */
export interface Signatory {
  readonly key: VerificationKey
  readonly authentication: AuthenticationSpec
}

/** As many signatures as a person at a terminal waits for without noticing. */
const MAX_TRIED = 200

/** The key of the plan that the token is signed by, whatever kid it names; undefined where it is by none of them. */
export function signedBy(text: string, { authentications, tokenLimits }: Plan): Signatory | undefined {
  const token = parseToken(text, tokenLimits)
  if (!token.ok) return undefined
  const { alg } = token.value.header
  return [...authentications.values()]
    .flatMap(({ spec, keys }) => keys.current.keys.map((key) => ({ key, authentication: spec })))
    .filter(({ key }) => key.algorithms.includes(alg))
    .slice(0, MAX_TRIED)
    .find(({ key }) => checkSignature(key, token.value) === undefined)
}
