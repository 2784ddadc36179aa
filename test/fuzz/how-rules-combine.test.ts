import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type {
  AuthenticationSpec,
  ConditionSpec,
  GuardSpec,
  RequirementSpec,
  TokenLocation,
} from '../../src/plan/spec.ts'
import {
  authenticationSpec,
  decisionOn,
  guardSpec,
  hmacIssuer,
  NOW_SECONDS,
  planOf,
  routeSpec,
  type TestRequest,
} from '../support/decision.ts'
import { claimRules } from '../support/signer.ts'

/**
 * How rules combine, once more: every guard asked one after another, with no index, no cache and no grouping. What the
 * gateway decides must be what this says, for every set of rules and every request.
 */

const SIGNERS = [hmacIssuer(), hmacIssuer(), hmacIssuer()] as const
const ISSUERS = [undefined, 'https://one.example', 'https://two.example'] as const

/** A token as whoever made it knows it. */
interface Token {
  readonly text: string
  readonly signer: number
  readonly issuer: string | undefined
  readonly good: boolean
}

const TOKENS: readonly Token[] = [
  ...SIGNERS.flatMap((issuer, signer) =>
    ISSUERS.flatMap((iss): Token[] => [
      { text: issuer.token({ iss }), signer, issuer: iss, good: true },
      { text: issuer.token({ iss, exp: NOW_SECONDS - 3600 }), signer, issuer: iss, good: false },
    ]),
  ),
  { text: 'garbage', signer: -1, issuer: undefined, good: false },
]

/** What stands at the three places, one text for each time that the field or parameter is there. */
interface Sent {
  readonly host: string
  readonly path: string
  readonly authorization: readonly string[]
  readonly xToken: readonly string[]
  readonly query: readonly string[]
}

interface NaiveGuard {
  readonly spec: GuardSpec
  readonly authentication: AuthenticationSpec
  readonly signer: number
}

function naiveVerdicts(guards: readonly NaiveGuard[], sent: Sent): readonly string[] {
  const asking = guards.filter(({ spec }) => needsToken(spec.requirement, sent))
  if (asking.length > 0) {
    const open = asking.filter((guard) => letsIn(guard, sent))
    return open.length === 0 ? ['refused'] : open.map(({ authentication }) => authentication.name)
  }
  const willing = guards.filter(({ spec }) => spec.requirement.mode === 'optional')
  const open = willing.filter((guard) => letsIn(guard, sent))
  return open.length === 0 ? ['open'] : open.map(({ authentication }) => authentication.name)
}

function needsToken(requirement: RequirementSpec, sent: Sent): boolean {
  if (!('conditions' in requirement)) return requirement.mode === 'all'
  const listed = requirement.conditions.some((condition) => lists(condition, sent))
  return requirement.mode === 'whitelist' ? !listed : listed
}

function lists({ host, path }: ConditionSpec, sent: Sent): boolean {
  const hostFits =
    host === '*' || (host.startsWith('*.') ? sent.host.endsWith(host.slice(1)) : sent.host === host)
  const pathFits = path.endsWith('*') ? sent.path.startsWith(path.slice(0, -1)) : sent.path === path
  return hostFits && pathFits
}

function letsIn({ authentication, signer }: NaiveGuard, sent: Sent): boolean {
  for (const location of authentication.locations) {
    const there = new Set(textsAt(location, sent))
    if (there.size === 0) continue
    const [text = ''] = there
    const prefix = location.in === 'header' ? location.prefix : ''
    if (there.size > 1 || !text.startsWith(prefix)) return false
    const token = TOKENS.find((each) => each.text === text.slice(prefix.length))
    const { issuer } = authentication.rules
    return (
      token?.good === true && token.signer === signer && (issuer === undefined || issuer === token.issuer)
    )
  }
  return false
}

function textsAt(location: TokenLocation, sent: Sent): readonly string[] {
  if (location.in === 'query') return sent.query
  return location.name === 'Authorization' ? sent.authorization : sent.xToken
}

const AUTHORIZATION: TokenLocation = { in: 'header', name: 'Authorization', prefix: 'Bearer ' }
const X_TOKEN: TokenLocation = { in: 'header', name: 'X-Token', prefix: '' }
const QUERY: TokenLocation = { in: 'query', name: 'token' }
const LOCATIONS: readonly (readonly TokenLocation[])[] = [
  [AUTHORIZATION],
  [X_TOKEN],
  [AUTHORIZATION, QUERY],
  [QUERY, AUTHORIZATION, X_TOKEN],
]

const HOSTS = ['a.test', 'b.test', 'x.a.test', 'y.x.a.test', 'xa.test']
const PATHS = ['/', '/a', '/a/', '/a/b', '/a/bc', '/ab', '/b', '/b/c/d']
const CONDITION_HOSTS = ['*', 'a.test', '*.a.test', '*.x.a.test', 'b.test']
const CONDITION_PATHS = ['/*', '/a', '/a/*', '/a*', '/a/b', '/b/*', '/']

const condition = fc.record({
  host: fc.constantFrom(...CONDITION_HOSTS),
  path: fc.constantFrom(...CONDITION_PATHS),
})
const conditions = fc.array(condition, { minLength: 1, maxLength: 4 })
const requirement: fc.Arbitrary<RequirementSpec> = fc.oneof(
  fc.record({ mode: fc.constantFrom('all' as const, 'optional' as const) }),
  fc.record({ mode: fc.constantFrom('whitelist' as const, 'blacklist' as const), conditions }),
  fc.record({ mode: fc.constant('blacklist' as const), conditions }),
)

