import assert from 'node:assert/strict'
import { it } from 'node:test'
import { meshPlan, policy, ruleTable, type MatchCase } from '../../support/mesh.ts'

const header = (matches: boolean, ...headers: readonly string[]): MatchCase => [
  headers.join(' ') || 'no header',
  { headers },
  matches,
]

ruleTable(
  'a header, whose name has no case',
  'when: [{ key: "request.headers[X-Tenant]", values: [a, b] }]',
  [
    header(true, 'x-tenant', 'a'),
    header(true, 'X-TENANT', 'b'),
    header(false, 'x-tenant', 'A'),
    header(false, 'x-tenant', 'ab'),
    header(false),
  ],
)

ruleTable('each line by itself', 'when: [{ key: "request.headers[x-tenant]", values: [a] }]', [
  header(true, 'x-tenant', 'b', 'x-tenant', 'a'),
  header(false, 'x-tenant', 'a,b'),
])

ruleTable(
  'notValues, which hold without the header',
  'when: [{ key: "request.headers[x-tenant]", notValues: [a] }]',
  [
    header(false, 'x-tenant', 'a'),
    header(false, 'x-tenant', 'b', 'x-tenant', 'a'),
    header(true, 'x-tenant', 'b'),
    header(true),
  ],
)

ruleTable('presence, of an empty one too', 'when: [{ key: "request.headers[x-tenant]", values: ["*"] }]', [
  header(true, 'x-tenant', ''),
  header(true, 'x-tenant', 'a'),
  header(false),
])

ruleTable('prefix and suffix', 'when: [{ key: "request.headers[x-tenant]", values: ["a*", "*z"] }]', [
  header(true, 'x-tenant', 'ab'),
  header(true, 'x-tenant', 'yz'),
  header(false, 'x-tenant', 'ba'),
])

ruleTable('only the outer brackets are brackets', 'when: [{ key: "request.headers[x]]", values: [a] }]', [
  header(true, 'x]', 'a'),
  header(false, 'x', 'a'),
])

ruleTable('host is the authority', 'when: [{ key: "request.headers[host]", values: [a.test] }]', [
  ['the host', { authority: 'a.test' }, true],
  ['another', { authority: 'b.test' }, false],
])

ruleTable(
  'text beyond ASCII is the bytes of UTF-8',
  'when: [{ key: "request.headers[x-name]", values: [Zoë] }]',
  [header(true, 'x-name', Buffer.from('Zoë', 'utf8').toString('latin1')), header(false, 'x-name', 'Zoë')],
)

it('what Envoy says itself, and pseudo headers that fields of an operation are for, are errors', async () => {
  const rule = (name: string): string =>
    policy('DENY', `[{ when: [{ key: "request.headers[${name}]", values: [a] }] }]`)
  for (const name of ['x-envoy-internal', 'X-Envoy-External-Address', 'X-Forwarded-Client-Cert'])
    await assert.rejects(meshPlan([rule(name)]), /:8: error: .* is a header that Envoy sets/, name)
  for (const name of [':path', ':scheme', ':'])
    await assert.rejects(meshPlan([rule(name)]), /cannot be a header of a condition/, name)
  for (const name of [':authority', ':method', 'x-envoyage']) await meshPlan([rule(name)])
})
