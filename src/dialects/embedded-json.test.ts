import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { briefly, nodeOf } from '../../test/support/dialects.ts'
import { embeddedJson } from './embedded-json.ts'
import type { SourceNode } from './source-node.ts'

function embed(yaml: string): { inner: SourceNode | undefined; problems: readonly string[] } {
  const { node, problems } = nodeOf(yaml)
  const outer = node.find('a')
  const inner = outer === undefined ? undefined : embeddedJson(outer, outer.text() ?? '')
  inner?.find('x')?.error('wrong')
  return { inner, problems: briefly(problems) }
}

describe('JSON inside a string', () => {
  it('is read, and its problems stand on the lines of the file where it is a literal block', () => {
    const { inner, problems } = embed('b: 1\na: |\n  {\n    "y": 1,\n    "x": [2]\n  }\n')
    assert.deepEqual(inner?.value, { y: 1, x: [2] })
    assert.deepEqual(problems, ['5 error: wrong'])
  })

  it('has the line of the string where it is anything else', () => {
    assert.deepEqual(embed('b: 1\na: \'{"y": 1, "x": [2]}\'\n').problems, ['2 error: wrong'])
    assert.deepEqual(embed('b: 1\na: "{\\n\\"x\\": [2]}"\n').problems, ['2 error: wrong'])
  })

  it('is strict JSON, with the line of the mistake', () => {
    assert.deepEqual(embed('a: |\n  {\n    "x": 1,\n  }\n').problems, [
      '4 error: `a` is not valid JSON: a member name in double quotes is expected',
    ])
    assert.match(embed('a: \'{"x": 1, "x": 2}\'').problems[0] ?? '', /stands twice/)
  })

  it('says which value of which key is broken by line breaks, and where', () => {
    const text = 'a: |\n  {"keys": [{\n   "n": "ab\n  cd",\n   "kid": "one"}, {"kid": "two", "n": "ab"}]}\n'
    assert.deepEqual(embed(text).problems, [
      '3 error: the value of `n` in key `one` is broken by line breaks or spaces',
    ])
    assert.deepEqual(embed('a: |\n  {"n": "a\n  b"}\n').problems, [
      '2 error: the value of `n` is broken by line breaks or spaces',
    ])
  })

  it('tells PEM from JSON without repeating it', () => {
    const { problems } = embed('a: "-----BEGIN PRIVATE KEY-----\\nTOPSECRET"')
    assert.deepEqual(problems, ['1 error: `a` is PEM, not JSON'])
  })

  it('can stand in a string that stands in a string', () => {
    const { node, problems } = nodeOf(JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ c: 1 }) }) }))
    const a = node.find('a')
    const b = a === undefined ? undefined : embeddedJson(a, a.text() ?? '')?.find('b')
    const c = b === undefined ? undefined : embeddedJson(b, b.text() ?? '')?.find('c')
    c?.warning('here')
    assert.deepEqual(briefly(problems), ['1 warning: here'])
  })
})
