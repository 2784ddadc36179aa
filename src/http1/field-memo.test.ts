import { equal } from 'node:assert/strict'
import { test } from 'node:test'

import { FieldMemo } from './field-memo.ts'

test('what was read of a block is given back for an equal block', () => {
  const memo = new FieldMemo<number>()
  memo.set('Host: a\r\n', 1)
  equal(memo.get(['Host: ', 'a\r\n'].join('')), 1)
})

test('a block that differs in any one character is another block', () => {
  const memo = new FieldMemo<number>()
  const block = 'Host: example.com\r\nAuthorization: Bearer abcdef\r\n'
  memo.set(block, 1)
  for (let i = 0; i < block.length; i++)
    equal(memo.get(`${block.slice(0, i)}\x00${block.slice(i + 1)}`), undefined)
  equal(memo.get(block), 1)
})

test('nothing is remembered of a block that was never set, nor of an empty one', () => {
  const memo = new FieldMemo<number>()
  equal(memo.get(''), undefined)
  equal(memo.get('Host: a\r\n'), undefined)
})

test('large blocks are not kept', () => {
  const memo = new FieldMemo<number>()
  const block = `a: ${'b'.repeat(5000)}\r\n`
  memo.set(block, 1)
  equal(memo.get(block), undefined)
})

const block = (i: number) => `x-id: ${i}\r\nx-more: ${'y'.repeat(i % 50)}\r\n`

test('a full table forgets and stays right', () => {
  const memo = new FieldMemo<number>()
  for (let i = 0; i < 5000; i++) memo.set(block(i), i)
  let kept = 0
  for (let i = 0; i < 5000; i++) {
    const value = memo.get(block(i))
    if (value !== undefined) kept++
    equal(value ?? i, i)
  }
  equal(kept > 0 && kept <= 256, true)
})
