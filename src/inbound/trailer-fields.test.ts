import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowedTrailers } from './trailer-fields.ts'

test('fields that frame, route, authenticate or set a cookie do not come after the body', () => {
  for (const name of [
    'Content-Length',
    'TRANSFER-ENCODING',
    'Host',
    'Authorization',
    'set-cookie',
    'Trailer',
  ]) {
    assert.deepEqual(allowedTrailers([name, 'x', 'X-Sum', '1']), [['X-Sum', '1']])
  }
})

test('a trailer without a value is dropped', () => {
  assert.deepEqual(allowedTrailers(['X-Sum']), [])
})
