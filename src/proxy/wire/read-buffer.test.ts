import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReadBuffer } from './read-buffer.ts'

/** Reads so many bytes of one kind into the buffer, as a socket does. */
function read(buffer: ReadBuffer, length: number, byte: number): Buffer {
  return buffer.next().subarray(0, length).fill(byte)
}

for (const length of [1, 42, 32_768, 32_769, 65_536]) {
  test(`a part of ${length} bytes that was kept stays as it was, whatever is read later`, () => {
    const buffer = new ReadBuffer()
    const kept = buffer.keep(read(buffer, length, 1), 0, length)
    const second = buffer.keep(read(buffer, length, 2), 0, length)
    read(buffer, 65_536, 3)
    assert.deepEqual(kept, Buffer.alloc(length, 1))
    assert.deepEqual(second, Buffer.alloc(length, 2))
  })
}

test('several parts of one read are kept, small and large', () => {
  const buffer = new ReadBuffer()
  const bytes = read(buffer, 60_000, 1)
  bytes.fill(2, 100)
  const [small, large] = [buffer.keep(bytes, 50, 150), buffer.keep(bytes, 150, 60_000)]
  read(buffer, 60_000, 3)
  assert.deepEqual(small, Buffer.concat([Buffer.alloc(50, 1), Buffer.alloc(50, 2)]))
  assert.deepEqual(large, Buffer.alloc(59_850, 2))
})

test('the same memory is used again where little was read', () => {
  const buffer = new ReadBuffer()
  const first = buffer.next()
  buffer.keep(first, 0, 100)
  assert.equal(buffer.next(), first)
  buffer.keep(first, 0, 40_000)
  assert.notEqual(buffer.next(), first)
})
