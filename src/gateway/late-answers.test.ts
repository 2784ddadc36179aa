import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { LateAnswers } from './late-answers.ts'

function subject(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const late = new LateAnswers()
  const answered: number[] = []
  return {
    late,
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
    pass(490)
    assert.ok(!answered.includes(id))
    pass(20)
    assert.ok(answered.includes(id))
  }
})

test('those of a burst leave in order, and not as one', (t) => {
  const { hold, pass, answered } = subject(t)
  const ids = Array.from({ length: 1000 }, (_, id) => id)
  for (const id of ids) hold(id)
  pass(500)
  assert.equal(answered.length, 5)
  pass(1000)
  assert.equal(answered.length, 505)
  pass(1000)
  assert.deepEqual(answered, ids)
})

test('a client that sends again as soon as it is answered waits half a second each time', (t) => {
  const { late, pass } = subject(t)
  let answers = 0
  const answerLate = (): void => {
    answers++
    late.hold({ answerLate })
  }
  for (let client = 0; client < 100; client++) late.hold({ answerLate })
  pass(10_000)
  // A hundred clients in line: half a second each, and a fifth of a second until the last has had its turn.
  assert.ok(answers > 1500 && answers <= 2000, `${answers}`)
})

test('no more are held than may be, and those that leave make room', (t) => {
  const { hold, pass, answered } = subject(t)
  for (let id = 0; id < 10_000; id++) assert.ok(hold(id))
  assert.equal(hold(-1), false)
  pass(500)
  assert.equal(answered.length, 5)
  for (let id = 10_000; id < 10_005; id++) assert.ok(hold(id))
  assert.equal(hold(-1), false)
  pass(21_000)
  assert.deepEqual(
    answered,
    Array.from({ length: 10_005 }, (_, id) => id),
  )
})
