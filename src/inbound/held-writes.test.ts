import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { writeGathered, writeText } from './gathered-write.ts'

/** A socket that keeps what reaches it, one entry for each write. */
function recorder(log: string[], name = ''): Writable {
  return new Writable({
    decodeStrings: false,
    write(piece: string | Buffer, _encoding, done) {
      log.push(name + (typeof piece === 'string' ? piece : piece.toString('latin1')))
      done()
    },
  })
}

test('what several sockets write in one turn leaves at its end, each in its order', async () => {
  const log: string[] = []
  const [a, b] = [recorder(log, 'a'), recorder(log, 'b')]
  writeText(a, '1')
  writeText(b, '1')
  writeText(a, '2')
  assert.deepEqual(log, [])
  await nextTurn()
  assert.deepEqual(log, ['a1', 'a2', 'b1'])
})

test('many sockets do not wait for each other: thirty-two at most are held', async () => {
  const log: string[] = []
  for (let i = 0; i < 70; i++) writeText(recorder(log), String(i))
  assert.equal(log.length, 64)
  await nextTurn()
  assert.deepEqual(
    log,
    Array.from({ length: 70 }, (_, index) => String(index)),
  )
})

test('a large piece leaves at once, and never before what was written before it', async () => {
  const log: string[] = []
  const large = Buffer.alloc(5000, 'x')
  const free = recorder(log)
  writeGathered(free, '', large, '')
  assert.equal(log.length, 1)
  const holding = recorder(log)
  writeText(holding, 'head')
  writeGathered(holding, '', large, '')
  await nextTurn()
  assert.deepEqual(
    log.map((text) => text.length),
    [5000, 4, 5000],
  )
})

test('the end of a socket comes after what it holds, and one that is destroyed disturbs nobody', async () => {
  const log: string[] = []
  const [ended, destroyed, other] = [recorder(log, 'a'), recorder(log, 'b'), recorder(log, 'c')]
  for (const socket of [ended, destroyed, other]) writeText(socket, '1')
  ended.end('2')
  assert.deepEqual(log, ['a1', 'a2'])
  destroyed.destroy()
  await nextTurn()
  assert.deepEqual(log, ['a1', 'a2', 'c1'])
})

test('a full socket says so while it holds', () => {
  const socket = new Writable({ highWaterMark: 4, decodeStrings: false, write: () => undefined })
  assert.equal(writeText(socket, 'abc'), true)
  assert.equal(writeText(socket, 'def'), false)
})
