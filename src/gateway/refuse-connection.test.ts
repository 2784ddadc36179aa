import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildPlan } from '../plan/build.ts'
import { planSpec } from '../../test/support/decision.ts'
import { refuse } from '../errors/refusal.ts'
import type { AccessEntry } from '../telemetry/access-log.ts'
import { CHECKS_AT_ONCE, TokenCache, Turnstile } from '../authn/index.ts'
import { Authorizers } from '../proxy/node/authorizers.ts'
import { LateAnswers } from './late-answers.ts'
import { Live } from './live.ts'
import { connectionRefuser } from './refuse-connection.ts'

test('what never became a request is answered as a problem and has its line, under one id', () => {
  const entries: AccessEntry[] = []
  const quiet = { info: () => {}, warn: () => {}, error: () => {} }
  const refuser = connectionRefuser({
    live: new Live({
      plan: buildPlan(planSpec()),
      upstreams: new Map(),
      tokens: new TokenCache(),
      authorizers: new Authorizers([]),
    }),
    signatures: CHECKS_AT_ONCE,
    turnstile: new Turnstile({ now: () => 42 }),
    lateAnswers: new LateAnswers(),
    clock: { now: () => 42 },
    log: quiet,
    metrics: undefined,
    accessLog: { write: (entry) => void entries.push(entry) },
    steps: 'refused',
  })
  const refusal = refuse('GW_REQUEST_MALFORMED', 'invalid-method', { detail: 'the client sent no HTTP' })
  const answer = refuser(refusal, { address: '192.0.2.7', tls: false })
  assert.ok(answer !== undefined)
  const body = JSON.parse(answer.body.toString()) as { code: string; requestId: string }
  assert.deepEqual([answer.status, body.code], [400, 'GW_REQUEST_MALFORMED'])
  const [entry, ...more] = entries
  assert.equal(more.length, 0)
  assert.deepEqual(
    [entry?.time, entry?.requestId, entry?.peer, entry?.status, entry?.reason, entry?.detail],
    [42, body.requestId, '192.0.2.7', 400, 'invalid-method', 'the client sent no HTTP'],
  )
  const again = refuser(refusal, { address: '192.0.2.7', tls: false })
  assert.notEqual(JSON.parse(again?.body.toString() ?? '{}').requestId, body.requestId)
})
