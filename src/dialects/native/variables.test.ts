import assert from 'node:assert/strict'
import { test } from 'node:test'
import { briefly, nodeOf } from '../../../test/support/dialects.ts'
import { expandVariables } from './variables.ts'

const ENVIRONMENT = { A: 'one', EMPTY: '', YAML: 'x: [1' }

function expand(yaml: string): { value: unknown; problems: readonly string[] } {
  const { node, problems } = nodeOf(yaml)
  return { value: expandVariables(node, ENVIRONMENT).value, problems: briefly(problems) }
}

test('variables stand in texts wherever these are, and in no names', () => {
  const { value } = expand('a: "<${A}>"\nb: ["${A}${A}", { c: "${A}" }]\n"${A}": 1\n')
  assert.deepEqual(value, { a: '<one>', b: ['oneone', { c: 'one' }], '${A}': 1 })
})

test('a default stands in for what is not set or empty', () => {
  const { value } = expand(
    '["${B:-two}", "${EMPTY:-two}", "${EMPTY}", "${B:-}", "${A:-two}", "${B:-http://h:1}"]',
  )
  assert.deepEqual(value, ['two', 'two', '', '', 'one', 'http://h:1'])
})

test('two dollars are one, and other dollars are left alone', () => {
  assert.deepEqual(expand('["$${A}", "$A", "$1", "100$", "a$b{c}"]').value, [
    '${A}',
    '$A',
    '$1',
    '100$',
    'a$b{c}',
  ])
})

test('what comes out is text, and read no further', () => {
  assert.deepEqual(expand('["${YAML}"]').value, ['x: [1'])
  assert.deepEqual(expand('["${B:-$${A}"]').value, ['$${A'], 'the first brace ends the default')
})

test('a variable that is not set, and a brace that opens none, are errors', () => {
  const { problems } = expand('a: "${MISSING}"\nb: "${1x}"\nc: "${A"\nd: "${}"\ne: "${constructor}"\n')
  assert.deepEqual(problems, [
    '1 error: the environment variable `MISSING` is not set',
    '2 error: `b` holds a `${` that is no variable',
    '3 error: `c` holds a `${` that is no variable',
    '4 error: `d` holds a `${` that is no variable',
    '5 error: the environment variable `constructor` is not set',
  ])
})
