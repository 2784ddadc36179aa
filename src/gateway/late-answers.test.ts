import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { LateAnswers } from './late-answers.ts'

function subject(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const late = new LateAnswers()
  const answered: number[] = []
  return {
    answered,
    hold: (id: number): boolean => late.hold({ answerLate: () => void answered.push(id) }),
    pass(ms: number): void {
      for (let i = 0; i < ms; i++) t.mock.timers.tick(1)
    },
  }
}

test('an answer leaves after half a second, and each one does', (t) => {
  const { hold, pass, answered } = subject(t)
  for (const id of [1, 2]) {
    hold(id)
    pass(480)
    assert.ok(!answered.includes(id))
    pass(40)
    assert.ok(answered.includes(id))
  }
})

test('those of a burst leave in order, and not as one', (t) => {
  const { hold, pass, answered } = subject(t)
  const ids = Array.from({ length: 1000 }, (_, id) => id)
  for (const id of ids) hold(id)
  pass(500)
  assert.equal(answered.length, 40)
  pass(500)
  assert.deepEqual(answered, ids)
})

test('no more are held than may be, and those that leave make room', (t) => {
  const { hold, pass, answered } = subject(t)
  for (let id = 0; id < 10_000; id++) assert.ok(hold(id))
  assert.equal(hold(-1), false)
  pass(500)
  assert.equal(answered.length, 40)
  assert.ok(hold(10_000))
  pass(6000)
  assert.equal(answered.length, 10_001)
})
