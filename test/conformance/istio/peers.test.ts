import type { TestRequest } from '../../support/decision.ts'
import { ruleTable, type MatchCase } from '../../support/mesh.ts'

const by = (clientPrincipal: string | undefined): TestRequest => ({
  peer: {
    address: '192.0.2.1',
    tls: true,
    local: { address: '192.0.2.9', port: 443, serverName: 'a.test', clientPrincipal },
  },
})
const peer = (principal: string | undefined, matches: boolean): MatchCase => [
  principal ?? 'no certificate',
  by(principal),
  matches,
]
const SLEEP = 'cluster.local/ns/foo/sa/sleep'

ruleTable('principals', `from: [{ source: { principals: [${SLEEP}] } }]`, [
  peer(SLEEP, true),
  peer('cluster.local/ns/foo/sa/curl', false),
  peer(undefined, false),
  ['plain HTTP', {}, false],
])

ruleTable(
  'prefix, suffix and presence',
  "from: [{ source: { principals: ['cluster.local/ns/bar/*', '*/sa/sleep'] } }]",
  [peer(SLEEP, true), peer('cluster.local/ns/bar/sa/x', true), peer('cluster.local/ns/foo/sa/x', false)],
)

ruleTable('any principal', "from: [{ source: { principals: ['*'] } }]", [
  peer(SLEEP, true),
  peer(undefined, false),
])

ruleTable(
  'notPrincipals hold for everybody without a certificate',
  `from: [{ source: { notPrincipals: [${SLEEP}] } }]`,
  [peer(SLEEP, false), peer(undefined, true)],
)

ruleTable('namespaces', "from: [{ source: { namespaces: [foo, 'b*r'] } }]", [
  peer(SLEEP, true),
  peer('cluster.local/ns/bar/sa/x', true),
  peer('cluster.local/ns/br/sa/x', true),
  peer('cluster.local/ns/baz/sa/foo', false),
  peer(undefined, false),
])

ruleTable('notNamespaces', 'from: [{ source: { notNamespaces: [foo] } }]', [
  peer(SLEEP, false),
  peer(undefined, true),
])

ruleTable(
  'an account is of the namespace of the policy',
  'from: [{ source: { serviceAccounts: [sleep, foo/sleep] } }]',
  [
    peer('cluster.local/ns/istio-system/sa/sleep', true),
    peer(SLEEP, true),
    peer('cluster.local/ns/bar/sa/sleep', false),
  ],
)

ruleTable('trustDomains', "from: [{ source: { trustDomains: ['*.local'] } }]", [
  peer(SLEEP, true),
  peer('td/ns/foo/sa/sleep', false),
])

ruleTable(
  'source.principal, source.namespace',
  `when: [{ key: source.principal, values: [${SLEEP}] }, { key: source.namespace, values: [foo] }]`,
  [peer(SLEEP, true), peer('cluster.local/ns/foo/sa/x', false)],
)

ruleTable('connection.sni', "when: [{ key: connection.sni, values: ['*.test'] }]", [
  peer(undefined, true),
  ['plain HTTP', {}, false],
])
