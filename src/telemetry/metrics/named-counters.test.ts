import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NamedCounters } from './named-counters.ts'

function counted(counters: NamedCounters): Readonly<Record<string, number>> {
  const found: Record<string, number> = {}
  counters.each((name, column, count) => (found[`${name} ${column}`] = count))
  return found
}

test('names beyond the bound are counted together', () => {
  const counters = new NamedCounters(2, 2)
  counters.follow(['a', 'b', 'c', 'd'])
  for (const name of ['a', 'b', 'c', 'd', 'never heard of']) counters.add(name, 1)
  assert.deepEqual(counted(counters), { 'a 1': 1, 'b 1': 1, 'other 1': 3 })
})

test('a name that stays keeps its count, one that goes is forgotten, one that comes begins at zero', () => {
  const counters = new NamedCounters(1, 10)
  counters.follow(['stays', 'goes'])
  counters.add('stays', 0)
  counters.add('goes', 0)
  counters.follow(['stays', 'comes'])
  counters.add('stays', 0)
  counters.add('comes', 0)
  counters.add('goes', 0)
  assert.deepEqual(counted(counters), { 'stays 0': 2, 'comes 0': 1, 'other 0': 1 })
})

test('a part of the configuration that is called `other` is counted with the others, in one series', () => {
  const counters = new NamedCounters(1, 2)
  counters.follow(['other', 'a', 'b'])
  for (const name of ['other', 'a', 'b']) counters.add(name, 0)
  assert.deepEqual(counted(counters), { 'a 0': 1, 'other 0': 2 })
})

test('a column that there is not changes nothing', () => {
  const counters = new NamedCounters(2, 2)
  counters.follow(['a'])
  counters.add('a', 2)
  counters.add('a', 9)
  assert.deepEqual(counted(counters), {})
})

test('however often the names change, no more are held than the bound', () => {
  const counters = new NamedCounters(1, 100)
  for (let round = 0; round < 50; round++) {
    const names = Array.from({ length: 200 }, (_, index) => `${round}.${index}`)
    counters.follow(names)
    for (const name of names) counters.add(name, 0)
  }
  assert.equal(Object.keys(counted(counters)).length, 101)
})
