import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headerValues, isField } from './headers.ts'

test('field names are compared without case', () => {
  assert.ok(isField('Content-Type', 'content-type'))
  assert.ok(isField('content-type', 'content-type'))
  assert.ok(!isField('Content_Type', 'content-type'))
  assert.ok(!isField('Content-Typ', 'content-type'))
  // `@` and `[` differ from a backtick and a brace in one bit only, as letters of two cases do.
  assert.ok(!isField('x@', 'x`'))
  assert.ok(!isField('x[', 'x{'))
})

test('every value of a field is found, in order', () => {
  const headers = ['A', '1', 'b', '2', 'a', '', 'A', '3']
  assert.deepEqual(headerValues(headers, 'a'), ['1', '', '3'])
  assert.deepEqual(headerValues(headers, 'c'), [])
  assert.deepEqual(headerValues([], 'a'), [])
})

test('a value is never taken for a name', () => {
  assert.deepEqual(headerValues(['x', 'a', 'y', 'z'], 'a'), [])
})
