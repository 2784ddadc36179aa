import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RestartBudget } from './restart-budget.ts'

test('a worker that ended now and then is replaced at once', () => {
  const budget = new RestartBudget()
  for (let nowMs = 0; nowMs < 100_000; nowMs += 1000) assert.equal(budget.take(nowMs), 0)
})

test('eight are replaced at once together, and then one each second', () => {
  const budget = new RestartBudget()
  const waits = Array.from({ length: 12 }, () => budget.take(5000))
  assert.deepEqual(waits, [0, 0, 0, 0, 0, 0, 0, 0, 1000, 2000, 3000, 4000])
})

test('whatever ends, and however fast, starts are no more than the burst and one a second', () => {
  const budget = new RestartBudget()
  let nowMs = 0
  let starts = 0
  while (nowMs < 60_000) {
    // Each worker ends 50 ms after its start.
    nowMs += budget.take(nowMs) + 50
    starts++
  }
  assert.ok(starts <= 60 + 9, `${starts}`)
})

test('the budget is whole again after a rest', () => {
  const budget = new RestartBudget()
  for (let i = 0; i < 20; i++) budget.take(0)
  assert.ok(budget.take(1000) > 0)
  for (let i = 0; i < 8; i++) assert.equal(budget.take(60_000), 0)
})
