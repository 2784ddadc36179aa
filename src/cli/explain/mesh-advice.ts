import { stringifyJson } from '../../kernel/json.ts'
import type { Checkpoint } from '../../plan/checkpoint.ts'
import type { TokenRule } from '../../plan/token-rules.ts'
import type { Advisor, Case } from './case.ts'
import { howToSend, placeOf, strayTokens } from './located-text.ts'

/** What to do about a refusal by the rules and policies of a workload, where that is not as for every other. */
export const MESH_ADVISORS: ReadonlyMap<string, Advisor> = new Map<string, Advisor>([
  ['issuer-unknown', adviseIssuer],
  ['audience-mismatch', adviseAudience],
  ['signature-mismatch', adviseKey],
  ['kid-unknown', adviseKey],
  ['no-keys', adviseKey],
  ['several-tokens', () => ['send one token: every one that a rule finds has to be good']],
  ['policy-denies', advisePolicy],
  ['policy-allows-nothing', advisePolicy],
  ['external-denied', () => ['ask the service that the policy names why it has said no']],
  ['external-failed', () => ['see whether the service that the policy names runs, and answers in time']],
])

function checkpoints({ route }: Case): readonly Checkpoint[] {
  return route?.checkpoints ?? []
}

function rules(the: Case): readonly TokenRule[] {
  return checkpoints(the).flatMap(({ tokenRules }) => tokenRules)
}

function originOf({ spec }: TokenRule): string {
  return `(${spec.origin.file}:${spec.origin.line})`
}

function adviseIssuer(the: Case): readonly string[] {
  const issuer = the.token?.claims?.['iss']
  const configured = rules(the).map((rule) => `\`${rule.spec.issuer ?? ''}\` ${originOf(rule)}`)
  if (issuer === undefined) return ['the token has no `iss`, and the rules are for issuers by name']
  return [
    `the token says ${stringifyJson(issuer)}, and the rules are for ${configured.slice(0, 4).join(', ')}: the two have to be equal to the letter`,
    'a token that no rule knows is refused even where no policy asks for one; send none there, or add a rule',
  ]
}

function adviseAudience(the: Case): readonly string[] {
  const [rule] = rules(the).filter(({ spec }) => spec.audiences.length > 0)
  const wanted = rule?.spec.audiences.map((audience) => `\`${audience}\``).join(' or ') ?? ''
  const says = the.token?.claims?.['aud']
  const where = rule === undefined ? '' : ` ${originOf(rule)}`
  return [
    `the token is for ${says === undefined ? 'no audience by name' : stringifyJson(says)}, and the rule wants ${wanted}${where}`,
  ]
}

function adviseKey(the: Case): readonly string[] {
  const issuer = the.token?.claims?.['iss']
  const rule = rules(the).find(({ spec }) => spec.issuer === issuer) ?? rules(the)[0]
  if (rule === undefined) return []
  return [
    `no key of \`${rule.spec.name}\` ${originOf(rule)} has signed the token: has the issuer a new key? Otherwise the token was changed, or is of another environment`,
  ]
}

/** A policy that asks for a token, and nobody whose token was seen. */
function advisePolicy(the: Case): readonly string[] {
  const steps = the.explanation.steps
  const isNobody = !steps.some(({ stage, outcome }) => stage === 'claims' && outcome === 'passed')
  const last = steps.findLast(({ stage }) => stage === 'policy')?.message ?? ''
  if (/`(?:not)?[hH]osts:/.test(last) && /:\d+$/.test(the.request.authority))
    return [
      `hosts are compared with their port, and the request is for \`${the.request.authority}\`: write \`["example.com", "example.com:*"]\``,
    ]
  const ofCertificate = ASKS_FOR_CERTIFICATE.test(last) ? adviseCertificate(the) : []
  if (ofCertificate.length > 0) return ofCertificate
  const asksForToken = /equestPrincipals|request\.auth\./.test(last)
  if (!asksForToken) return []
  if (isNobody) return adviseNobody(the)
  const claims = the.token?.claims
  if (/equestPrincipals: \[\*\]/.test(last) && typeof claims?.['sub'] !== 'string')
    return [
      'the token has no `sub`, and `requestPrincipals: ["*"]` asks for one: match its issuer or a claim instead',
    ]
  if (isLostAtGateway(the))
    return [
      'the gateway takes the token off before the backend sees it: write `forwardOriginalToken: true` at the gateway',
    ]
  return []
}

const ASKS_FOR_CERTIFICATE =
  /`(?:principals|namespaces|serviceAccounts|trustDomains|not(?:Principals|Namespaces|ServiceAccounts|TrustDomains)|(?:values|notValues) of source\.(?!ip)[a-zA-Z]+):/

/** A policy that asks who the client's certificate is for, and nobody who has shown one. */
function adviseCertificate(the: Case): readonly string[] {
  const backend = checkpoints(the).find(({ spec }) => spec.backend !== undefined)
  if (isAtBackend(the))
    return backend?.connection?.principal === undefined
      ? ['requests come to a backend from the gateway: say who that is as `mesh.gateway.principal`']
      : [`requests come to a backend from the gateway, which is \`${backend.connection.principal}\` there`]
  return the.request.peer.local?.clientPrincipal === undefined
    ? [
        'the policy asks for a client certificate: `--principal` says whose, such as cluster.local/ns/foo/sa/sleep',
      ]
    : []
}

/** A rule of the gateway let the token in, and the policy that kept it out is the backend's. */
function isLostAtGateway(the: Case): boolean {
  const [first, second] = checkpoints(the)
  return (
    isAtBackend(the) && second !== undefined && (first?.tokenRules ?? []).some(({ spec }) => !spec.keepToken)
  )
}

function isAtBackend({ explanation }: Case): boolean {
  return explanation.detail?.includes('the backend') === true
}

function adviseNobody(the: Case): readonly string[] {
  const { locations, request, body } = the
  if (rules(the).length === 0)
    return ['no RequestAuthentication is for this workload, so that nobody has a principal here']
  const ways = [...new Set(locations.map(howToSend))].slice(0, 4).join(', or as ')
  const [stray] = strayTokens(request, body)
  return [
    stray === undefined
      ? `the policy asks for a token: send it as ${ways}`
      : `a token stands in ${placeOf(stray.location)}, where no rule looks: send it as ${ways}`,
  ]
}
