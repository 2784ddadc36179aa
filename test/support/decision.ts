import { CHECKS_AT_ONCE, TokenCache, Turnstile } from '../../src/authn/index.ts'
import type { ExternalChecks } from '../../src/authz/index.ts'
import type { Configuration } from '../../src/config/index.ts'
import { decide, type Decision, type Forwarded } from '../../src/gateway/decide.ts'
import { examine } from '../../src/gateway/examine.ts'
import { formOf } from '../../src/gateway/read-form.ts'
import type { InboundRequest } from '../../src/inbound/request.ts'
import { readKeySet, type VerificationKey } from '../../src/jwt/index.ts'
import type { JsonValue } from '../../src/kernel/json.ts'
import { buildPlan } from '../../src/plan/build.ts'
import type { Plan } from '../../src/plan/plan.ts'
import type {
  AuthenticationSpec,
  GuardSpec,
  PlanSpec,
  RequirementSpec,
  RouteSpec,
} from '../../src/plan/spec.ts'
import type { Trace } from '../../src/policy/index.ts'
import { claimRules, createSigner, mint, type Signer, type SignerOptions } from './signer.ts'

/** The time of every decision here, in seconds. */
export const NOW_SECONDS = 1_800_000_000

const ORIGIN = { file: 'test', line: 1 }

/** The keys of a JWKS; throws where any of them cannot be used. */
export function keysOf(...jwks: readonly JsonValue[]): readonly VerificationKey[] {
  const { keys, problems } = readKeySet({ keys: jwks })
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('; '))
  return keys
}

/** Somebody who signs with HS256, which is fast, and the authentication that takes their tokens. */
export interface TestIssuer {
  readonly signer: Signer
  readonly keys: readonly VerificationKey[]
  /** A token that lives for an hour; a claim that is undefined is left out. */
  token(claims?: Readonly<Record<string, unknown>>): string
}

export function hmacIssuer(options: SignerOptions = {}): TestIssuer {
  const signer = createSigner('HS256', options)
  return {
    signer,
    keys: keysOf(signer.jwk),
    token: (claims = {}) => mint(signer, { sub: 'user', exp: NOW_SECONDS + 3600, ...claims }),
  }
}

/** An authentication that asks for nothing but a signature, by a Bearer token in Authorization. */
export function authenticationSpec(
  name: string,
  more: Partial<Omit<AuthenticationSpec, 'name'>> = {},
): AuthenticationSpec {
  return {
    name,
    origin: ORIGIN,
    keys: [],
    keySources: [],
    rules: claimRules(),
    locations: [{ in: 'header', name: 'Authorization', prefix: 'Bearer ' }],
    forward: [],
    keepToken: false,
    refusals: 'problem',
    ...more,
  }
}

export function guardSpec(
  authentication: string,
  requirement: RequirementSpec = { mode: 'all' },
  name = authentication,
): GuardSpec {
  return { name, origin: ORIGIN, authentication, requirement }
}

/** A route for everything to the backend `backend`. */
export function routeSpec(more: Partial<RouteSpec> = {}): RouteSpec {
  return {
    name: 'route',
    origin: ORIGIN,
    hosts: ['*'],
    path: '/*',
    methods: undefined,
    backend: 'backend',
    guards: [],
    pathRewrites: [],
    refusals: 'problem',
    ...more,
  }
}

export function planSpec(more: Partial<PlanSpec> = {}): PlanSpec {
  return {
    http: {
      mergeSlashes: true,
      encodedSlashes: 'refuse',
      pathNormalization: undefined,
      trustedPeers: [],
      maxTokenBytes: 16_384,
      maxFormBytes: 65_536,
    },
    backends: [],
    authentications: [],
    guards: [],
    routes: [routeSpec()],
    checkpoints: undefined,
    ...more,
  }
}

export function planOf(more: Partial<PlanSpec> | Configuration): Plan {
  return buildPlan('plan' in more ? more.plan : planSpec(more))
}

export interface TestRequest extends Partial<Omit<InboundRequest, 'headers'>> {
  /** Names and values in turn, after Host. */
  readonly headers?: readonly string[]
  readonly body?: string | Buffer
}

export function requestOf(request: TestRequest = {}): InboundRequest {
  const { authority = 'api.example.com', method = 'GET', target = '/', httpVersion = '1.1' } = request
  return {
    method,
    target,
    authority,
    headers: ['Host', authority, ...(request.headers ?? [])],
    repeated: request.repeated ?? false,
    httpVersion,
    peer: request.peer ?? { address: '192.0.2.1', tls: false },
  }
}

/** Names and values of a request that carries this token in Authorization. */
export function bearer(token: string): readonly string[] {
  return ['Authorization', `Bearer ${token}`]
}

/** Nobody outside is asked: all of them would say yes. */
const NOBODY_ASKED: ExternalChecks = { ask: () => ({ allowed: true, fields: [], assumed: true }) }

/** What becomes of a request: examined, its form read, decided. */
export function decisionOn(
  plan: Plan,
  request: TestRequest,
  nowSeconds = NOW_SECONDS,
  trace?: Trace,
): Decision {
  const examined = examine(plan, requestOf(request), trace)
  if (!examined.ok) return examined.error
  const { form: type } = examined.value
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.from(request.body ?? '')
  const form =
    type === undefined
      ? undefined
      : formOf(examined.value.request.method, type, body, plan.spec.http.maxFormBytes)
  if (form?.ok === false) throw new Error(form.error.reason)
  const decision = decide(
    examined.value,
    form?.value,
    {
      nowMs: nowSeconds * 1000,
      requestId: 'request-1',
      tokens: new TokenCache(),
      signatures: CHECKS_AT_ONCE,
      turnstile: new Turnstile({ now: () => nowSeconds * 1000 }),
      awaited: undefined,
      external: NOBODY_ASKED,
    },
    trace,
  )
  if (decision.outcome === 'wait') throw new Error(`a decision waited for ${decision.wait.what}`)
  return decision
}

/** `open` where a request passes without a token, the name of the authentication that let it in, or the reason against it. */
export function verdictOn(plan: Plan, request: TestRequest, nowSeconds = NOW_SECONDS): string {
  const decision = decisionOn(plan, request, nowSeconds)
  if (decision.outcome === 'refuse') return decision.refusal.reason
  return decision.permit.principal?.authentication.spec.name ?? 'open'
}

/** What the backend gets; throws where the request is refused. */
export function forwardedOf(plan: Plan, request: TestRequest): Forwarded['upstream'] {
  const decision = decisionOn(plan, request)
  if (decision.outcome === 'refuse') throw new Error(`refused: ${decision.refusal.reason}`)
  return decision.upstream
}

/** The values of one header of names and values in turn. */
export function valuesOf(headers: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]!.toLowerCase() === name.toLowerCase()) values.push(headers[i + 1]!)
  }
  return values
}
