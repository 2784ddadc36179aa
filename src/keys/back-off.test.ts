import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { backOffMs, BUDGET_EACH_MS, FetchBudget, refreshMs } from './back-off.ts'

test('each failure in a row doubles the wait, up to a minute', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 100, 100_000].map((failures) => backOffMs(failures, 1))
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000])
  assert.deepEqual([backOffMs(1, 0), backOffMs(100, 0)], [500, 30_000])
})

test('a wait is never zero, and chance moves it between a half and the whole', () => {
  const chance = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), chance, (failures, random) => {
      const ms = backOffMs(failures, random)
      assert.ok(ms >= 500 && ms <= 60_000 && ms >= backOffMs(failures, 1) / 2)
    }),
  )
})

test('a refresh is planned before the end', () => {
  assert.deepEqual([refreshMs(1000, 0), Math.round(refreshMs(1000, 1))], [800, 950])
})

/** How many fetches begin from the budget in so many milliseconds, where one is wanted all the time. */
function fetchesIn(ms: number, budget: FetchBudget, fromMs: number): number {
  let fetches = 0
  for (let nowMs = fromMs; (nowMs = Math.max(nowMs, budget.nextMs(nowMs))) < fromMs + ms; fetches++)
    budget.take(nowMs)
  return fetches
}

test('four fetches come at once, and one more every ten seconds', () => {
  const budget = new FetchBudget(0)
  assert.equal(fetchesIn(1, budget, 0), 4)
  assert.equal(budget.nextMs(1), BUDGET_EACH_MS)
  assert.equal(fetchesIn(3_600_000, budget, 1), 360)
})

test('what is not used is kept up to four', () => {
  const budget = new FetchBudget(0)
  assert.equal(fetchesIn(1, budget, 86_400_000), 4)
})

test('when there is one, it can be taken then', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 70_000 }), { minLength: 1, maxLength: 50 })
  fc.assert(
    fc.property(steps, (waits) => {
      const budget = new FetchBudget(0)
      let nowMs = 0
      for (const wait of waits) {
        nowMs += wait
        const nextMs = budget.nextMs(nowMs)
        assert.ok(nextMs >= nowMs && nextMs <= nowMs + BUDGET_EACH_MS + 1)
        assert.equal(budget.nextMs(nextMs), nextMs)
        budget.take(nextMs)
        nowMs = nextMs
      }
    }),
  )
})

test('a clock that is set back gives nothing, takes nothing, and counts from there', () => {
  const budget = new FetchBudget(3_600_000)
  for (let i = 0; i < 10; i++) budget.take(3_600_000)
  assert.equal(budget.nextMs(0), BUDGET_EACH_MS)
  assert.equal(budget.nextMs(BUDGET_EACH_MS), BUDGET_EACH_MS)
})
