import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'

import { parseContentLength } from './content-length.ts'

test('a plain decimal number is a length (RFC 9110 §8.6)', () => {
  for (const length of [0, 1, 42, 1_000_000, Number.MAX_SAFE_INTEGER]) {
    deepEqual(parseContentLength(String(length)), { ok: true, value: length })
  }
})

test('a length past 2^53 - 1 is too large to count, however long its digits are', () => {
  for (const text of ['9007199254740992', '18446744073709551616', '9'.repeat(400)]) {
    equal(reason(text), 'content-length-too-large')
  }
})

test('signs, spaces, lists, other bases, leading zeros and nothing are no lengths', () => {
  const texts = [
    '',
    '+1',
    '-1',
    ' 1',
    '1 ',
    '1,1',
    '0x1',
    '1.0',
    '1e1',
    '01',
    '00',
    '1_0',
    '\u0661',
    'Infinity',
    'NaN',
  ]
  for (const text of texts) equal(reason(text), 'content-length', text)
})

function reason(text: string): string | undefined {
  const length = parseContentLength(text)
  return length.ok ? undefined : length.error.reason
}
