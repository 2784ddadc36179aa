import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReadBuffer } from './read-buffer.ts'

/** Reads so many bytes of one kind into the buffer, as a socket does, and keeps them all. */
function keepRead(buffer: ReadBuffer, length: number, byte: number): Buffer {
  const bytes = buffer.next()
  bytes.fill(byte, 0, length)
  return buffer.keep(bytes, 0, length)
}

for (const length of [1, 42, 32_768, 32_769, 65_536]) {
  test(`a part of ${length} bytes that was kept stays as it was, whatever is read later`, () => {
    const buffer = new ReadBuffer()
    const kept = [1, 2, 3, 4].map((byte) => keepRead(buffer, length, byte))
    keepRead(buffer, 65_536, 5)
    keepRead(new ReadBuffer(), 65_536, 6)
    for (const [i, piece] of kept.entries()) assert.ok(piece.equals(Buffer.alloc(length, i + 1)))
  })
}

test('several parts of one read are kept, small and large', () => {
  const buffer = new ReadBuffer()
  keepRead(buffer, 60_000, 9)
  const bytes = buffer.next()
  bytes.fill(1, 0, 100).fill(2, 100, 60_000)
  const [small, large] = [buffer.keep(bytes, 50, 150), buffer.keep(bytes, 150, 60_000)]
  keepRead(buffer, 60_000, 3)
  assert.ok(small.equals(Buffer.concat([Buffer.alloc(50, 1), Buffer.alloc(50, 2)])))
  assert.ok(large.equals(Buffer.alloc(59_850, 2)))
})

test('sockets that bring little share their memory', () => {
  const [one, other] = [new ReadBuffer(), new ReadBuffer()]
  keepRead(one, 32_768, 1)
  assert.ok(one.next() === other.next())
})

test('a socket that brings much has memory of its own, which nobody else is given, until it brings little again', () => {
  const [one, other] = [new ReadBuffer(), new ReadBuffer()]
  keepRead(one, 40_000, 1)
  const own = one.next()
  assert.notEqual(own, other.next())
  const kept = one.keep(own, 0, 40_000)
  assert.equal(kept.buffer, own.buffer, 'lent and not copied')
  assert.ok(one.next() !== own)
  keepRead(one, 100, 1)
  assert.ok(one.next() === other.next())
})

test('a socket whose large body is over has no memory of its own while it is idle', () => {
  const shared = new ReadBuffer().next()
  for (const lent of [false, true]) {
    const { buffer, own } = inLargeBody()
    const kept = buffer.keep(own.fill(2, 0, 40_000), 0, 40_000)
    if (!lent) buffer.giveBack()
    buffer.rest()
    assert.ok(buffer.next() === shared)
    keepRead(buffer, 65_536, 3)
    keepRead(buffer, 65_536, 3)
    assert.ok(!lent || kept.equals(Buffer.alloc(40_000, 2)))
  }
})

test('memory of its own is used again where nothing of it was kept', () => {
  const buffer = new ReadBuffer()
  keepRead(buffer, 40_000, 1)
  const own = buffer.next()
  buffer.keep(own, 0, 100)
  buffer.keep(own, 0, 40_000)
  assert.ok(buffer.next() !== own)
})

/** A socket that is in the middle of a large body, and its memory. */
function inLargeBody(): { readonly buffer: ReadBuffer; readonly own: Buffer } {
  const buffer = new ReadBuffer()
  keepRead(buffer, 40_000, 1)
  return { buffer, own: buffer.next() }
}

test('memory that was lent and given back at once is read into again', () => {
  const { buffer, own } = inLargeBody()
  for (let round = 0; round < 5; round++) {
    buffer.keep(own, 0, 40_000)
    buffer.giveBack()
    assert.ok(buffer.next() === own)
  }
})

test('memory that was lent and given back later is read into again, by whoever needs some next', () => {
  const { buffer, own } = inLargeBody()
  const held = buffer.keep(own.fill(1), 0, 40_000)
  const second = buffer.next()
  assert.notEqual(second, own)
  buffer.keep(second.fill(2), 0, 40_000)
  assert.ok(![own, second].includes(buffer.next()), 'both are with the reader')
  assert.ok(held.equals(Buffer.alloc(40_000, 1)))
  keepRead(buffer, 40_000, 2)
  buffer.giveBack()
  const spare = [inLargeBody().own, inLargeBody().own]
  assert.ok(spare.includes(own) && spare.includes(second))
})

test('what the reader before has is never given back, not even by the next one', () => {
  const { buffer, own } = inLargeBody()
  buffer.keep(own, 0, 40_000)
  const second = buffer.next()
  buffer.keep(second, 0, 40_000)
  buffer.begin()
  // The body of the next one begins in the same read.
  buffer.keep(second, 40_000, 40_100)
  buffer.giveBack()
  buffer.next()
  const others = Array.from({ length: 20 }, () => inLargeBody().own)
  assert.ok(!others.includes(own) && !others.includes(second))
})

test('readers that never give anything back cost no more than what they have', () => {
  const { buffer, own } = inLargeBody()
  const kept: Buffer[] = []
  for (let memory = own, byte = 1; byte <= 20; memory = buffer.next(), byte++) {
    memory.fill(byte)
    kept.push(buffer.keep(memory, 0, 65_536))
  }
  for (const [i, piece] of kept.entries()) assert.ok(piece.equals(Buffer.alloc(65_536, i + 1)))
})

test('bytes that were kept before are not copied again', () => {
  const buffer = new ReadBuffer()
  const kept = keepRead(buffer, 100, 1)
  assert.equal(buffer.keep(kept, 10, 20).buffer, kept.buffer)
})

test('what was read goes to whoever takes it, from the memory that the socket was given last', () => {
  const taken: string[] = []
  const reads = new ReadBuffer()
  const { buffer, callback } = reads.onread((bytes, length) => {
    taken.push(`${bytes[0]} ${length}`)
    reads.keep(bytes, 0, length)
    return taken.length < 4
  })
  assert.ok(typeof buffer === 'function')
  const given: unknown[] = [buffer()]
  const goesOn = [100, 40_000, 40_000, 10].map((length, byte) => {
    const memory = given.findLast((each) => each !== undefined)
    assert.ok(memory instanceof Uint8Array)
    memory.fill(byte)
    const goes = callback(length, memory)
    given.push(buffer())
    return goes
  })
  assert.deepEqual(goesOn, [true, true, true, false])
  assert.deepEqual(taken, ['0 100', '1 40000', '2 40000', '3 10'])
  // Nothing where it reads on into the same; then memory of its own, another where that is kept, and what all share.
  const kinds = given.map((each) => given.indexOf(each))
  assert.deepEqual([given[1], kinds], [undefined, [0, 1, 2, 3, 0]])
})
