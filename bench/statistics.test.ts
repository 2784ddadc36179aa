import assert from 'node:assert/strict'
import { test } from 'node:test'
import { percentile, spread } from './statistics.ts'

test('the median of an odd number of rounds is the middle one, in whatever order they came', () => {
  assert.deepEqual(spread([9, 1, 5]), { median: 5, min: 1, max: 9 })
})

test('the median of an even number of rounds is the mean of the middle two', () => {
  assert.equal(spread([4, 1, 2, 100]).median, 3)
})

test('figures are compared as numbers and not as text', () => {
  assert.deepEqual(spread([10, 9, 100]), { median: 10, min: 9, max: 100 })
})

test('a spread of nothing is a bug', () => {
  assert.throws(() => spread([]))
})

test('a percentile is a value that was measured', () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1)
  assert.equal(percentile(values, 50), 50)
  assert.equal(percentile(values, 99), 99)
  assert.equal(percentile([7], 99), 7)
})
