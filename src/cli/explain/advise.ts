import type { JwtReason } from '../../jwt/index.ts'
import type { Advisor, Case } from './case.ts'
import {
  adviseAudience,
  adviseClaimType,
  adviseExpired,
  adviseFuture,
  adviseIssuer,
  adviseNotYet,
  adviseNoExp,
  adviseSubject,
} from './claim-advice.ts'
import {
  adviseAlgorithm,
  adviseKey,
  adviseNoKeys,
  adviseSignature,
  adviseUnavailable,
  adviseUnsigned,
} from './key-advice.ts'
import { adviseMissing, advisePrefix, adviseSeveral } from './missing-advice.ts'
import { textsAt } from './located-text.ts'
import { adviseHost, adviseMethod, advisePath } from './route-advice.ts'
import { MESH_ADVISORS } from './mesh-advice.ts'
import { adviseShape } from './shape-advice.ts'

type Reason =
  | JwtReason
  | 'token-missing'
  | 'prefix-mismatch'
  | 'several-tokens'
  | 'issuer-unknown'
  | 'keys-unavailable'
  | 'no-route-for-host'
  | 'no-route-for-path'
  | 'method-not-routed'

/** A new reason for refusing a token does not compile until somebody has thought of what to tell its holder. */
const ADVISORS: Readonly<Record<Reason, Advisor>> = {
  'no-route-for-host': adviseHost,
  'no-route-for-path': advisePath,
  'method-not-routed': adviseMethod,
  'token-missing': adviseMissing,
  'prefix-mismatch': advisePrefix,
  'several-tokens': adviseSeveral,
  'token-too-large': adviseShape,
  'not-three-parts': adviseShape,
  'header-base64': adviseShape,
  'header-json': adviseShape,
  'header-too-large': adviseShape,
  'payload-base64': adviseShape,
  'payload-json': adviseShape,
  'signature-base64': adviseShape,
  'alg-missing': adviseAlgorithm,
  'alg-none': adviseUnsigned,
  'alg-unsupported': adviseAlgorithm,
  'crit-unsupported': () => ['ask the issuer for tokens without `crit` in their header'],
  'b64-unsupported': () => ['ask the issuer for tokens without `b64` in their header'],
  'kid-not-text': () => ['ask the issuer to write `kid` as text'],
  'issuer-unknown': adviseIssuer,
  'keys-unavailable': adviseUnavailable,
  'no-keys': adviseNoKeys,
  'kid-unknown': adviseKey,
  'kid-missing': adviseKey,
  'alg-not-of-key': adviseKey,
  'signature-length': adviseUnsigned,
  'signature-mismatch': adviseSignature,
  'claim-type': adviseClaimType,
  'claim-range': adviseClaimType,
  expired: adviseExpired,
  'exp-missing': adviseNoExp,
  'not-yet-valid': adviseNotYet,
  'issued-in-the-future': adviseFuture,
  'issuer-mismatch': adviseIssuer,
  'issuer-missing': adviseIssuer,
  'subject-mismatch': adviseSubject,
  'audience-mismatch': adviseAudience,
}

const BY_REASON: ReadonlyMap<string, Advisor> = new Map(Object.entries(ADVISORS))

/** What the person who asks should do, or should know where nothing has to be done. */
export function advise(the: Case): readonly string[] {
  const { outcome, reason = '' } = the.explanation
  if (outcome === 'forward') return adviseForwarded(the)
  const byRules = the.authentications.length === 0 && (the.route?.checkpoints.length ?? 0) > 0
  const advisor = byRules ? MESH_ADVISORS.get(reason) : undefined
  // Policies have the same say where a guard has let the token in.
  return (advisor ?? BY_REASON.get(reason) ?? MESH_ADVISORS.get(reason))?.(the) ?? []
}

/** A token that nobody looked at is a surprise, as its claims do not arrive. */
function adviseForwarded({ cover, route, request, form }: Case): readonly string[] {
  if (cover === undefined || cover.rules > 0 || route === undefined) return []
  const unasked = [...route.guards.own.guards, ...route.guards.global.guards]
  const locations = unasked.flatMap(({ authentication }) => authentication.spec.locations)
  if (!locations.some((location) => textsAt(location, request, form).length > 0)) return []
  return [
    'the request carries a token where none is needed: it is not looked at, and no claims are forwarded; `mode: optional` forwards the claims of a valid one',
  ]
}
