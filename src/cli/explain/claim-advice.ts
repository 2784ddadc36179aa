import { stringifyJson, type JsonValue } from '../../kernel/json.ts'
import type { AuthenticationSpec } from '../../plan/spec.ts'
import type { Advisor, Case } from './case.ts'
import { signedBy } from './signed-by.ts'
import { isMilliseconds, isoTime } from './when.ts'

const IN_MILLISECONDS =
  'the time is written in milliseconds: the issuer must write seconds since 1970 (RFC 7519 §2)'

export const adviseExpired: Advisor = ({ token, nowMs }) => {
  const exp = token?.claims?.['exp']
  const iat = token?.claims?.['iat']
  const advice = ['get a new token from the issuer']
  if (isMilliseconds(iat)) advice.push(IN_MILLISECONDS)
  const before = typeof exp === 'number' ? isoTime(exp - 1) : undefined
  if (before !== undefined) advice.push(`\`--at ${before}\` shows whether it was accepted in time`)
  // A token that is refused as soon as it is made is one of another clock.
  if (typeof exp === 'number' && nowMs / 1000 - exp < CLOCK_DOUBT_SECONDS)
    advice.push(
      'if it was made a moment ago, compare the clocks of issuer and gateway, and its lifetime with what clients need',
    )
  return advice
}

/** Clocks that differ more than five minutes are noticed by everybody. */
const CLOCK_DOUBT_SECONDS = 300

export const adviseNotYet: Advisor = (the) => adviseFutureTime(the, 'nbf')
export const adviseFuture: Advisor = (the) => adviseFutureTime(the, 'iat')

function adviseFutureTime({ token }: Case, claim: 'nbf' | 'iat'): readonly string[] {
  const value = token?.claims?.[claim]
  if (isMilliseconds(value)) return [IN_MILLISECONDS]
  const from = isoTime(value)
  return [
    ...(from === undefined
      ? []
      : [`the token is accepted from ${from} on; \`--at ${from}\` shows what happens then`]),
    'if it should be accepted now, compare the clocks of issuer and gateway, or raise `clockSkew`',
  ]
}

export const adviseNoExp: Advisor = ({ authentications }) => [
  'ask the issuer for tokens with `exp`',
  `\`requireExp: false\` lets tokens without it in, which never expire${origin(authentications[0]?.spec)}`,
]

export const adviseClaimType: Advisor = ({ token }) => {
  const times = ['exp', 'nbf', 'iat'].filter((name) => typeof token?.claims?.[name] === 'string')
  return times.length === 0
    ? ['the issuer must write the claim as RFC 7519 §4.1 has it']
    : [`the issuer must write \`${times[0] ?? ''}\` as a number, without quotes`]
}

/** The token is of an issuer that nothing here that speaks for the request is for. */
export const adviseIssuer: Advisor = (the) => {
  const { token, authentications, plan, route } = the
  const issuer = token?.claims?.['iss']
  const specs = authentications.map(({ spec }) => spec)
  if (typeof issuer !== 'string') {
    return [
      `the token has no \`iss\`: ask the issuer to write it, or leave \`issuer\` out of \`${specs[0]?.name ?? ''}\`${origin(specs[0])}`,
    ]
  }
  for (const spec of specs) {
    const difference = smallDifference(issuer, spec.rules.issuer)
    if (difference !== undefined)
      return [
        `${difference} differs: write \`issuer\` exactly as the token has it${origin(spec)}`,
        ...adviseSigned(the),
      ]
  }
  const other = plan.spec.authentications.find(({ rules }) => rules.issuer === issuer)
  if (other !== undefined) {
    return [
      `\`${other.name}\`${origin(other)} is for this issuer, and does not speak for this request: name it in \`auth\` of \`${route?.spec.name ?? ''}\` if its tokens are to be let in here`,
    ]
  }
  return [
    'get the token from the configured issuer',
    'if this issuer is to be let in, add an authentication with its `issuer` and its own keys; a token of somebody else is refused on purpose',
    ...adviseSigned(the),
  ]
}

/** Whether the name alone is another, or the keys are too. */
function adviseSigned({ token, plan }: Case): readonly string[] {
  const signatory = token === undefined ? undefined : signedBy(token.text, plan)
  return [
    signatory === undefined
      ? 'no key of this configuration has signed the token, so that the issuer is not all that differs'
      : `the token is signed by ${signatory.key.label} of \`${signatory.authentication.name}\`, so that only the name of the issuer differs`,
  ]
}

/** What two issuers differ in where it is little enough to be a slip; undefined where it is more. */
function smallDifference(a: string, b: string | undefined): string | undefined {
  if (b === undefined) return undefined
  const bare = (text: string): string => text.replace(/\/$/, '')
  if (bare(a) === bare(b)) return 'only the `/` at the end'
  if (a.toLowerCase() === b.toLowerCase()) return 'only the case of letters'
  if (a.trim() === b.trim()) return 'only white space at the ends'
  const unschemed = (text: string): string => bare(text.replace(/^https?:\/\//, ''))
  return unschemed(a) === unschemed(b) ? 'only `http://` or `https://` at the beginning' : undefined
}

export const adviseSubject: Advisor = (the) => {
  const spec = failing(the, ({ rules }) => rules.subject !== undefined)
  if (spec !== undefined && spec.rules.subject === spec.rules.issuer) {
    return [
      `the configured subject is the text of the issuer, as the product has it for an empty \`Sub\`: write the subject that is meant${origin(spec)}`,
    ]
  }
  return [
    `the token is somebody else's: get one of the configured subject, or change \`subject\`${origin(spec)}`,
  ]
}

export const adviseAudience: Advisor = (the) => {
  const spec = failing(the, ({ rules }) => rules.audiences.length > 0)
  const wanted = spec?.rules.audiences.map((audience) => `\`${audience}\``).join(' or ') ?? ''
  const audience: JsonValue | undefined = the.token?.claims?.['aud']
  if (audience === undefined)
    return [`the token names no audience: ask the issuer for one that is made for ${wanted}`]
  return [
    `the token is made for another service: ask the issuer for one for ${wanted}`,
    `if tokens for ${stringifyJson(audience)} are to be let in here, add it to \`audiences\`${origin(spec)}`,
  ]
}

/** The authentication that the token's issuer led to. */
function failing(
  { authentications, token }: Case,
  asks: (spec: AuthenticationSpec) => boolean,
): AuthenticationSpec | undefined {
  const specs = authentications.map(({ spec }) => spec).filter(asks)
  return specs.find(({ rules }) => rules.issuer === token?.claims?.['iss']) ?? specs[0]
}

function origin(spec: AuthenticationSpec | undefined): string {
  return spec === undefined ? '' : ` (${spec.origin.file}:${spec.origin.line})`
}
