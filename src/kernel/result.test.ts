import assert from 'node:assert/strict'
import { test } from 'node:test'
import { err, ok, type Result } from './result.ts'

test('a result holds either a value or an error, told apart by `ok`', () => {
  const results: readonly Result<number, string>[] = [ok(1), err('no')]
  assert.deepEqual(
    results.map((result) => (result.ok ? result.value : result.error)),
    [1, 'no'],
  )
})