const authentication = fc.record({
  signer: fc.nat(SIGNERS.length - 1),
  issuer: fc.constantFrom(...ISSUERS),
  locations: fc.constantFrom(...LOCATIONS),
})
/** Which authentication a guard has, by place, and what it asks for. */
const guards = fc.array(fc.tuple(fc.nat(3), requirement), { maxLength: 4 })

const text = fc.constantFrom(...TOKENS.map((token) => token.text))
const sent: fc.Arbitrary<Sent> = fc.record({
  host: fc.constantFrom(...HOSTS),
  path: fc.constantFrom(...PATHS),
  authorization: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: text.map((token) => `Bearer ${token}`) },
      { weight: 1, arbitrary: text },
    ),
    { maxLength: 2 },
  ),
  xToken: fc.array(text, { maxLength: 1 }),
  query: fc.array(text, { maxLength: 2 }),
})

function requestFor({ host, path, authorization, xToken, query }: Sent): TestRequest {
  const pairs = query.map((token) => `token=${token}`)
  return {
    authority: host,
    target: pairs.length === 0 ? path : `${path}?${pairs.join('&')}`,
    headers: [
      ...authorization.flatMap((value) => ['Authorization', value]),
      ...xToken.flatMap((value) => ['X-Token', value]),
    ],
  }
}

test('the gateway decides as the rules say, taken one after another', () => {
  let [refused, open, entered] = [0, 0, 0]
  fc.assert(
    fc.property(
      fc.array(authentication, { minLength: 4, maxLength: 4 }),
      guards,
      guards,
      fc.array(sent, { minLength: 1, maxLength: 12 }),
      (authentications, own, global, requests) => {
        const specs = authentications.map(({ signer, issuer, locations }, i) =>
          authenticationSpec(`auth-${i}`, {
            keys: SIGNERS[signer]!.keys,
            rules: claimRules(issuer === undefined ? {} : { issuer }),
            locations,
          }),
        )
        const naive = (list: typeof own, kind: string): readonly NaiveGuard[] =>
          list.map(([place, required], i) => ({
            spec: guardSpec(`auth-${place}`, required, `${kind}-${i}`),
            authentication: specs[place]!,
            signer: authentications[place]!.signer,
          }))
        const [ownGuards, globalGuards] = [naive(own, 'own'), naive(global, 'global')]
        const plan = planOf({
          authentications: specs,
          guards: globalGuards.map(({ spec }) => spec),
          routes: [routeSpec({ guards: ownGuards.map(({ spec }) => spec) })],
        })
        for (const one of requests) {
          const decision = decisionOn(plan, requestFor(one))
          const verdict =
            decision.outcome === 'refuse'
              ? 'refused'
              : (decision.permit.principal?.authentication.spec.name ?? 'open')
          const expected = naiveVerdicts([...ownGuards, ...globalGuards], one)
          assert.ok(expected.includes(verdict), `${verdict} instead of ${expected.join(' or ')}`)
          if (verdict === 'refused') refused++
          else if (verdict === 'open') open++
          else entered++
        }
      },
    ),
    { numRuns: 3000 },
  )
  // Neither the rules nor the requests above are so poor that one outcome hardly ever comes about.
  assert.ok(Math.min(refused, open, entered) > 300, `${refused} refused, ${open} open, ${entered} entered`)
})

test('a thousand rules with a hundred conditions each decide as one after another', () => {
  const modes = ['whitelist', 'blacklist'] as const
  const specs = ISSUERS.flatMap((issuer, i) =>
    SIGNERS.map((signer, j) =>
      authenticationSpec(`auth-${i}-${j}`, {
        keys: signer.keys,
        rules: claimRules(issuer === undefined ? {} : { issuer }),
      }),
    ),
  )
  const pathOf = (rule: number, i: number): string => `/r${rule % 97}/${i}${i % 3 === 0 ? '/*' : ''}`
  const guardsOf = (mode: (typeof modes)[number]): readonly NaiveGuard[] =>
    Array.from({ length: 1000 }, (_, rule) => {
      const place = rule % specs.length
      const list = Array.from({ length: 100 }, (__, i) => ({
        host: CONDITION_HOSTS[(rule + i) % CONDITION_HOSTS.length]!,
        path: pathOf(rule, i),
      }))
      return {
        spec: guardSpec(specs[place]!.name, { mode, conditions: list }, `rule-${rule}`),
        authentication: specs[place]!,
        signer: place % SIGNERS.length,
      }
    })
  for (const mode of modes) {
    const naive = guardsOf(mode)
    const plan = planOf({ authentications: specs, guards: naive.map(({ spec }) => spec) })
    const verdicts = new Set<string>()
    for (let i = 0; i < 150; i++) {
      const one: Sent = {
        host: HOSTS[i % HOSTS.length]!,
        path: i % 10 === 0 ? '/nowhere' : pathOf(i, (i * 7) % 100).replace('*', 'x/y'),
        authorization: i % 4 === 0 ? [] : [`Bearer ${TOKENS[i % TOKENS.length]!.text}`],
        xToken: [],
        query: [],
      }
      const decision = decisionOn(plan, requestFor(one))
      const verdict =
        decision.outcome === 'refuse'
          ? 'refused'
          : (decision.permit.principal?.authentication.spec.name ?? 'open')
      const expected = naiveVerdicts(naive, one)
      assert.ok(expected.includes(verdict), `${mode} ${one.host}${one.path}: ${verdict}`)
      verdicts.add(verdict)
    }
    assert.ok(verdicts.size >= 3, `${mode}: ${[...verdicts].join(', ')}`)
  }
})
