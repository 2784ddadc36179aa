import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { PathIndex } from './path-index.ts'
import { matchesPath, parsePathPattern } from './path-pattern.ts'

function indexOf(...paths: string[]): PathIndex<string> {
  return new PathIndex(paths.map((path) => ({ path, value: path })))
}

/** How long twenty thousand look-ups of one path take, at best. */
function timeMs(index: PathIndex<number>, path: string): number {
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < 5; run++) {
    const started = performance.now()
    let found = 0
    for (let i = 0; i < 20_000; i++) found += index.find(path) ?? 0
    assert.ok(found > 0)
    best = Math.min(best, performance.now() - started)
  }
  return best
}

test('the exact path comes first, then prefixes from the longest', () => {
  const index = indexOf('*', '/a*', '/a/b', '/a/*', '/a/b*')
  assert.deepEqual(index.all('/a/b'), ['/a/b', '/a/b*', '/a/*', '/a*', '*'])
  assert.equal(index.find('/a/b'), '/a/b')
  assert.equal(index.find('/a/c'), '/a/*')
  assert.equal(index.find('/z'), '*')
})

test('values of one pattern keep their order', () => {
  const index = new PathIndex([1, 2, 3].map((value) => ({ path: value === 2 ? '/a*' : '/a', value })))
  assert.deepEqual(index.all('/a'), [1, 3, 2])
})

test('nothing is found where nothing matches', () => {
  assert.equal(indexOf().find('/'), undefined)
  assert.deepEqual(indexOf('/abc*', '/abd').all('/ab'), [])
  assert.deepEqual(indexOf('/abc*', '/abd*').all('/ab'), [])
})

test('paths are compared with escapes and characters as one', () => {
  assert.equal(indexOf('/odata/$metadata').find('/odata/%24metadata'), '/odata/$metadata')
  assert.equal(indexOf('/users/%40*').find('/users/@me'), '/users/%40*')
})

test('a pattern that configuration should have refused is a bug', () => {
  assert.throws(() => indexOf('/a*b'))
  assert.throws(() => indexOf('a'))
})

test('the index finds what a linear search finds', () => {
  const text = fc
    .array(fc.constantFrom('/', 'a', 'b', 'ab', '$', '%24', 'c'), { maxLength: 7 })
    .map((parts) => `/${parts.join('')}`)
  const pattern = fc
    .oneof(
      text,
      text.map((path) => `${path}*`),
      fc.constantFrom('*', '/*'),
    )
    .filter((path) => !path.includes('//'))
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 30 }), text, (patterns, path) => {
      const index = new PathIndex(patterns.map((each, value) => ({ path: each, value })))
      const parsed = patterns.map((each, value) => {
        const result = parsePathPattern(each)
        assert.ok(result.ok)
        return { pattern: result.value, value }
      })
      const expected = parsed
        .filter((each) => matchesPath(each.pattern, path))
        .toSorted((a, b) =>
          a.pattern.kind === b.pattern.kind
            ? b.pattern.path.length - a.pattern.path.length
            : a.pattern.kind === 'exact'
              ? -1
              : 1,
        )
        .map(({ value }) => value)
      assert.deepEqual(index.all(path), expected)
      assert.equal(index.find(path), expected[0])
    }),
    { numRuns: 2000 },
  )
})

test('a long chain of nested prefixes is built and searched', () => {
  const index = new PathIndex(
    Array.from({ length: 4000 }, (_, depth) => ({ path: `/${'a'.repeat(depth)}*`, value: depth })),
  )
  assert.equal(index.find(`/${'a'.repeat(8000)}`), 3999)
  assert.equal(index.all('/aaa').length, 4)
})

test('a look-up in a hundred thousand patterns costs about what one in ten does', () => {
  const many = new PathIndex(
    Array.from({ length: 100_000 }, (_, i) => ({
      path: `/api/v${i % 100}/r${i}/${i % 2 ? '*' : 'x'}`,
      value: i,
    })),
  )
  const few = new PathIndex(
    Array.from({ length: 10 }, (_, i) => ({ path: `/api/v${i}/r${i}/${i % 2 ? '*' : 'x'}`, value: i })),
  )
  const ratio = timeMs(many, '/api/v77/r77777/abc') / timeMs(few, '/api/v7/r7/abc')
  assert.ok(ratio < 30, `ratio ${ratio}`)
})
