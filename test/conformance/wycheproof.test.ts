import assert from 'node:assert/strict'
import { checkSignature, createKeySet, parseCompact, readKeySet, selectKey } from '../../src/jwt/index.ts'
import type { JsonValue } from '../../src/kernel/json.ts'
import { knownFailures, vectorTest } from '../support/vectors.ts'

// Payloads here are not JSON objects, so that the layer below the claims is what is tested.

interface File {
  readonly numberOfTests: number
  readonly testGroups: readonly Group[]
}

interface Group {
  readonly comment: string
  readonly public?: JsonValue
  readonly private: JsonValue
  readonly tests: readonly Case[]
}

interface Case {
  readonly tcId: number
  readonly comment: string
  readonly jws?: unknown
  readonly result: 'valid' | 'invalid'
}

for (const file of ['json_web_signature_test.json', 'json_web_key_test.json', 'json_web_crypto_test.json']) {
  vectorTest(`every JWS case of Wycheproof's ${file} comes out as it says`, 'wycheproof', (vectors) => {
    const { testGroups, numberOfTests } = vectors.json(file) as File
    const known = knownFailures(`wycheproof/${file}`)
    const surprises: string[] = []
    let seen = 0
    let accepted = 0
    for (const group of testGroups) {
      for (const one of group.tests) {
        seen++
        // Encrypted tokens are not served: the JWE cases have no `jws`.
        if (one.jws === undefined) continue
        const outcome = verify(group.public ?? group.private, one.jws)
        const reason = known.reasonOf(one.tcId)
        const agrees = (outcome === 'valid') === (one.result === 'valid')
        if (outcome === 'valid') accepted++
        const title = `${one.tcId} ${group.comment} ${one.comment}`
        if (agrees && reason !== undefined)
          surprises.push(`${title}: is listed in known-failing.json, yet passes`)
        if (!agrees && reason === undefined)
          surprises.push(`${title}: ${one.result}, but the outcome is ${outcome}`)
      }
    }
    assert.deepEqual(surprises, [])
    assert.equal(seen, numberOfTests)
    assert.ok(accepted > 0)
  })
}

/** `valid`, or the first reason against it. */
function verify(keys: JsonValue, jws: unknown): string {
  const isSet = typeof keys === 'object' && keys !== null && 'keys' in keys
  const reading = readKeySet(isSet ? keys : { keys: [keys] })
  const parsed = parseCompact(typeof jws === 'string' ? jws : JSON.stringify(jws))
  if (!parsed.ok) return parsed.error.reason
  const key = selectKey(parsed.value.header, createKeySet(reading.keys))
  if (!key.ok) return reading.problems[0]?.message ?? key.error.reason
  return checkSignature(key.value, parsed.value)?.reason ?? 'valid'
}
