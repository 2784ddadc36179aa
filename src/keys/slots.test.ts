import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { FetchSlots } from './slots.ts'

test('slots are given in the order of asking, and never more than there are', async () => {
  const slots = new FetchSlots(2)
  const began: number[] = []
  const ends: (() => void)[] = []
  const begin = async (i: number): Promise<void> => {
    const free = await slots.take()
    began.push(i)
    ends.push(free)
  }
  for (let i = 0; i < 6; i++) void begin(i)
  await turn()
  assert.deepEqual(began, [0, 1])
  for (const expected of [
    [0, 1, 2],
    [0, 1, 2, 3],
    [0, 1, 2, 3, 4],
    [0, 1, 2, 3, 4, 5],
  ]) {
    ends.shift()?.()
    await turn()
    assert.deepEqual(began, expected)
  }
  for (const end of ends) end()
  // Both are free again, and no third.
  const taken = await Promise.all([slots.take(), slots.take()])
  void begin(6)
  await turn()
  assert.equal(began.includes(6), false)
  taken[0]()
  await turn()
  assert.equal(began.includes(6), true)
})

test('those that failed before have half of the slots, and the others all that are left', async () => {
  const slots = new FetchSlots(4)
  const taken: string[] = []
  const frees = new Map<string, () => void>()
  const take = async (name: string, hasFailed: boolean): Promise<void> => {
    frees.set(name, await slots.take(hasFailed))
    taken.push(name)
  }
  const all = [1, 2, 3].map((n) => take(`failed ${n}`, true))
  all.push(take('good 1', false), take('good 2', false))
  await turn()
  assert.deepEqual(taken.toSorted(), ['failed 1', 'failed 2', 'good 1', 'good 2'])
  frees.get('good 1')!()
  await turn()
  assert.equal(taken.length, 4)
  frees.get('failed 1')!()
  await turn()
  assert.equal(taken.at(-1), 'failed 3')
  await Promise.all(all)
})
