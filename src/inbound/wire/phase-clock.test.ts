import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PhaseClock, tickMs } from './phase-clock.ts'

test('a phase is never measured longer than it lasted, and at most one tick shorter', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 10, max: 250 }), (startMs, tick) => {
      const clock = new PhaseClock()
      let entered = false
      for (let nowMs = 0; nowMs < startMs + 2000; nowMs += tick) {
        if (!entered && nowMs >= startMs) {
          entered = true
          clock.enter('idle')
        }
        const measured = clock.elapsedMs(nowMs)
        if (!entered) continue
        assert.ok(measured <= nowMs - startMs && measured >= nowMs - startMs - tick)
      }
    }),
  )
})

test('bytes that move prolong an exchange and nothing else', () => {
  for (const phase of ['head', 'idle', 'discard', 'linger'] as const) {
    const clock = new PhaseClock()
    clock.enter(phase)
    clock.elapsedMs(1000)
    clock.moved()
    assert.equal(clock.elapsedMs(1500), 500, phase)
  }
  const clock = new PhaseClock()
  clock.enter('exchange')
  clock.elapsedMs(1000)
  clock.moved()
  assert.equal(clock.elapsedMs(1500), 0)
  assert.equal(clock.elapsedMs(1700), 200)
})

test('the tick follows the smallest timeout, within bounds', () => {
  assert.equal(tickMs([60_000, 5000]), 250)
  assert.equal(tickMs([60_000, 400, 0]), 100)
  assert.equal(tickMs([1]), 10)
  assert.equal(tickMs([0, 0]), 250)
})
