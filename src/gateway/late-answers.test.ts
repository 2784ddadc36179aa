import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { refuse } from '../errors/refusal.ts'
import { refusable } from '../../test/support/refusable.ts'
import { HeldAnswer, LateAnswers } from './late-answers.ts'
import { errorResponse } from './respond.ts'

function subject(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const late = new LateAnswers()
  const answered: number[] = []
  return {
    late,
    answered,
    hold: (id: number): boolean => late.hold({ answerLate: () => answered.push(id) > 0 }),
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
  const answerLate = (): boolean => {
    answers++
    return late.hold({ answerLate })
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

test('those whose clients have gone hold nobody up', (t) => {
  const { late, hold, pass, answered } = subject(t)
  for (let i = 0; i < 6000; i++) late.hold({ answerLate: () => false })
  hold(1)
  pass(520)
  assert.deepEqual(answered, [1])
})

test('all leave when the gateway stops, and none is held any more', (t) => {
  const { late, hold, pass, answered } = subject(t)
  const ids = Array.from({ length: 100 }, (_, id) => id)
  for (const id of ids) hold(id)
  late.drain()
  assert.deepEqual(answered, ids)
  assert.equal(hold(100), false)
  pass(1000)
  assert.equal(answered.length, 100)
})

const REFUSED = errorResponse({
  refusal: refuse('GW_TOKEN_FLOOD', 'x'),
  style: 'problem',
  requestId: 'r',
  headers: [],
})

test('a held answer is given while its client waits, and not to one that has gone', () => {
  const logged: string[] = []
  const log = { error: (text: string) => logged.push(text) } as never
  const waiting = refusable()
  const held = new HeldAnswer(waiting, REFUSED, log)
  const bytes = Buffer.byteLength(REFUSED.body)
  assert.deepEqual([held.answerLate(), waiting.calls], [true, ['discard', 429, bytes, bytes, 'end']])
  const gone = refusable()
  const late = new HeldAnswer(gone, REFUSED, log)
  gone.response.watch?.clientGone()
  assert.deepEqual([late.answerLate(), gone.calls], [false, []])
  const broken = refusable(() => assert.fail('cannot be sent'))
  assert.equal(new HeldAnswer(broken, REFUSED, log).answerLate(), true)
  assert.deepEqual([broken.calls, logged.length], [['discard', 429, bytes, 'abort'], 1])
})
