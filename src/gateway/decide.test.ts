import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  authenticationSpec,
  bearer,
  decisionOn,
  guardSpec,
  hmacIssuer,
  NOW_SECONDS,
  planOf,
  routeSpec,
  valuesOf,
} from '../../test/support/decision.ts'
import type { Plan } from '../plan/plan.ts'
import type { AuthenticationSpec } from '../plan/spec.ts'
import { Trace } from '../policy/index.ts'

const issuer = hmacIssuer()

function plan(more: Partial<AuthenticationSpec> = {}): Plan {
  return planOf({
    authentications: [authenticationSpec('main', { keys: issuer.keys, ...more })],
    routes: [routeSpec({ guards: [guardSpec('main')] })],
  })
}

test('a request with a good token is forwarded with a permit of its principal', () => {
  const decision = decisionOn(plan(), { headers: bearer(issuer.token()) })
  assert.ok(decision.outcome === 'forward')
  assert.equal(decision.permit.principal?.claims['sub'], 'user')
  assert.equal(decision.permit.route.spec.name, 'route')
  assert.deepEqual(valuesOf(decision.upstream.headers, 'x-request-id'), ['request-1'])
})

test('a refusal has the words of the authentication that refused, and the route', () => {
  const decision = decisionOn(plan({ refusals: 'function-compute' }), {})
  assert.ok(decision.outcome === 'refuse')
  assert.deepEqual(
    [decision.refusal.code, decision.style, decision.route?.spec.name],
    ['GW_TOKEN_MISSING', 'function-compute', 'route'],
  )
})

test('a claim that cannot be carried refuses in the words of its authentication', () => {
  const of = plan({
    refusals: 'function-compute',
    forward: [{ claim: ['name'], in: 'header', name: 'X-Name' }],
  })
  const decision = decisionOn(of, { headers: bearer(issuer.token({ name: 'a\r\nX-Admin: 1' })) })
  assert.ok(decision.outcome === 'refuse')
  assert.deepEqual([decision.refusal.reason, decision.style], ['claim-not-forwardable', 'function-compute'])
})

test('the same request is decided by the time it is given', () => {
  const headers = bearer(issuer.token({ exp: NOW_SECONDS + 10, nbf: NOW_SECONDS - 10 }))
  const at = (seconds: number): string => {
    const decision = decisionOn(plan(), { headers }, seconds)
    return decision.outcome === 'refuse' ? decision.refusal.reason : 'forward'
  }
  assert.deepEqual(
    [-11, -10, 0, 9, 10].map((apart) => at(NOW_SECONDS + apart)),
    ['not-yet-valid', 'forward', 'forward', 'forward', 'expired'],
  )
})

test('deciding changes nothing: the same request has the same decision again', () => {
  const of = plan({ forward: [{ claim: ['sub'], in: 'header', name: 'X-User' }] })
  const request = { headers: [...bearer(issuer.token()), 'X-User', 'mallory', 'Cookie', 'a=1'] }
  const [first, second] = [decisionOn(of, request), decisionOn(of, request)]
  assert.ok(first.outcome === 'forward' && second.outcome === 'forward')
  assert.deepEqual(first.upstream, second.upstream)
  assert.equal(request.headers.includes('mallory'), true)
})

test('the steps of a decision end where the request does', () => {
  const forwarded = new Trace(false)
  decisionOn(plan(), { headers: bearer(issuer.token()) }, NOW_SECONDS, forwarded)
  assert.deepEqual(forwarded.steps.at(-1), {
    stage: 'backend',
    outcome: 'passed',
    message: 'forwarded to backend `backend`',
    subject: 'backend',
  })
  const refused = new Trace(false)
  decisionOn(plan(), {}, NOW_SECONDS, refused)
  assert.equal(refused.steps.at(-1)?.outcome, 'failed')
})
