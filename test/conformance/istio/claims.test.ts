import { ruleTable, withClaims, type MatchCase } from '../../support/mesh.ts'

const claims = (value: Readonly<Record<string, unknown>>, matches: boolean): MatchCase => [
  JSON.stringify(value),
  withClaims(value),
  matches,
]
const nobody = (matches: boolean): MatchCase => ['no token', {}, matches]

ruleTable('a text, or a list with it', 'when: [{ key: "request.auth.claims[groups]", values: [a] }]', [
  claims({ groups: 'a' }, true),
  claims({ groups: ['b', 'a'] }, true),
  claims({ groups: 'a b' }, false),
  claims({ groups: ['b'] }, false),
  claims({}, false),
  nobody(false),
])

ruleTable(
  'numbers, truth and nested lists never match',
  'when: [{ key: "request.auth.claims[x]", values: ["1", "true", "*"] }]',
  [
    claims({ x: 1 }, false),
    claims({ x: true }, false),
    claims({ x: [['a']] }, false),
    claims({ x: { a: 'b' } }, false),
    claims({ x: null }, false),
    claims({ x: 'true' }, true),
  ],
)

ruleTable(
  'presence is a text that is not empty',
  'when: [{ key: "request.auth.claims[x]", values: ["*"] }]',
  [claims({ x: 'a' }, true), claims({ x: '' }, false)],
)

ruleTable(
  'notValues hold without the claim',
  'when: [{ key: "request.auth.claims[groups]", notValues: [a] }]',
  [
    claims({ groups: ['a'] }, false),
    claims({ groups: ['b'] }, true),
    claims({ groups: 1 }, true),
    claims({}, true),
    nobody(true),
  ],
)

ruleTable(
  'each bracket goes down into an object',
  'when: [{ key: "request.auth.claims[a][b]", values: [c] }]',
  [
    claims({ a: { b: 'c' } }, true),
    claims({ a: { b: ['c'] } }, true),
    claims({ a: [{ b: 'c' }] }, false),
    claims({ 'a.b': 'c' }, false),
  ],
)

ruleTable('a dot is part of a name', 'when: [{ key: "request.auth.claims[a.b]", values: [c] }]', [
  claims({ 'a.b': 'c' }, true),
  claims({ a: { b: 'c' } }, false),
])

ruleTable('scope is split at spaces', 'when: [{ key: "request.auth.claims[scope]", values: [read] }]', [
  claims({ scope: 'read write' }, true),
  claims({ scope: 'write' }, false),
  claims({ scope: ['read'] }, true),
])

ruleTable(
  'and is then nothing as a whole',
  'when: [{ key: "request.auth.claims[scope]", values: ["read write"] }]',
  [claims({ scope: 'read write' }, false)],
)

ruleTable('prefix and suffix', 'when: [{ key: "request.auth.claims[x]", values: ["a*", "*z"] }]', [
  claims({ x: ['ab'] }, true),
  claims({ x: 'yz' }, true),
  claims({ x: 'ya' }, false),
])

ruleTable('request.auth.audiences is `aud`', 'when: [{ key: request.auth.audiences, values: [orders] }]', [
  claims({ aud: 'orders' }, true),
  claims({ aud: ['x', 'orders'] }, true),
  claims({ aud: 'https://orders' }, false),
  nobody(false),
])

ruleTable('request.auth.presenter is `azp`', 'when: [{ key: request.auth.presenter, values: [app] }]', [
  claims({ azp: 'app' }, true),
  claims({ azp: 'other' }, false),
])

ruleTable(
  'several conditions are joined by AND, which is how all of several values are asked for',
  'when: [{ key: "request.auth.claims[groups]", values: [a] }, { key: "request.auth.claims[groups]", values: [b] }]',
  [claims({ groups: ['a', 'b'] }, true), claims({ groups: ['a'] }, false)],
)
