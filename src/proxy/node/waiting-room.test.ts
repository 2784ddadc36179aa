import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WaitingRoom, type Guest } from './waiting-room.ts'

function guest(name: string, admitted: string[]): Guest {
  return { admitted: () => void admitted.push(name) }
}

test('guests are admitted in the order in which they came, and who gave up is passed over', () => {
  const room = new WaitingRoom(1, 10)
  const admitted: string[] = []
  const [a, b, c] = ['a', 'b', 'c'].map((name) => guest(name, admitted))
  assert.equal(room.enter(), true)
  assert.equal(room.enter(), false)
  for (const each of [a!, b!, c!]) assert.equal(room.wait(each), true)
  room.giveUp(b!)
  room.leave()
  room.leave()
  assert.deepEqual(admitted, ['a', 'c'])
  assert.equal(room.enter(), false)
  room.leave()
  assert.equal(room.enter(), true)
})

test('no more wait than the room holds', () => {
  const room = new WaitingRoom(0, 2)
  const admitted: string[] = []
  assert.equal(room.wait(guest('a', admitted)), true)
  assert.equal(room.wait(guest('b', admitted)), true)
  assert.equal(room.wait(guest('c', admitted)), false)
})

test('whatever happens, no more slots are taken than there are, and none is lost', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.constantFrom('come', 'leave', 'give up')),
      (slots, events) => {
        const room = new WaitingRoom(slots, 3)
        let inside = 0
        const waiting: Guest[] = []
        for (const event of events) {
          if (event === 'come') {
            const newcomer: Guest = {
              admitted: () => {
                inside++
                waiting.splice(waiting.indexOf(newcomer), 1)
              },
            }
            if (room.enter()) inside++
            else if (room.wait(newcomer)) waiting.push(newcomer)
          } else if (event === 'leave' && inside > 0) {
            inside--
            room.leave()
          } else if (event === 'give up') {
            const one = waiting.shift()
            if (one !== undefined) room.giveUp(one)
          }
          assert.ok(inside <= slots)
          assert.ok(waiting.length === 0 || inside === slots)
        }
      },
    ),
  )
})
