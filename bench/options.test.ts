import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choose } from './choice.ts'
import { COMPARISONS, met } from './comparisons.ts'
import { readOptions } from './options.ts'
import { allRows } from './rows.ts'

const ENGINES = { default: 'node', all: ['node'] }
const TWO_ENGINES = { default: 'own', all: ['own', 'node'] }

test('without options the whole run has three rounds', () => {
  const options = readOptions([])
  assert.ok(options.ok && options.value !== 'help')
  assert.equal(options.value.rounds, 3)
  assert.equal(options.value.quick, false)
})

test('an unknown option, a word too many and a wrong number are told of', () => {
  assert.equal(readOptions(['--fast']).ok, false)
  assert.equal(readOptions(['rs256']).ok, false)
  assert.equal(readOptions(['--rounds', '0']).ok, false)
  assert.equal(readOptions(['--rounds', '1e9']).ok, false)
})

test('a row that does not exist is told of, with those that do', () => {
  const choice = choose(ENGINES, { only: new Set(['rs257']), quick: false })
  assert.ok(!choice.ok && choice.error.startsWith('`rs257` is none of direct, '))
})

test('the short run has main rows and no other parts', () => {
  const choice = choose(ENGINES, { only: undefined, quick: true })
  assert.ok(choice.ok && choice.value.parts.size === 0)
  assert.deepEqual(
    choice.value.rows.map(({ name }) => name),
    [
      'direct',
      'haproxy-plain',
      'haproxy-rs256',
      'haproxy-rs256-new',
      'haproxy-es256',
      'fastify-rs256',
      'rs256',
      'es256',
      'eddsa',
      'rs256-new',
    ],
  )
})

test('every engine that is not the default has a row of its own', () => {
  const has = (engines: typeof ENGINES): boolean =>
    allRows(engines).some(({ name }) => name === 'engine-node')
  assert.equal(has(ENGINES), false)
  assert.equal(has(TWO_ENGINES), true)
})

test('every comparison is between rows that exist, and no row has the name of another', () => {
  const names = allRows(TWO_ENGINES).map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  for (const { ours, theirs } of COMPARISONS) {
    assert.ok(names.includes(ours), ours)
    assert.ok(names.includes(theirs), theirs)
  }
})

test('a goal is met by the median: at least so much, or under so much', () => {
  const measured = { median: 2, min: 1, max: 3 }
  assert.equal(met({ what: '', measured, goal: { atLeast: 2 } }), true)
  assert.equal(met({ what: '', measured, goal: { atLeast: 2.1 } }), false)
  assert.equal(met({ what: '', measured, goal: { under: 2 } }), false)
  assert.equal(met({ what: '', measured }), undefined)
})
