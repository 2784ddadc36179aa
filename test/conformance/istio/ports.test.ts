import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestRequest } from '../../support/decision.ts'
import { answerTo, authentication, DENIED, meshPlan, ruleTable, type MatchCase } from '../../support/mesh.ts'

const at = (port: number, authority = 'a.test'): TestRequest => ({
  authority,
  peer: {
    address: '192.0.2.1',
    tls: false,
    local: { address: '192.0.2.9', port, serverName: '', clientPrincipal: undefined },
  },
})

const port = (number: number, matches: boolean): MatchCase => [`port ${number}`, at(number), matches]

ruleTable('ports', "to: [{ operation: { ports: ['8080', '8443'] } }]", [
  port(8080, true),
  port(8443, true),
  port(80, false),
])

ruleTable(
  'it is the port of the connection, never that of the Host',
  "to: [{ operation: { ports: ['8080'] } }]",
  [['another port in Host', at(80, 'a.test:8080'), false]],
)

ruleTable('notPorts', "to: [{ operation: { notPorts: ['8080'] } }]", [port(8080, false), port(80, true)])

ruleTable('destination.port', "when: [{ key: destination.port, values: ['8080'] }]", [
  port(8080, true),
  port(80, false),
])

ruleTable('destination.ip', "when: [{ key: destination.ip, values: ['192.0.2.0/24'] }]", [
  ['an address of this end', at(1), true],
])

test('at a backend it is the port of its URL', async () => {
  const allow = (number: number): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: a, namespace: foo }
spec: { rules: [{ to: [{ operation: { ports: ['${number}'] } }] }] }`
  assert.equal(answerTo(await meshPlan([authentication(), allow(9000)]), at(8080)), '200')
  assert.equal(answerTo(await meshPlan([authentication(), allow(8080)]), at(8080)), DENIED)
})
