import { deepEqual, equal, ok } from 'node:assert/strict'
import { suite, test } from 'node:test'

import { HTTP_PROBLEMS } from '../../src/http1/index.ts'
import { replayRequests, replayResponses, type Replay } from '../fuzz/http1-replay.ts'
import { SMUGGLING_REQUESTS, SMUGGLING_RESPONSES, type SmugglingCase } from './smuggling-corpus.ts'

suite('requests that two servers may read in two ways are refused, or have one meaning', () => {
  for (const attack of SMUGGLING_REQUESTS) {
    test(attack.name, () => {
      check(attack, (pieces) => replayRequests(pieces))
    })
  }
})

suite('responses that two clients may read in two ways are refused, or have one meaning', () => {
  for (const attack of SMUGGLING_RESPONSES) {
    test(attack.name, () => {
      check(attack, (pieces) => replayResponses(pieces, ['GET']))
    })
  }
})

test('a refused request gives no message before or after itself', () => {
  for (const attack of SMUGGLING_REQUESTS) {
    if (attack.expected === 'taken') continue
    equal(replayRequests([Buffer.from(attack.bytes, 'latin1')]).messages.length, 0, attack.name)
  }
})

test('a request that comes right behind another is read as a request, not as its body', () => {
  const attack = SMUGGLING_REQUESTS.find((each) => each.name.startsWith('CL.0'))!
  const { messages } = replayRequests([Buffer.from(attack.bytes, 'latin1')])
  deepEqual(
    messages.map((message) => [message.head.target, message.body]),
    [
      ['/', 'hello'],
      ['/admin', ''],
    ],
  )
})

test('bytes behind a complete response are left for the caller to see', () => {
  const attack = SMUGGLING_RESPONSES.find((each) => each.name.startsWith('a second response'))!
  const { messages } = replayResponses([Buffer.from(attack.bytes, 'latin1')], ['GET'])
  equal(messages.length, 1)
  equal(attack.bytes.slice(messages[0]!.end).startsWith('HTTP/1.1 200 OK'), true)
})

test('every reason for a refusal is met here, but for plain limits and what this side sends', () => {
  const met = new Set(
    [...SMUGGLING_REQUESTS, ...SMUGGLING_RESPONSES].map((attack): string => attack.expected),
  )
  const elsewhere = [
    'head-too-large',
    'head-incomplete',
    'too-many-headers',
    'unsafe-start-line',
    'unsafe-field',
  ]
  deepEqual(
    Object.keys(HTTP_PROBLEMS)
      .filter((reason) => !met.has(reason))
      .toSorted(),
    elsewhere.toSorted(),
  )
})

test('the names in the corpus are unique', () => {
  for (const corpus of [SMUGGLING_REQUESTS, SMUGGLING_RESPONSES]) {
    equal(new Set(corpus.map((attack) => attack.name)).size, corpus.length)
  }
})

function check<Head>(attack: SmugglingCase, run: (pieces: readonly Buffer[]) => Replay<Head>): void {
  const bytes = Buffer.from(attack.bytes, 'latin1')
  const whole = run([bytes])
  equal(whole.problem?.reason ?? 'taken', attack.expected)
  deepEqual(run([...bytes].map((byte) => Buffer.of(byte))), whole, 'another outcome byte by byte')
  if (attack.expected === 'taken') ok(whole.messages.length > 0)
}
