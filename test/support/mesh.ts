import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatProblems, readConfiguration } from '../../src/config/index.ts'
import { errorResponse, type ErrorResponse } from '../../src/gateway/respond.ts'
import { buildPlan } from '../../src/plan/build.ts'
import type { Plan } from '../../src/plan/plan.ts'
import {
  bearer,
  decisionOn,
  hmacIssuer,
  NOW_SECONDS,
  requestOf,
  type TestIssuer,
  type TestRequest,
} from './decision.ts'

/** The issuer of every mesh here. */
export const ISSUER = 'https://issuer.example'
export const meshIssuer: TestIssuer = hmacIssuer()

/** A token of this issuer; a claim that is undefined is left out. */
export function meshToken(claims: Readonly<Record<string, unknown>> = {}): string {
  return meshIssuer.token({ iss: ISSUER, ...claims })
}

export interface MeshOptions {
  readonly workload?: string
  readonly gatewayWorkload?: string
  /** What a native configuration says beside, which then imports the documents. */
  readonly native?: string
}

/** The plan of some resources; throws where they have errors. */
export async function meshPlan(documents: readonly string[], options: MeshOptions = {}): Promise<Plan> {
  const mesh = documents.join('\n---\n')
  const { native, ...entry } = options
  const { configuration, problems } = await readConfiguration(
    native === undefined
      ? { file: 'mesh.yaml', backends: ['http://127.0.0.1:9000'], ...entry }
      : { file: 'claimgate.yaml' },
    { readFile: (path) => Promise.resolve(path === 'mesh.yaml' ? mesh : (native ?? '')) },
  )
  assert.ok(configuration !== undefined, formatProblems(problems))
  return buildPlan(configuration.plan)
}

/** A RequestAuthentication at the gateway; `fields` are those of its one rule, beside issuer and keys. */
export function authentication(fields = '', name = 'jwt', issuer = ISSUER, keys = meshIssuer): string {
  const jwks = JSON.stringify({ keys: [keys.signer.jwk] })
  return `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: ${name}, namespace: istio-system }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  jwtRules:
    - issuer: ${JSON.stringify(issuer)}
      jwks: '${jwks}'
${fields.replaceAll(/^/gm, '      ')}`
}

/** An AuthorizationPolicy at the gateway; `rules` is YAML. */
export function policy(action: string, rules: string, name = 'policy'): string {
  return `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${name}, namespace: istio-system }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  action: ${action}
  rules: ${rules}`
}

/** What the client gets: `200` where the request goes on to the backend, or the status and text of the refusal. */
export function answerTo(plan: Plan, request: TestRequest, nowSeconds = NOW_SECONDS): string {
  const response = refusalOf(plan, request, nowSeconds)
  return response === undefined ? '200' : `${response.status} ${response.body}`
}

/** The answer to a refused request; undefined where it goes on. */
export function refusalOf(
  plan: Plan,
  request: TestRequest,
  nowSeconds = NOW_SECONDS,
): ErrorResponse | undefined {
  const decision = decisionOn(plan, request, nowSeconds)
  if (decision.outcome === 'forward') return undefined
  const { refusal, style, headers } = decision
  return errorResponse({ refusal, style, headers, requestId: 'request-1', request: requestOf(request) })
}

export const DENIED = '403 RBAC: access denied'

/** What a request is like, the request, and whether the rule matches it. */
export type MatchCase = readonly [what: string, request: TestRequest, matches: boolean]

/**
 * A rule and the requests that it matches or not. Each is asked twice: a matching ALLOW policy lets in, and a matching
 * DENY policy keeps out.
 */
export function ruleTable(
  title: string,
  rule: string,
  cases: readonly MatchCase[],
  options?: MeshOptions,
): void {
  test(`${title}: ${rule}`, async () => {
    const allow = await meshPlan([authentication(), policy('ALLOW', `[${rule}]`)], options)
    const deny = await meshPlan([authentication(), policy('DENY', `[${rule}]`)], options)
    for (const [what, request, matches] of cases) {
      assert.equal(answerTo(allow, request), matches ? '200' : DENIED, `ALLOW, ${what}`)
      assert.equal(answerTo(deny, request), matches ? DENIED : '200', `DENY, ${what}`)
    }
  })
}

/** A request with a token of these claims. */
export function withClaims(
  claims: Readonly<Record<string, unknown>>,
  request: TestRequest = {},
): TestRequest {
  return { ...request, headers: [...bearer(meshToken(claims)), ...(request.headers ?? [])] }
}

/** A request to this path. */
export function toPath(target: string): TestRequest {
  return { target }
}
