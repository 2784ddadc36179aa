import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { spellingOf } from './field-name.ts'

test('all spellings of one name that servers take for one are one', () => {
  for (const name of ['X-User-Id', 'x_user_id', 'X.USER ID', 'x-user-id', 'x~user!id', 'ｘ-user-id']) {
    assert.equal(spellingOf(name), 'x-user-id', name)
  }
  assert.equal(spellingOf('to\u212Aen'), 'token')
  assert.equal(spellingOf('u\u017Fer'), 'user')
})

test('different names stay different', () => {
  const names = ['x-user', 'xuser', 'x-user-', 'x--user', 'user', 'user1']
  assert.equal(new Set(names.map((name) => spellingOf(name))).size, names.length)
})

test('a spelling is its own spelling', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const spelling = spellingOf(name)
      assert.match(spelling, /^[a-z0-9-]*$/)
      assert.equal(spellingOf(spelling), spelling)
    }),
  )
})
