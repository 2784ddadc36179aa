import { ruleTable, type MatchCase } from '../../support/mesh.ts'

const host = (authority: string, matches: boolean): MatchCase => [authority, { authority }, matches]

ruleTable(
  'hosts are compared without case, and with the port',
  'to: [{ operation: { hosts: [Example.com] } }]',
  [
    host('example.com', true),
    host('EXAMPLE.COM', true),
    host('example.com:8080', false),
    host('www.example.com', false),
  ],
)

ruleTable('a prefix', "to: [{ operation: { hosts: ['example.com:*'] } }]", [
  host('example.com:8080', true),
  host('example.com', false),
])

ruleTable('a suffix, in which a dot is no label', "to: [{ operation: { hosts: ['*.example.com'] } }]", [
  host('www.example.com', true),
  host('a.b.example.com', true),
  host('example.com', false),
  host('www.example.com:8080', false),
])

ruleTable('presence', "to: [{ operation: { hosts: ['*'] } }]", [host('anything', true)])

ruleTable('notHosts', 'to: [{ operation: { notHosts: [example.com, example.org] } }]', [
  host('example.com', false),
  host('example.org', false),
  host('example.net', true),
])

ruleTable(
  'a final dot, which the gateway routes as if it were not there, is no way past',
  'to: [{ operation: { hosts: [example.com] } }]',
  [host('example.com.', true)],
)
