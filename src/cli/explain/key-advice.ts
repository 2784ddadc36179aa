import { shownUrl } from '../../keys/index.ts'
import type { Authentication } from '../../plan/plan.ts'
import type { Advisor, Case } from './case.ts'
import { signedBy } from './signed-by.ts'

/** No key of the kid or algorithm that the token names. */
export const adviseKey: Advisor = (the) => {
  const asked = tried(the)
  if (asked === undefined) return []
  const signatory = knownSignatory(the, asked)
  if (signatory !== undefined) return signatory
  const hasSecret = asked.keys.current.keys.some((key) => key.type === 'oct')
  if (isHmac(the) && !hasSecret) {
    return [
      `the token is signed with a shared secret, and \`${nameOf(asked)}\` has public keys alone: it is of another issuer, or a forgery`,
    ]
  }
  const { keySources } = asked.spec
  if (keySources.length > 0) {
    const urls = keySources.map(({ url }) => `\`${shownUrl(url)}\``).join(' or ')
    return [
      `the keys at ${urls} have not signed the token: has the issuer published the key that it signs with (\`claimgate keys list\` shows which are there)`,
      'otherwise the token is of another issuer or environment (test, production): get one from the right one',
    ]
  }
  return [
    'no key of this configuration has signed the token: has the issuer a new key? Then put its present key set into ' +
      keysOf(asked),
    'otherwise the token is of another issuer or environment (test, production): get one from the right one',
  ]
}

/** The key that the token names has not signed it. */
export const adviseSignature: Advisor = (the) => {
  const asked = tried(the)
  if (asked === undefined) return []
  const signatory = knownSignatory(the, asked)
  if (signatory !== undefined) return signatory
  const advice = [
    `get a new token from the issuer: this one was changed, or forged, or is signed with another key; if new ones fail too, the key in ${keysOf(asked)} is not the issuer's`,
  ]
  if (isHmac(the))
    advice.push(
      '`k` of the key set is the secret in base64url: is the secret itself written there, or plain base64',
    )
  return advice
}

function isHmac({ token }: Case): boolean {
  const alg = token?.header?.['alg']
  return typeof alg === 'string' && alg.startsWith('HS')
}

export const adviseNoKeys: Advisor = (the) => {
  const asked = tried(the)
  return asked === undefined ? [] : [`put the issuer's key set into ${keysOf(asked)}`]
}

/** Nobody can say whether the token is good. */
export const adviseUnavailable: Advisor = () => [
  'mend what keeps the keys from being fetched, told above; the token itself may be good. A gateway that runs may have better keys: those that it fetched before',
]

export const adviseUnsigned: Advisor = () => [
  'nobody vouches for a token without a whole signature: ask the issuer to sign it, or copy it anew',
]

export const adviseAlgorithm: Advisor = ({ token }) => {
  const alg = token?.header?.['alg']
  const what = typeof alg === 'string' ? `\`${alg.slice(0, 40)}\` is none of them: ` : ''
  return [`${what}ask the issuer to sign with RS, PS, ES or HS with 256, 384 or 512, or with EdDSA`]
}

/** A key of the plan that has signed the token, though it is not the one that the token led to. */
function knownSignatory({ token, plan, route }: Case, asked: Authentication): readonly string[] | undefined {
  const signatory = token === undefined ? undefined : signedBy(token.text, plan)
  if (signatory === undefined) return undefined
  const { key, authentication } = signatory
  const by = `the token is signed by ${key.label} of \`${authentication.name}\``
  const { file, line } = authentication.origin
  if (authentication.name !== nameOf(asked)) {
    return [
      `${by} (${file}:${line}), which does not speak for this request: is the token meant for another route, or \`${authentication.name}\` for \`${route?.spec.name ?? ''}\` too`,
    ]
  }
  const kid = token?.header?.['kid']
  return typeof kid === 'string' && kid !== ''
    ? [`${by}: give that key the \`kid\` that the token names (${file}:${line})`]
    : [
        `${by}: have the issuer write the \`kid\` into its tokens, or leave it out of the key (${file}:${line})`,
      ]
}

/** Whose keys were tried: the authentication of the token's issuer, or the first. */
function tried({ token, authentications }: Case): Authentication | undefined {
  const issuer = token?.claims?.['iss']
  return authentications.find(({ spec }) => spec.rules.issuer === issuer) ?? authentications[0]
}

function nameOf(authentication: Authentication): string {
  return authentication.spec.name
}

function keysOf(authentication: Authentication): string {
  const { file, line } = authentication.spec.origin
  return `the keys of \`${nameOf(authentication)}\` (${file}:${line})`
}
