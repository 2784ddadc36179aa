import { ruleTable, type MatchCase } from '../../support/mesh.ts'

const method = (name: string, matches: boolean): MatchCase => [name, { method: name }, matches]

ruleTable('methods', 'to: [{ operation: { methods: [GET, HEAD] } }]', [
  method('GET', true),
  method('HEAD', true),
  method('POST', false),
])

ruleTable('a prefix and a suffix', "to: [{ operation: { methods: ['P*', '*LETE'] } }]", [
  method('POST', true),
  method('PUT', true),
  method('DELETE', true),
  method('GET', false),
])

ruleTable('their case counts', 'to: [{ operation: { methods: [get] } }]', [method('GET', false)])

ruleTable('notMethods', 'to: [{ operation: { notMethods: [GET] } }]', [
  method('GET', false),
  method('POST', true),
])
