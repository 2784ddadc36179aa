import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  authenticationSpec,
  guardSpec,
  hmacIssuer,
  planOf,
  requestOf,
  routeSpec,
} from '../../test/support/decision.ts'
import { Fault } from '../errors/fault.ts'
import type { Authentication, Route } from '../plan/plan.ts'
import { CHECKS_AT_ONCE, TokenCache, Turnstile, type Principal } from '../authn/index.ts'
import { coverOf, type Cover } from '../plan/cover.ts'
import { authorize } from './authorize.ts'
import type { Permit } from './permit.ts'

const issuer = hmacIssuer()

function routeOf(): Route {
  const plan = planOf({
    authentications: [
      authenticationSpec('a', { keys: issuer.keys }),
      authenticationSpec('b', { keys: issuer.keys }),
    ],
    routes: [routeSpec({ guards: [guardSpec('a'), guardSpec('b')] })],
  })
  const match = plan.routes.match('a.test', '/', 'GET')
  return match.kind === 'route' ? match : assert.fail()
}

/** Nobody outside is asked here. */
const CIRCUMSTANCES = {
  nowMs: 0,
  tokens: new TokenCache(),
  signatures: CHECKS_AT_ONCE,
  turnstile: new Turnstile({ now: () => 0 }),
  awaited: undefined,
  external: { ask: () => assert.fail() },
  requestId: 'request-1',
}

function permitOf(route: Route, cover: Cover, who: Principal | undefined): Permit {
  const applicant = { plan: planOf({}), request: requestOf(), path: '/', query: undefined, route, cover }
  const authorized = authorize(applicant, who, CIRCUMSTANCES, () => assert.fail(), undefined)
  return authorized.ok ? authorized.value : assert.fail()
}

function principal(authentication: Authentication): Principal {
  const [location] = authentication.spec.locations
  const [key] = issuer.keys
  assert.ok(location !== undefined && key !== undefined)
  return { authentication, location, claims: {}, key, repeated: false }
}

const route = routeOf()
const [a, b] = route.guards.cover('a.test', '/').authentications
assert.ok(a !== undefined && b !== undefined)

test('who was let in by an authentication that covers the request gets a permit', () => {
  const who = principal(a)
  const permit = permitOf(route, coverOf(true, [a, b]), who)
  assert.equal(permit.route, route)
  assert.equal(permit.principal, who)
})

test('a request that needs no token gets a permit without anybody', () => {
  assert.equal(permitOf(route, coverOf(false, []), undefined).principal, undefined)
  assert.equal(permitOf(route, coverOf(false, [a]), undefined).principal, undefined)
})

test('a request that needs a token and has none is a bug, and throws', () => {
  assert.throws(() => permitOf(route, coverOf(true, [a]), undefined), Fault)
})

test('a principal of an authentication that does not cover the request is a bug, and throws', () => {
  assert.throws(() => permitOf(route, coverOf(true, [a]), principal(b)), Fault)
})
