import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  authenticationSpec,
  guardSpec,
  hmacIssuer,
  planSpec,
  routeSpec,
} from '../../test/support/decision.ts'
import { buildPlan } from './build.ts'
import type { Plan, Route } from './plan.ts'
import type { ClaimMapping, PlanSpec } from './spec.ts'

const forward = (...mappings: readonly (readonly [ClaimMapping['in'], string])[]): readonly ClaimMapping[] =>
  mappings.map(([place, name]) => ({ claim: ['sub'], in: place, name }))

function routeAt(plan: Plan, path: string): Route {
  const match = plan.routes.match('a.test', path, 'GET')
  assert.equal(match.kind, 'route')
  return match.kind === 'route' ? match : assert.fail()
}

const SPEC: PlanSpec = planSpec({
  authentications: [
    authenticationSpec('own', { forward: forward(['header', 'X_User'], ['cookie', 'uid']) }),
    authenticationSpec('global', { forward: forward(['header', 'X-Tenant'], ['query', 'Tenant.Id']) }),
    authenticationSpec('elsewhere', { forward: forward(['header', 'X-Else'], ['form', 'else']) }),
  ],
  guards: [guardSpec('global', { mode: 'whitelist', conditions: [{ host: '*', path: '/open' }] })],
  routes: [
    routeSpec({ name: 'guarded', path: '/guarded', guards: [guardSpec('own', { mode: 'optional' })] }),
    routeSpec({ name: 'open', path: '/open' }),
    routeSpec({ name: 'other', path: '/other' }),
    routeSpec({ name: 'form', path: '/form', backend: 'another', guards: [guardSpec('elsewhere')] }),
  ],
})

test('the reserved names of a route are those of all guards before its backend, whatever their mode', () => {
  const plan = buildPlan(SPEC)
  assert.deepEqual(routeAt(plan, '/guarded').reserved, {
    header: new Set(['x-user', 'x-tenant']),
    query: new Set(['tenant-id']),
    form: new Set(),
    cookie: new Set(['uid']),
  })
  assert.deepEqual(routeAt(plan, '/form').reserved.form, new Set(['else']))
  assert.deepEqual(routeAt(plan, '/form').reserved.header, new Set(['x-else', 'x-tenant']))
})

test('an open route reserves what a guarded one forwards to the same backend', () => {
  const plan = buildPlan(SPEC)
  const { reserved } = routeAt(plan, '/open')
  assert.deepEqual(reserved.header, new Set(['x-user', 'x-tenant']))
  assert.deepEqual(reserved.form, new Set(), 'of another backend')
  assert.equal(reserved, routeAt(plan, '/other').reserved, 'shared among all of them')
})

test('the plan keeps its data, and keys are indexed once for each authentication', () => {
  const issuer = hmacIssuer({ kid: 'k' })
  const spec = planSpec({
    authentications: [authenticationSpec('a', { keys: issuer.keys })],
    guards: [guardSpec('a', { mode: 'all' }, 'global')],
    routes: [routeSpec({ guards: [guardSpec('a', { mode: 'all' }, 'own')] })],
    http: { ...planSpec().http, maxTokenBytes: 777, trustedPeers: ['10.0.0.0/8'] },
  })
  const plan = buildPlan(spec)
  assert.equal(plan.spec, spec)
  assert.equal(plan.tokenLimits.maxTokenBytes, 777)
  assert.ok(plan.trustedPeers.has('10.1.2.3'))
  assert.ok(!plan.trustedPeers.has('192.0.2.1'))
  const { authentications, rules } = routeAt(plan, '/').guards.cover('a.test', '/')
  assert.deepEqual([authentications.length, rules], [1, 2])
  assert.equal(authentications[0]?.keys.current.byKid.get('k')?.length, 1)
})

test('a guard of an authentication that is not there is a bug', () => {
  const own = planSpec({ routes: [routeSpec({ guards: [guardSpec('nobody')] })] })
  assert.throws(() => buildPlan(own), /names no authentication/)
  assert.throws(() => buildPlan(planSpec({ guards: [guardSpec('nobody')] })), /names no authentication/)
})

test('a condition that no request could match is a bug, for configuration refuses it', () => {
  const guards = [guardSpec('a', { mode: 'blacklist', conditions: [{ host: '*', path: 'admin' }] })]
  assert.throws(() => buildPlan(planSpec({ authentications: [authenticationSpec('a')], guards })))
})
