import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerTo, authentication, DENIED, meshPlan } from '../../support/mesh.ts'

/** A policy that denies everything that it is for. */
const deny = (namespace: string, spec = ''): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: deny, namespace: ${namespace} }
spec: { action: DENY, rules: [{}]${spec === '' ? '' : `, ${spec}`} }`

const NATIVE = `
version: 1
backends:
  a: { url: http://127.0.0.1:9001, namespace: foo, labels: { app: a, version: v1 } }
  b: { url: http://127.0.0.1:9002, namespace: bar, labels: { app: b } }
routes:
  - { path: /a, backend: a, auth: none }
  - { path: /b, backend: b, auth: none }
import: [{ mesh: mesh.yaml }]
mesh: { gateway: { name: main } }
`

/** Whether requests to the backends `a` and `b` pass. */
async function passing(...documents: readonly string[]): Promise<string> {
  const plan = await meshPlan([authentication(), ...documents], { native: NATIVE })
  return ['/a', '/b']
    .filter((target) => {
      const answer = answerTo(plan, { target })
      assert.ok(answer === '200' || answer === DENIED, answer)
      return answer === '200'
    })
    .join(' ')
}

const TABLE: readonly (readonly [what: string, document: string, passing: string])[] = [
  ['without a selector, all workloads of the namespace', deny('foo'), '/b'],
  ['in the root namespace, all workloads of all namespaces', deny('istio-system'), ''],
  ['labels that the workload has', deny('foo', 'selector: { matchLabels: { app: a } }'), '/b'],
  ['all of several labels', deny('foo', 'selector: { matchLabels: { app: a, version: v1 } }'), '/b'],
  ['not if one differs', deny('foo', 'selector: { matchLabels: { app: a, version: v2 } }'), '/a /b'],
  ['not if one is missing', deny('bar', 'selector: { matchLabels: { version: v1 } }'), '/a /b'],
  [
    'the same labels in another namespace are nothing',
    deny('bar', 'selector: { matchLabels: { app: a } }'),
    '/a /b',
  ],
  [
    'in the root namespace they are for every namespace',
    deny('istio-system', 'selector: { matchLabels: { app: a } }'),
    '/b',
  ],
  [
    'the gateway has labels too',
    deny('istio-system', 'selector: { matchLabels: { istio: ingressgateway } }'),
    '',
  ],
  ['an empty selector is every workload', deny('foo', 'selector: {}'), '/b'],
  [
    'a target is the Gateway of that name',
    deny('istio-system', 'targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: main }]'),
    '',
  ],
  [
    'and no other',
    deny('istio-system', 'targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: other }]'),
    '/a /b',
  ],
  [
    'in its own namespace',
    deny('foo', 'targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: main }]'),
    '/a /b',
  ],
  [
    'what targets a Service is for waypoints',
    deny('foo', 'targetRefs: [{ kind: Service, group: "", name: a }]'),
    '/a /b',
  ],
]

for (const [what, document, expected] of TABLE) {
  test(what, async () => assert.equal(await passing(document), expected))
}

test('a policy of the root namespace acts at the gateway and again at the backend', async () => {
  const plan = await meshPlan([authentication(), deny('istio-system')], { native: NATIVE })
  const route = plan.routes.match('a.test', '/a', 'GET')
  assert.ok(route.kind === 'route')
  assert.deepEqual(
    route.checkpoints.map(({ policies }) => policies.specs.length),
    [1, 1],
  )
})
