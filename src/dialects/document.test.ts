import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Problem } from '../errors/problem.ts'
import { readDocuments, type SourceDocument } from './document.ts'

function read(text: string): { documents: SourceDocument[]; problems: Problem[] } {
  const problems: Problem[] = []
  return { documents: readDocuments('a.yaml', text, problems), problems }
}

describe('a document', () => {
  const { documents } = read('a:\n  - b: 1\n  - c: 2\n\n    "d e": {f: [1,\n      2]}\nempty:\n')
  const [document] = documents

  it('has the value of the YAML', () => {
    assert.deepEqual(document?.value, { a: [{ b: 1 }, { c: 2, 'd e': { f: [1, 2] } }], empty: null })
  })

  it('knows the line of each member, item and nested value', () => {
    const lines = (
      [[], ['a'], ['a', 0], ['a', 1, 'c'], ['a', 1, 'd e'], ['a', 1, 'd e', 'f', 1], ['empty']] as const
    ).map((path) => document?.line(path))
    assert.deepEqual(lines, [1, 1, 2, 3, 5, 6, 7])
  })

  it('answers with the nearest ancestor for what does not exist', () => {
    assert.equal(document?.line(['a', 1, 'x', 'y', 3]), 3)
    assert.equal(document?.line(['nothing']), 1)
  })

  it('finds a line within a literal block, and the block itself for every other text', () => {
    const [block] = read('x: 1\na: |\n  one\n  two\n  three\nb: "one\n  two"\n').documents
    assert.equal(block?.lineInText(['a'], 0), 3)
    assert.equal(block?.lineInText(['a'], 'one\ntwo\nth'.length), 5)
    assert.equal(block?.lineInText(['b'], 5), 6)
  })
})

describe('reading documents', () => {
  it('reads JSON, and several documents of one file with their own lines', () => {
    assert.deepEqual(read('{"a": [1, null]}').documents[0]?.value, { a: [1, null] })
    const { documents } = read('a: 1\n---\nb: 2\n')
    assert.deepEqual(
      documents.map(({ value }) => value),
      [{ a: 1 }, { b: 2 }],
    )
    assert.equal(documents[1]?.line(['b']), 3)
  })

  it('takes yes, no, on and off for text, as YAML 1.2 does', () => {
    assert.deepEqual(read('[yes, off, 1_000, 0o7, 2026-01-01]').documents[0]?.value, [
      'yes',
      'off',
      '1_000',
      7,
      '2026-01-01',
    ])
  })

  it('refuses a name that stands twice, in YAML and in JSON', () => {
    for (const text of ['a: 1\nb: 2\na: 3\n', '{"a": 1,\n "b": 2,\n "a": 3}', 'x: {a: 1,\n\n a: 2}']) {
      const { documents, problems } = read(text)
      assert.deepEqual(
        [documents.length, problems[0]?.line, problems[0]?.message],
        [0, 3, 'this name stands twice at one level'],
      )
    }
  })

  it('reports errors of syntax in its own words, without the text that they are about', () => {
    const secrets = [
      'pem: -----BEGIN X-----\nTOPSECRET\n: y',
      'a: "TOPSECRET',
      'a: [TOPSECRET',
      'a: "\\qTOPSECRET"',
      'a: *TOPSECRET',
      '\ta: TOPSECRET',
      'a: @TOPSECRET',
    ]
    for (const text of secrets) {
      const { documents, problems } = read(text)
      assert.equal(documents.length, 0, text)
      assert.ok(problems.length > 0, text)
      assert.ok(!JSON.stringify(problems).includes('TOPSECRET'), text)
    }
  })

  it('reports a few errors of a broken file, not thousands', () => {
    assert.ok(read('"\n'.repeat(10_000)).problems.length <= 10)
  })

  it('refuses aliases that expand to themselves or to too much', () => {
    const bomb = Array.from(
      { length: 12 },
      (_, i) =>
        `b${i}: &b${i} [${Array.from({ length: 9 }, () => (i === 0 ? '1' : `*b${i - 1}`)).join(', ')}]`,
    )
    for (const text of ['a: &a [*a]', 'a: &a { b: { c: *a } }', bomb.join('\n')]) {
      const { documents, problems } = read(text)
      assert.equal(documents.length, 0)
      assert.match(problems[0]?.message ?? '', /aliases expand/)
    }
    assert.deepEqual(read('a: &a {b: 1}\nc: *a\nd: *a').documents[0]?.value, {
      a: { b: 1 },
      c: { b: 1 },
      d: { b: 1 },
    })
  })

  it('keeps a member named __proto__ a member', () => {
    const value = read('__proto__: { polluted: 1 }').documents[0]?.value
    assert.deepEqual(Object.keys(value as object), ['__proto__'])
    assert.equal(Reflect.get({}, 'polluted'), undefined)
  })

  it('refuses what is too large or nests too deep before it is parsed', () => {
    assert.match(read('x'.repeat(4 * 1024 * 1024 + 1)).problems[0]?.message ?? '', /larger than 4 MiB/)
    assert.match(read('['.repeat(101)).problems[0]?.message ?? '', /nests deeper/)
    assert.match(read('- '.repeat(101)).problems[0]?.message ?? '', /nests deeper/)
    assert.equal(read(`${'['.repeat(100)}${']'.repeat(100)}`).documents.length, 1)
  })
})
