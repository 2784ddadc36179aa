import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { PrefixIndex } from './prefix-index.ts'

/** Values of all prefixes of the text, from the longest, as the index finds them. */
function found<T>(index: PrefixIndex<T>, text: string): readonly T[] {
  const values: T[] = []
  for (let at = index.longest(text); at >= 0; at = index.shorter(at)) {
    assert.equal(index.firstOf(at), index.valuesOf(at)[0])
    values.push(...index.valuesOf(at))
  }
  return values
}

function naive(prefixes: readonly string[], text: string): readonly number[] {
  return prefixes
    .map((prefix, value) => ({ prefix, value }))
    .filter(({ prefix }) => text.startsWith(prefix))
    .toSorted((a, b) => b.prefix.length - a.prefix.length)
    .map(({ value }) => value)
}

function indexOf(prefixes: readonly string[]): PrefixIndex<number> {
  return new PrefixIndex(prefixes.map((prefix, value) => ({ prefix, value })))
}

test('an index of nothing finds nothing', () => {
  for (const text of ['', '/', 'a']) assert.deepEqual(found(indexOf([]), text), [])
})

test('the empty prefix is one of every text', () => {
  assert.deepEqual(found(indexOf(['']), ''), [0])
  assert.deepEqual(found(indexOf(['', 'a']), 'ab'), [1, 0])
})

test('a text that ends or differs within a label finds what stands above it', () => {
  const index = indexOf(['/a', '/abcdef', '/abcxyz'])
  for (const text of ['/ab', '/abc', '/abcd', '/abcdeX', '/abcxyX']) assert.deepEqual(found(index, text), [0])
  assert.deepEqual(found(index, '/abcdefg'), [1, 0])
  assert.deepEqual(found(index, '/'), [])
})

test('siblings are told apart, however many there are, up to the last character there is', () => {
  for (const count of [1, 8, 9, 64, 5000]) {
    const codes = Array.from({ length: count }, (_, i) => 0xffff - i * 13)
    const index = indexOf(codes.map((code) => `/${String.fromCharCode(code)}/x`))
    for (const [value, code] of codes.entries()) {
      assert.deepEqual(found(index, `/${String.fromCharCode(code)}/xyz`), [value])
      assert.deepEqual(found(index, `/${String.fromCharCode(code - 1)}/xyz`), [])
    }
  }
})

test('the index finds what a linear search finds', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\u00e9', '\ud83d', '\0'), maxLength: 12 })
  fc.assert(
    fc.property(fc.array(text, { maxLength: 40 }), fc.array(text, { maxLength: 20 }), (prefixes, texts) => {
      const index = indexOf(prefixes)
      for (const each of [...texts, ...prefixes]) assert.deepEqual(found(index, each), naive(prefixes, each))
    }),
    { numRuns: 3000 },
  )
})

test('a deep chain of branches is built and searched', () => {
  const prefixes = Array.from({ length: 2000 }, (_, depth) => `${'a'.repeat(depth)}b`)
  assert.deepEqual(found(indexOf(prefixes), `${'a'.repeat(1999)}bc`), [1999])
  assert.deepEqual(found(indexOf(prefixes), 'a'.repeat(5000)), [])
})
