import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PolicySet, type Facts, type PolicySpec, type TestSpec } from '../../src/policy/istio/index.ts'

const ORIGIN = { file: 'test', line: 1 }
const WORDS = ['a', 'b', 'ab', 'a*', '*b', '*', '/a', '/a/*', '/{*}', '/a/{**}', 'x/a', 'x/*']

const facts: fc.Arbitrary<Facts> = fc.record({
  host: fc.constantFrom('a', 'b', 'ab'),
  method: fc.constantFrom('a', 'b', 'GET'),
  path: fc.constantFrom('/', '/a', '/a/b', '/b'),
  headers: fc.constantFrom([], ['x-a', 'a'], ['x-a', 'b', 'X-A', 'ab']),
  token: fc.constantFrom(
    undefined,
    { claims: { iss: 'x', sub: 'a', groups: ['a', 'b'] }, spaceDelimited: new Set<string>() },
    { claims: { iss: 'x' }, spaceDelimited: new Set<string>() },
  ),
  connection: fc.record({
    address: fc.constantFrom('10.0.0.1', '192.0.2.1'),
    localAddress: fc.constant('192.0.2.9'),
    localPort: fc.constantFrom(80, 443),
    serverName: fc.constantFrom('', 'a'),
    principal: fc.constantFrom(undefined, 'td/ns/a/sa/b'),
  }),
  remoteAddress: fc.constantFrom('10.0.0.1', '192.0.2.1'),
})

const testSpec: fc.Arbitrary<TestSpec> = fc.record({
  origin: fc.constant(ORIGIN),
  field: fc.constant('field'),
  attribute: fc.constantFrom(
    { of: 'host' } as const,
    { of: 'method' } as const,
    { of: 'path' } as const,
    { of: 'header', name: 'x-a' } as const,
    { of: 'claim', path: ['groups'] } as const,
    { of: 'request-principal' } as const,
    { of: 'principal' } as const,
    { of: 'namespace' } as const,
    { of: 'sni' } as const,
  ),
  values: fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 3 }),
  negated: fc.boolean(),
})

const group = fc.record({
  part: fc.constantFrom('from' as const, 'to' as const, 'when' as const),
  alternatives: fc.array(fc.array(testSpec, { maxLength: 2 }), { minLength: 1, maxLength: 2 }),
})

const rule = fc.record({ origin: fc.constant(ORIGIN), groups: fc.array(group, { maxLength: 2 }) })

function policyOf(...actions: readonly PolicySpec['action'][]): fc.Arbitrary<PolicySpec> {
  return fc.record({
    name: fc.stringMatching(/^[a-z]{1,4}\/[a-z]{1,4}$/),
    origin: fc.constant(ORIGIN),
    action: fc.constantFrom(...actions),
    dryRun: fc.constantFrom(false, false, false, true),
    provider: fc.constant(undefined),
    rules: fc.array(rule, { maxLength: 3 }),
  })
}

const policies = fc.array(policyOf('allow', 'deny', 'audit'), { maxLength: 5 })
const allows = (specs: readonly PolicySpec[], request: Facts): boolean =>
  new PolicySet(specs).decide(request).allowed

test('a DENY that matches never loses, whatever else there is', () => {
  fc.assert(
    fc.property(policies, policyOf('deny'), facts, (others, deny, request) => {
      const enforced = { ...deny, dryRun: false }
      if (allows([enforced], request)) return
      assert.equal(allows([...others, enforced], request), false)
    }),
    { numRuns: 2000 },
  )
})

test('adding an ALLOW policy never lets in what no rule of it names', () => {
  fc.assert(
    fc.property(policies, policyOf('allow'), facts, (others, allow, request) => {
      const alone = allows([{ ...allow, dryRun: false }], request)
      const before = allows(others, request)
      const after = allows([...others, { ...allow, dryRun: false }], request)
      if (after && !before) assert.ok(alone)
    }),
    { numRuns: 2000 },
  )
})

test('the order of policies makes no difference', () => {
  fc.assert(
    fc.property(
      policies.chain((specs) =>
        fc.tuple(fc.constant(specs), fc.shuffledSubarray(specs, { minLength: specs.length })),
      ),
      facts,
      ([specs, shuffled], request) => {
        assert.equal(allows(specs, request), allows(shuffled, request))
        const seen = (list: readonly PolicySpec[]): readonly string[] =>
          new PolicySet(list)
            .observe(request)
            .map(({ policy, would }) => `${would} ${policy.name}`)
            .toSorted()
        assert.deepEqual(seen(specs), seen(shuffled))
      },
    ),
    { numRuns: 2000 },
  )
})

test('policies without a say change nothing', () => {
  fc.assert(
    fc.property(policies, facts, (specs, request) => {
      const enforced = specs.filter(({ action, dryRun }) => action !== 'audit' && !dryRun)
      assert.equal(allows(specs, request), allows(enforced, request))
    }),
    { numRuns: 2000 },
  )
})

test('a negated test is the opposite of the test', () => {
  fc.assert(
    fc.property(testSpec, facts, (spec, request) => {
      const policyWith = (negated: boolean): PolicySpec => ({
        name: 'a/b',
        origin: ORIGIN,
        action: 'allow',
        dryRun: false,
        provider: undefined,
        rules: [{ origin: ORIGIN, groups: [{ part: 'when', alternatives: [[{ ...spec, negated }]] }] }],
      })
      assert.notEqual(allows([policyWith(true)], request), allows([policyWith(false)], request))
    }),
    { numRuns: 2000 },
  )
})

/** What the values of `paths` mean, said in the regular expressions that Envoy makes of them. */
function asRegExp(value: string): RegExp {
  const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const segment = "[a-zA-Z0-9\\-._~%!$&'()+,;:@=*"
  if (/\{\*\*?\}/.test(value))
    return new RegExp(
      `^${value
        .split(/(\{\*\*?\})/)
        .map((piece) =>
          piece === '{*}' ? `${segment}]+` : piece === '{**}' ? `${segment}/]*` : literal(piece),
        )
        .join('')}$`,
    )
  if (value === '*') return /^.+$/
  if (value.startsWith('*')) return new RegExp(`${literal(value.slice(1))}$`)
  if (value.endsWith('*')) return new RegExp(`^${literal(value.slice(0, -1))}`)
  return new RegExp(`^${literal(value)}$`)
}

test('paths match as the regular expressions of Envoy do', () => {
  const segments = fc.array(fc.constantFrom('a', 'b', 'a b', '', '{*}', 'a.b', '"'), { maxLength: 4 })
  const template = fc
    .tuple(segments, fc.constantFrom('', '/{**}', '/{**}/b', '*', '/'))
    .map(([parts, tail]) => `/${parts.join('/')}${tail}`)
  fc.assert(
    fc.property(
      fc.oneof(template, fc.constantFrom(...WORDS)),
      segments.map((parts) => `/${parts.join('/')}`),
      facts,
      (value, path, request) => {
        const spec: TestSpec = {
          origin: ORIGIN,
          field: 'paths',
          attribute: { of: 'path' },
          values: [value],
          negated: false,
        }
        const policy: PolicySpec = {
          name: 'a/b',
          origin: ORIGIN,
          action: 'allow',
          dryRun: false,
          provider: undefined,
          rules: [{ origin: ORIGIN, groups: [{ part: 'to', alternatives: [[spec]] }] }],
        }
        assert.equal(
          allows([policy], { ...request, path }),
          asRegExp(value).test(path),
          `${value} on ${path}`,
        )
      },
    ),
    { numRuns: 10_000 },
  )
})
