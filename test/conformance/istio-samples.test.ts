import assert from 'node:assert/strict'
import {
  createKeySet,
  parseToken,
  readKeySet,
  readPem,
  verifyToken,
  type KeySet,
} from '../../src/jwt/index.ts'
import type { JsonValue } from '../../src/kernel/json.ts'
import { claimRules } from '../support/signer.ts'
import { vectorTest, type Vectors } from '../support/vectors.ts'

/** Within the life of all the tokens but those that are meant to be expired. */
const NOW_MS = Date.UTC(2026, 10, 22)

vectorTest('the sample tokens of Istio verify with its sample key set', 'istio/samples', (vectors) => {
  const keys = keySet(vectors)
  for (const file of ['demo.jwt', 'groups-scope.jwt']) {
    const parsed = parseToken(vectors.text(file).trim())
    assert.ok(parsed.ok)
    const rules = claimRules({
      issuer: 'testing@secure.istio.io',
      subject: 'testing@secure.istio.io',
      expRequired: true,
    })
    const verified = verifyToken(parsed.value, keys, rules, NOW_MS)
    assert.ok(verified.ok, file)
    assert.equal(verified.value.key.label, 'kid "DHFbpoIUqrY8t2zpA2qXfCmr5VO5ZEr4RzHU_-envvQ"')
    const late = verifyToken(parsed.value, keys, rules, Date.UTC(2200, 0))
    assert.equal(late.ok ? 'accepted' : late.error.reason, 'expired')
  }
})

vectorTest(
  'the private key that lies beside the samples is refused as a verification key',
  'istio/samples',
  (vectors) => {
    const key = readPem(vectors.text('key.pem'), undefined, undefined, 'key.pem')
    assert.equal(key.ok ? 'usable' : key.error.kind, 'private')
  },
)

vectorTest("the tokens of Istio's own tests come out as Istio says", 'istio/common', (vectors) => {
  const keys = keySet(vectors)
  const tokens = vectors.json('tokens.json') as Record<string, { token: string }>
  const outcomes = Object.entries(tokens).map(([name, { token }]) => {
    const parsed = parseToken(token)
    const verified = parsed.ok
      ? verifyToken(parsed.value, keys, claimRules({ expRequired: true }), NOW_MS)
      : parsed
    return [name, verified.ok ? 'accepted' : verified.error.reason]
  })
  assert.equal(outcomes.length, 14)
  assert.deepEqual(
    outcomes.filter(([, outcome]) => outcome !== 'accepted'),
    [
      ['TokenExpired', 'expired'],
      ['TokenInvalid', 'not-three-parts'],
    ],
  )
})

function keySet(vectors: Vectors): KeySet {
  const { keys, problems } = readKeySet(vectors.json('jwks.json') as JsonValue)
  assert.deepEqual(problems, [])
  return createKeySet(keys)
}
