import assert from 'node:assert/strict'
import { test } from 'node:test'
import { briefly, nodeOf } from '../../../test/support/dialects.ts'
import { readRewrites } from './read-rewrites.ts'
import { resolveReferences } from './references.ts'

function read(config: unknown) {
  const { node, problems } = nodeOf(JSON.stringify(config))
  return { rewrites: readRewrites(node), problems: briefly(problems) }
}

const wildcard = (match: string, replacement: string) => read({ wildcardRules: [{ match, replacement }] })
const equal = (match: string, replacement: string) => read({ equalRules: [{ match, replacement }] })

test('equal and wildcard rules are carried over', () => {
  assert.deepEqual(
    read({
      wildcardRules: [{ match: '/a/*', replacement: '/b/$1' }],
      equalRules: [{ match: '/x', replacement: '/y' }],
      regexRules: [],
    }),
    {
      rewrites: [
        { kind: 'equal', match: '/x', replacement: '/y' },
        { kind: 'wildcard', match: '/a/*', replacement: '/b/$1' },
      ],
      problems: [],
    },
  )
  assert.equal(wildcard('/*', '/v2/$1/end').rewrites.length, 1)
  assert.equal(wildcard('/*', '/same').rewrites.length, 1)
})

test('a replacement from which a client could make a path with dots in it is refused', () => {
  for (const [match, replacement] of [
    ['/a*', '/b/$1'],
    ['/a/*', '/b$1'],
    ['/a/*', '/.$1'],
    ['/a/*', '/b/$1..'],
    ['/a/*', '/$1$1'],
    ['/a/*', '/b/$2'],
    ['/a/*', 'b/$1'],
    ['/a/*', '/../$1'],
    ['/a/*', '/*'],
    ['/a', '/b'],
  ] as const) {
    const { rewrites, problems } = wildcard(match, replacement)
    assert.deepEqual([rewrites.length, problems.length], [0, 1], `${match} ${replacement}`)
  }
  for (const [match, replacement] of [
    ['/a/*', '/b'],
    ['/a', '/$1'],
    ['/a', 'b'],
    ['/a', '/b/../c'],
    ['/a', '/b?q'],
  ] as const) {
    assert.deepEqual(equal(match, replacement).rewrites, [], `${match} ${replacement}`)
  }
})

test('regular expressions are refused with the reason', () => {
  assert.match(
    read({ regexRules: [{ match: '^/(.*)$', replacement: '/' }] }).problems.join(),
    /error: `regexRules` are not carried over: a regular expression can take seconds/,
  )
})

test('an s.yaml may name its own variables and the properties of its resources', () => {
  const { node } = nodeOf(
    'vars: { a: one, b: "${vars.a}-two", n: 3, loop: "${vars.loop}!", o: { p: deep } }\nresources: { r: { props: { functionName: "${vars.b}" } } }\n' +
      'x: ["${vars.b}", "${resources.r.props.functionName}", "${vars.o.p}/${vars.n}", "${vars.none}", "${env(A)}", "${vars.constructor.name}", "${vars.o}"]',
  )
  const resolved = resolveReferences(node)
  assert.deepEqual(resolved.find('x')?.value, [
    'one-two',
    'one-two',
    'deep/3',
    '${vars.none}',
    '${env(A)}',
    '${vars.constructor.name}',
    '${vars.o}',
  ])
})
