import { ruleTable, type MatchCase } from '../../support/mesh.ts'

const from = (address: string, matches: boolean, ...headers: readonly string[]): MatchCase => [
  [address, ...headers].join(' '),
  { peer: { address, tls: false }, headers },
  matches,
]

ruleTable(
  'ipBlocks are of the connection, whatever X-Forwarded-For says',
  'from: [{ source: { ipBlocks: [10.0.0.0/8, 192.0.2.1] } }]',
  [
    from('10.1.2.3', true),
    from('192.0.2.1', true),
    from('192.0.2.2', false),
    from('192.0.2.2', false, 'X-Forwarded-For', '10.1.2.3'),
  ],
)

ruleTable('IPv6', "from: [{ source: { ipBlocks: ['2001:db8::/32'] } }]", [
  from('2001:db8::1', true),
  from('2001:db9::1', false),
])

ruleTable('notIpBlocks', 'from: [{ source: { notIpBlocks: [10.0.0.0/8] } }]', [
  from('10.1.2.3', false),
  from('192.0.2.2', true),
])

ruleTable('source.ip', 'when: [{ key: source.ip, notValues: [10.0.0.0/8] }]', [
  from('10.1.2.3', false),
  from('192.0.2.2', true),
])

ruleTable(
  'remoteIpBlocks are of the connection where no proxy is trusted',
  'from: [{ source: { remoteIpBlocks: [10.0.0.0/8] } }]',
  [from('10.1.2.3', true), from('192.0.2.2', false, 'X-Forwarded-For', '10.1.2.3')],
)

const NATIVE = (hops: number): string => `
version: 1
backends: { b: { url: http://127.0.0.1:9000 } }
routes: [{ path: /*, backend: b, auth: none }]
import: [{ mesh: mesh.yaml }]
mesh: { numTrustedProxies: ${hops} }`

ruleTable(
  'with one trusted proxy they are of the last address that it has added',
  'from: [{ source: { remoteIpBlocks: [10.0.0.0/8] } }]',
  [
    from('192.0.2.2', true, 'X-Forwarded-For', '198.51.100.1, 10.1.2.3'),
    from('192.0.2.2', false, 'X-Forwarded-For', '10.1.2.3, 198.51.100.1'),
    from('10.1.2.3', true),
  ],
  { native: NATIVE(1) },
)

ruleTable(
  'with two, of the last but one',
  'when: [{ key: remote.ip, values: [10.0.0.0/8] }]',
  [
    from('192.0.2.2', true, 'X-Forwarded-For', '10.1.2.3, 198.51.100.1'),
    from('192.0.2.2', true, 'X-Forwarded-For', '10.1.2.3', 'X-Forwarded-For', '198.51.100.1'),
    from('192.0.2.2', false, 'X-Forwarded-For', '10.1.2.3'),
  ],
  { native: NATIVE(2) },
)
