import type { Checkpoint } from '../../plan/checkpoint.ts'
import type { TokenRule } from '../../plan/token-rules.ts'
import type { Case } from './case.ts'
import { howToSend, placeOf, strayTokens } from './located-text.ts'

/** What to do about a policy's refusal, by what its rule asks for that was not there. */
export function advisePolicy(the: Case): readonly string[] {
  const last = the.explanation.steps.findLast(({ stage }) => stage === 'policy')?.message ?? ''
  if (/`(?:not)?[hH]osts:/.test(last) && /:\d+$/.test(the.request.authority))
    return [
      `hosts are compared with their port, and the request is for \`${the.request.authority}\`: write \`["example.com", "example.com:*"]\``,
    ]
  const ofCertificate = ASKS_FOR_CERTIFICATE.test(last) ? adviseCertificate(the) : []
  if (ofCertificate.length > 0) return ofCertificate
  return /equestPrincipals|request\.auth\./.test(last) ? adviseToken(the, last) : []
}

/** The rules for tokens on the way of a request. */
export function rulesOf(the: Case): readonly TokenRule[] {
  return the.route?.checkpoints.flatMap(({ tokenRules }) => tokenRules) ?? []
}

const ASKS_FOR_CERTIFICATE =
  /`(?:principals|namespaces|serviceAccounts|trustDomains|not(?:Principals|Namespaces|ServiceAccounts|TrustDomains)|(?:values|notValues) of source\.(?!ip)[a-zA-Z]+):/

/** A policy that asks who the client's certificate is for, and nobody who has shown one. */
function adviseCertificate(the: Case): readonly string[] {
  const backend = checkpoints(the).find(({ spec }) => spec.backend !== undefined)
  if (isAtBackend(the))
    return backend?.behind?.connection.principal === undefined
      ? ['requests come to a backend from the gateway: say who that is as `mesh.gateway.principal`']
      : [
          `requests come to a backend from the gateway, which is \`${backend.behind.connection.principal}\` there`,
        ]
  return the.request.peer.local?.clientPrincipal === undefined
    ? [
        'the policy asks for a client certificate: `--principal` says whose, such as cluster.local/ns/foo/sa/sleep',
      ]
    : []
}

/** A policy that asks for a token. */
function adviseToken(the: Case, message: string): readonly string[] {
  if (isAtBackend(the) && the.authentications.some(({ spec }) => !spec.keepToken))
    return [
      'the gateway takes the token off that its own rules have verified, before the backend sees it: write `keepToken: true` at the authentication',
    ]
  const isNobody = !the.explanation.steps.some(
    ({ stage, outcome }) => stage === 'claims' && outcome === 'passed',
  )
  if (isNobody) return adviseNobody(the)
  if (/equestPrincipals: \[\*\]/.test(message) && typeof the.token?.claims?.['sub'] !== 'string')
    return [
      'the token has no `sub`, and `requestPrincipals: ["*"]` asks for one: match its issuer or a claim instead',
    ]
  return isLostAtGateway(the)
    ? [
        'the gateway takes the token off before the backend sees it: write `forwardOriginalToken: true` at the gateway',
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
  if (rulesOf(the).length === 0)
    return ['no RequestAuthentication is for this workload, so that nobody has a principal here']
  const ways = [...new Set(locations.map(howToSend))].slice(0, 4).join(', or as ')
  const [stray] = strayTokens(request, body)
  return [
    stray === undefined
      ? `the policy asks for a token: send it as ${ways}`
      : `a token stands in ${placeOf(stray.location)}, where no rule looks: send it as ${ways}`,
  ]
}

function checkpoints({ route }: Case): readonly Checkpoint[] {
  return route?.checkpoints ?? []
}
