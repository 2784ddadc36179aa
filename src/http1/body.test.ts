import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'

import { createBodyDecoder } from './body.ts'
import type { BodyFraming } from './framing.ts'
import { DEFAULT_HTTP_LIMITS } from './limits.ts'

const BYTES = Buffer.from('hello world')

test('a message without a body is done at once and takes nothing', () => {
  const { decoder, push } = start({ kind: 'none' })
  equal(decoder.done, true)
  deepEqual(push(0, 11), [0, ''])
  equal(decoder.finish(), undefined)
})

test('a length of zero is done at once', () => {
  equal(start({ kind: 'length', length: 0 }).decoder.done, true)
})

test('a body of a length takes so many bytes and leaves the rest', () => {
  const { decoder, push } = start({ kind: 'length', length: 7 })
  deepEqual(push(0, 5), [5, 'hello'])
  equal(decoder.done, false)
  deepEqual(push(5, 11), [2, ' w'])
  equal(decoder.done, true)
  deepEqual(push(7, 11), [0, ''])
  equal(decoder.finish(), undefined)
})

test('a body of a length that ends early is a problem', () => {
  const { decoder, push } = start({ kind: 'length', length: 12 })
  push(0, 11)
  equal(decoder.finish()?.reason, 'body-incomplete')
  deepEqual(push(0, 1), [0, ''])
  equal(decoder.done, false)
})

test('a body until the close takes everything and is completed by the end', () => {
  const { decoder, push } = start({ kind: 'until-close' })
  deepEqual(push(0, 11), [11, 'hello world'])
  equal(decoder.done, false)
  equal(decoder.finish(), undefined)
  equal(decoder.done, true)
  deepEqual(push(0, 1), [0, ''])
})

test('content is given as ranges of the bytes that were pushed, without a copy', () => {
  const ranges: [Buffer, number, number][] = []
  const decoder = createBodyDecoder({ kind: 'chunked' }, DEFAULT_HTTP_LIMITS)
  const bytes = Buffer.from('3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nnext')
  const consumed = decoder.push(bytes, 0, bytes.length, { data: (...range) => void ranges.push(range) })
  deepEqual(
    ranges.map(([, from, to]) => [from, to]),
    [
      [3, 6],
      [11, 13],
    ],
  )
  equal(
    ranges.every(([buffer]) => buffer === bytes),
    true,
  )
  equal(bytes.toString('latin1', consumed), 'next')
})

test('an empty range gives nothing to the sink', () => {
  for (const framing of [
    { kind: 'length', length: 5 },
    { kind: 'chunked' },
    { kind: 'until-close' },
  ] as const) {
    const decoder = createBodyDecoder(framing, DEFAULT_HTTP_LIMITS)
    equal(decoder.push(BYTES, 3, 3, { data: () => equal(1, 2) }), 0)
  }
})

function start(framing: BodyFraming) {
  const decoder = createBodyDecoder(framing, DEFAULT_HTTP_LIMITS)
  const push = (from: number, to: number): [number, string] => {
    let text = ''
    const taken = decoder.push(BYTES, from, to, {
      data: (bytes, a, b) => void (text += bytes.toString('latin1', a, b)),
    })
    return [taken, text]
  }
  return { decoder, push }
}
