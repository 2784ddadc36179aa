import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ConditionSpec, GuardSpec, RequirementSpec, RouteSpec } from '../../src/plan/spec.ts'
import {
  authenticationSpec,
  bearer,
  decisionOn,
  guardSpec,
  hmacIssuer,
  planOf,
  routeSpec,
} from '../support/decision.ts'

/**
 * Which of many routes has a request, and what is then asked of it, once more: routes and rules read one after another,
 * hosts and paths compared as text. What the gateway decides must be what this says.
 */

const ISSUERS = [hmacIssuer(), hmacIssuer()] as const
const SPECS = ISSUERS.map(({ keys }, i) => authenticationSpec(`auth-${i}`, { keys }))
const TOKENS = [undefined, 'garbage', ...ISSUERS.map((issuer) => issuer.token())] as const

const HOSTS = ['*', 'a.test', '*.a.test', '*.x.a.test', '*.test', 'b.test']
const ASKED_HOSTS = ['a.test', 'A.test:80', 'x.a.test', 'y.x.a.test', 'xa.test', 'b.test.', 'c.example']
const METHODS = ['GET', 'POST', 'DELETE'] as const

/** Some of them in two spellings: what is no more than a spelling is no way past a rule. */
const PARTS = ['/', '/', 'a', 'b', 'ab', '$', '%24', '@', '%40', '%C3%A9', '%25', '%2A', '%3B', '~', ':']
const stem = fc
  .array(fc.constantFrom(...PARTS), { maxLength: 6 })
  .map((parts) => `/${parts.join('')}`.replace(/\/{2,}/g, '/'))
const pattern = fc.oneof(
  stem,
  stem.map((path) => `${path}*`),
  fc.constantFrom('/*', '/a/*', '/a*'),
)
/** Spelled as a client might: unreserved characters and digits of escapes are those that mean nothing. */
const asked = stem.chain((path) =>
  fc.constantFrom(path, path.replaceAll('a', '%61'), path.toLowerCase(), path.replaceAll('/', '//')),
)

const condition = fc.record({ host: fc.constantFrom(...HOSTS), path: pattern })
const conditions = fc.array(condition, { minLength: 1, maxLength: 5 })
const requirement: fc.Arbitrary<RequirementSpec> = fc.oneof(
  fc.record({ mode: fc.constantFrom('all' as const, 'optional' as const) }),
  fc.record({ mode: fc.constantFrom('whitelist' as const, 'blacklist' as const), conditions }),
)
const guards = fc
  .array(fc.tuple(fc.nat(1), requirement), { maxLength: 2 })
  .map((list) => list.map(([place, one], i) => guardSpec(`auth-${place}`, one, `guard-${i}`)))
const routes = fc
  .array(
    fc.record({
      hosts: fc.uniqueArray(fc.constantFrom(...HOSTS), { minLength: 1, maxLength: 3 }),
      path: pattern,
      methods: fc.oneof(
        fc.constant(undefined),
        fc.uniqueArray(fc.constantFrom(...METHODS), { minLength: 1, maxLength: 2 }),
      ),
      guards,
    }),
    { maxLength: 12 },
  )
  .map((list) => list.map((one, i) => routeSpec({ ...one, name: `route-${i}` })))

interface Asked {
  readonly host: string
  readonly path: string
  readonly method: string
  readonly token: string | undefined
}

const request = fc.record({
  host: fc.constantFrom(...ASKED_HOSTS),
  path: asked,
  method: fc.constantFrom(...METHODS),
  token: fc.constantFrom(...TOKENS),
})

/** How well a host pattern fits: 0 for not at all, the more the closer. */
function hostFit(host: string, text: string): number {
  if (host === '*') return 1
  if (host.startsWith('*.')) return text.endsWith(host.slice(1)) ? host.length : 0
  return host === text ? 1000 : 0
}

function pathFit(path: string, text: string): number {
  const own = decodeURIComponent(path.endsWith('*') ? path.slice(0, -1) : path)
  if (path.endsWith('*')) return text.startsWith(own) ? own.length : 0
  return own === text ? 1000 : 0
}

/** Those of the best fit, if any fits. */
function best<T>(list: readonly T[], fit: (each: T) => number): readonly T[] {
  const most = Math.max(0, ...list.map(fit))
  return most === 0 ? [] : list.filter((each) => fit(each) === most)
}

function naiveVerdicts(
  all: readonly RouteSpec[],
  rules: readonly GuardSpec[],
  sent: Asked,
): readonly string[] {
  const host = sent.host.toLowerCase().replace(/\.?(?::\d+)?$/, '')
  const path = decodeURIComponent(sent.path).replace(/\/{2,}/g, '/')
  const pairs = all.flatMap((route) => route.hosts.map((each) => ({ route, host: each })))
  const ofHost = best(pairs, (each) => hostFit(each.host, host))
  const ofPath = best(ofHost, (each) => pathFit(each.route.path, path))
  const found = ofPath.find(({ route }) => route.methods?.includes(sent.method) !== false)
  if (found === undefined) return [ofPath.length === 0 ? 'GW_ROUTE_NOT_FOUND' : 'GW_ROUTE_METHOD']
  const lists = (one: ConditionSpec): boolean => hostFit(one.host, host) > 0 && pathFit(one.path, path) > 0
  const every = [...found.route.guards, ...rules]
  const asking = every.filter(({ requirement: one }) => {
    if (!('conditions' in one)) return one.mode === 'all'
    return one.conditions.some(lists) === (one.mode === 'blacklist')
  })
  const willing = every.filter(({ requirement: one }) => one.mode === 'optional')
  const good = (asking.length > 0 ? asking : willing).some(
    ({ authentication }) => sent.token === TOKENS[2 + Number(authentication.slice(-1))],
  )
  if (good) return [`${found.route.name} auth-${TOKENS.indexOf(sent.token) - 2}`]
  if (asking.length === 0) return [`${found.route.name} open`]
  return ['GW_TOKEN_MISSING', 'GW_TOKEN_INVALID']
}

test('of many routes and rules the gateway decides as they say, taken one after another', () => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(
      routes,
      guards,
      fc.array(request, { minLength: 1, maxLength: 12 }),
      (all, rules, requests) => {
        const plan = planOf({ authentications: SPECS, guards: rules, routes: all })
        for (const sent of requests) {
          const decision = decisionOn(plan, {
            authority: sent.host,
            target: sent.path,
            method: sent.method,
            headers: sent.token === undefined ? [] : bearer(sent.token),
          })
          const verdict =
            decision.outcome === 'refuse'
              ? decision.refusal.code
              : `${decision.permit.route.spec.name} ${decision.permit.principal?.authentication.spec.name ?? 'open'}`
          const expected = naiveVerdicts(all, rules, sent)
          assert.ok(expected.includes(verdict), `${verdict} instead of ${expected.join(' or ')}`)
          const kind = verdict.replace(/^route-\d+ /, '')
          seen.set(kind, (seen.get(kind) ?? 0) + 1)
        }
      },
    ),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 3000) },
  )
  // Neither the rules nor the requests above are so poor that one outcome hardly ever comes about.
  for (const kind of ['open', 'auth-0', 'auth-1', 'GW_ROUTE_METHOD', 'GW_TOKEN_MISSING', 'GW_TOKEN_INVALID'])
    assert.ok((seen.get(kind) ?? 0) > 100, `${kind}: ${seen.get(kind)}`)
})
