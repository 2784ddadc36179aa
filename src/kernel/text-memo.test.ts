import { equal } from 'node:assert/strict'
import { test } from 'node:test'

import { TextMemo } from './text-memo.ts'

const SIZE = { slots: 256, maxLength: 4096 }

test('what was read of a text is given back for an equal text', () => {
  const memo = new TextMemo<number>(SIZE)
  memo.set('Host: a\r\n', 1)
  equal(memo.get(['Host: ', 'a\r\n'].join('')), 1)
})

test('a text that differs in any one character is another text', () => {
  const memo = new TextMemo<number>(SIZE)
  const text = 'Host: example.com\r\nAuthorization: Bearer abcdef\r\n'
  memo.set(text, 1)
  for (let i = 0; i < text.length; i++)
    equal(memo.get(`${text.slice(0, i)}\x00${text.slice(i + 1)}`), undefined)
  equal(memo.get(text), 1)
})

test('nothing is remembered of a text that was never set, nor of an empty one', () => {
  const memo = new TextMemo<number>(SIZE)
  equal(memo.get(''), undefined)
  equal(memo.get('Host: a\r\n'), undefined)
})

test('long texts are not kept', () => {
  const memo = new TextMemo<number>(SIZE)
  const text = `a: ${'b'.repeat(5000)}\r\n`
  memo.set(text, 1)
  equal(memo.get(text), undefined)
})

const text = (i: number) => `x-id: ${i}\r\nx-more: ${'y'.repeat(i % 50)}\r\n`

test('a full table forgets and stays right', () => {
  const memo = new TextMemo<number>(SIZE)
  for (let i = 0; i < 5000; i++) memo.set(text(i), i)
  let kept = 0
  for (let i = 0; i < 5000; i++) {
    const value = memo.get(text(i))
    if (value !== undefined) kept++
    equal(value ?? i, i)
  }
  equal(kept > 0 && kept <= 256, true)
})
