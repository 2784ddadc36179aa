import { catalogEntry } from '../errors/catalog.ts'
import type { Refusal } from '../errors/refusal.ts'
import type { AuthenticationReason, TurnReason } from '../authn/index.ts'

/** What Envoy tells a client. */
export interface EnvoyWords {
  readonly status: number
  readonly text: string
  /** Whether a token was refused, so that the answer has a challenge. */
  readonly challenge: boolean
}

/** The words of a refusal: those of the token's fault, of a policy, or for all else the catalogue's. */
export function envoyWords({ code, reason, member }: Refusal): EnvoyWords {
  if (code === 'GW_POLICY_DENIED') return { status: 403, text: 'RBAC: access denied', challenge: false }
  const text = JWT_TEXTS.get(reason)
  if (text === undefined) {
    const { status, title } = catalogEntry(code)
    return { status, text: title, challenge: false }
  }
  return {
    status: reason === 'audience-mismatch' ? 403 : 401,
    text: member === undefined ? text : (MEMBER_TEXTS.get(`${reason} ${member}`) ?? text),
    challenge: true,
  }
}

const BAD_FORMAT = 'Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections'
const FAILS = 'Jwt verification fails'

/** Envoy's status texts (jwt_verify_lib, status.cc). What Envoy does not refuse fails to verify; it has no word for one that is not looked at. */
const TEXTS: Readonly<Record<Exclude<AuthenticationReason, TurnReason>, string>> = {
  'token-missing': 'Jwt is missing',
  'prefix-mismatch': BAD_FORMAT,
  'several-tokens': 'Found multiple Jwt tokens',
  'token-too-large': BAD_FORMAT,
  'not-three-parts': BAD_FORMAT,
  'header-base64': 'Jwt header is an invalid Base64url encoded',
  'header-json': 'Jwt header is an invalid JSON',
  'header-too-large': 'Jwt header is an invalid JSON',
  'payload-base64': 'Jwt payload is an invalid Base64url encoded',
  'payload-json': 'Jwt payload is an invalid JSON',
  'signature-base64': 'Jwt signature is an invalid Base64url encoded',
  'alg-missing': 'Jwt header [alg] field is required and must be a string',
  'alg-none': 'Jwt header [alg] is not supported',
  'alg-unsupported': 'Jwt header [alg] is not supported',
  'crit-unsupported': FAILS,
  'b64-unsupported': FAILS,
  'kid-not-text': 'Jwt header [kid] field is not a string',
  'issuer-unknown': 'Jwt issuer is not configured',
  'issuer-mismatch': 'Jwt issuer is not configured',
  'issuer-missing': 'Jwt issuer is not configured',
  'keys-unavailable': 'Jwks remote fetch is failed',
  'keys-asked-too-often': "Jwks doesn't have key to match kid or alg from Jwt",
  'no-keys': FAILS,
  'kid-unknown': "Jwks doesn't have key to match kid or alg from Jwt",
  'kid-missing': "Jwks doesn't have key to match kid or alg from Jwt",
  'alg-not-of-key': "Jwks doesn't have key to match kid or alg from Jwt",
  'signature-length': FAILS,
  'signature-mismatch': FAILS,
  'claim-type': 'Jwt payload is an invalid JSON',
  'claim-range': 'Jwt payload is an invalid JSON',
  expired: 'Jwt is expired',
  'exp-missing': 'Jwt is expired',
  'not-yet-valid': 'Jwt not yet valid',
  'issued-in-the-future': 'Jwt not yet valid',
  'subject-mismatch': FAILS,
  'audience-mismatch': 'Audiences in Jwt are not allowed',
  'claim-not-forwardable': FAILS,
}

const JWT_TEXTS: ReadonlyMap<string, string> = new Map(Object.entries(TEXTS))

/** By reason and claim. */
const MEMBER_TEXTS: ReadonlyMap<string, string> = new Map([
  ...['iss', 'sub', 'jti'].map(
    (name) => [`claim-type ${name}`, `Jwt payload [${name}] field is not a string`] as const,
  ),
  ...['iat', 'nbf', 'exp'].flatMap(
    (name) =>
      [
        [`claim-type ${name}`, `Jwt payload [${name}] field is not an integer`],
        [`claim-range ${name}`, `Jwt payload [${name}] field is not a positive 64 bit integer`],
      ] as const,
  ),
  ['claim-type aud', 'Jwt payload [aud] field is not a string or string list'],
])
