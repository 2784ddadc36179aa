import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decisionOn } from '../../support/decision.ts'
import { answerTo, authentication, DENIED, meshPlan, policy, toPath } from '../../support/mesh.ts'

const to = (path: string): string => `[{ to: [{ operation: { paths: ['${path}'] } }] }]`

/** The answers to requests for `/a`, `/b` and `/c`. */
async function answers(...documents: readonly string[]): Promise<readonly string[]> {
  const plan = await meshPlan([authentication(), ...documents])
  return ['/a', '/b', '/c'].map((path) => answerTo(plan, toPath(path)))
}

describe('the order of actions', () => {
  it('without a policy everything passes', async () => {
    assert.deepEqual(await answers(), ['200', '200', '200'])
  })

  it('with an ALLOW policy only what a rule of one matches', async () => {
    assert.deepEqual(await answers(policy('ALLOW', to('/a'))), ['200', DENIED, DENIED])
  })

  it('ALLOW policies are joined by OR', async () => {
    assert.deepEqual(await answers(policy('ALLOW', to('/a'), 'a'), policy('ALLOW', to('/b'), 'b')), [
      '200',
      '200',
      DENIED,
    ])
  })

  it('DENY comes before ALLOW', async () => {
    assert.deepEqual(await answers(policy('ALLOW', to('*'), 'a'), policy('DENY', to('/b'), 'b')), [
      '200',
      DENIED,
      '200',
    ])
  })

  it('AUDIT only tells', async () => {
    assert.deepEqual(await answers(policy('AUDIT', to('*'))), ['200', '200', '200'])
    const plan = await meshPlan([authentication(), policy('AUDIT', to('/a'))])
    const decision = decisionOn(plan, toPath('/a'))
    assert.ok(decision.outcome === 'forward')
    const [seen] = decision.permit.passed.observations
    assert.equal(seen?.policy.name, 'istio-system/policy')
    assert.equal(seen?.would, 'audit')
  })
})

describe('specs without the usual parts', () => {
  it('an empty spec allows nothing', async () => {
    const empty = policy('ALLOW', '[]').replace(/ {2}action: ALLOW\n {2}rules: \[\]/, '')
    assert.deepEqual(await answers(empty), [DENIED, DENIED, DENIED])
  })

  it('so does ALLOW without rules', async () => {
    assert.deepEqual(await answers(policy('ALLOW', '[]')), [DENIED, DENIED, DENIED])
  })

  it('an empty rule matches everything', async () => {
    assert.deepEqual(await answers(policy('ALLOW', '[{}]')), ['200', '200', '200'])
    assert.deepEqual(await answers(policy('DENY', '[{}]')), [DENIED, DENIED, DENIED])
  })

  it('AUDIT without rules matches nothing', async () => {
    assert.deepEqual(await answers(policy('AUDIT', '[]')), ['200', '200', '200'])
  })

  for (const action of ['DENY', 'CUSTOM']) {
    it(`${action} without rules is refused`, async () => {
      await assert.rejects(answers(policy(action, '[]')), /without rules matches nothing/)
    })
  }

  for (const [rules, message] of [
    ['[{ from: [] }]', /`from` must not be empty/],
    ['[{ to: [] }]', /`to` must not be empty/],
    ['[{ from: [{ source: {} }] }]', /`from.source` must not be empty/],
    ['[{ to: [{ operation: {} }] }]', /`to.operation` must not be empty/],
    ['[{ when: [{ key: source.ip }] }]', /needs `values` or `notValues`/],
    ['[{ when: [{ key: destination.name, values: [a] }] }]', /is not a key of a condition/],
  ] as const) {
    it(`${rules} is refused`, async () => {
      await assert.rejects(answers(policy('ALLOW', rules)), message)
    })
  }

  it('an empty `when` is no condition', async () => {
    assert.deepEqual(await answers(policy('ALLOW', '[{ when: [] }]')), ['200', '200', '200'])
  })
})

describe('the structure of a rule', () => {
  const both = `[{ from: [{ source: { ipBlocks: [192.0.2.1] } }], to: [{ operation: { paths: [/a] } }] }]`

  it('from, to and when are joined by AND', async () => {
    assert.deepEqual(await answers(policy('ALLOW', both)), ['200', DENIED, DENIED])
    assert.deepEqual(await answers(policy('ALLOW', both.replace('192.0.2.1', '192.0.2.2'))), [
      DENIED,
      DENIED,
      DENIED,
    ])
  })

  it('the items of from, and of to, by OR', async () => {
    const rule = '[{ to: [{ operation: { paths: [/a] } }, { operation: { paths: [/b], methods: [GET] } }] }]'
    assert.deepEqual(await answers(policy('ALLOW', rule)), ['200', '200', DENIED])
  })

  it('the fields of an operation by AND', async () => {
    const rule = '[{ to: [{ operation: { paths: [/a, /b], notPaths: [/b] } }] }]'
    assert.deepEqual(await answers(policy('ALLOW', rule)), ['200', DENIED, DENIED])
  })
})

describe('a policy that is tried out', () => {
  const tried = (document: string, value: string): string =>
    document.replace(
      'namespace: istio-system }',
      `namespace: istio-system, annotations: { istio.io/dry-run: "${value}" } }`,
    )

  it('has no effect, and says what it would do', async () => {
    const deny = tried(policy('DENY', '[{}]'), 'true')
    assert.deepEqual(await answers(deny), ['200', '200', '200'])
    const decision = decisionOn(await meshPlan([authentication(), deny]), toPath('/a'))
    assert.ok(decision.outcome === 'forward')
    assert.equal(decision.permit.passed.observations[0]?.would, 'deny')
  })

  it('is no ALLOW policy that a rule of would have to match', async () => {
    assert.deepEqual(await answers(tried(policy('ALLOW', to('/a')), 'T')), ['200', '200', '200'])
  })

  it('is enforced where the annotation is not what Go reads as true', async () => {
    assert.deepEqual(await answers(tried(policy('DENY', '[{}]'), 'yes')), [DENIED, DENIED, DENIED])
    assert.deepEqual(await answers(tried(policy('DENY', '[{}]'), 'false')), [DENIED, DENIED, DENIED])
  })
})
