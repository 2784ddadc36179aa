import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeySet, parseToken, readKeySet, verifyToken, type ClaimRules } from '../src/jwt/index.ts'
import {
  claims,
  forgeHmacToken,
  forgeTokens,
  ISSUER,
  jwks,
  makeKey,
  makeTokens,
  type Measured,
} from './tokens.ts'

const NOW_SECONDS = 1_800_000_000
const RULES: ClaimRules = {
  issuer: ISSUER,
  subject: undefined,
  audiences: [],
  clockSkewSeconds: 0,
  expRequired: true,
}
const ALGORITHMS: readonly Measured[] = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']

for (const alg of ALGORITHMS) {
  test(`tokens of ${alg} are all different and verify; forged ones fail at the signature and nowhere sooner`, async () => {
    const key = makeKey(alg)
    const keys = createKeySet(readKeySet(JSON.parse(jwks(key))).keys)
    const reasonOf = (text: string): string => {
      const token = parseToken(text)
      if (!token.ok) return token.error.reason
      const verified = verifyToken(token.value, keys, RULES, NOW_SECONDS * 1000)
      return verified.ok ? 'verified' : verified.error.reason
    }
    const tokens = await makeTokens(key, 70, NOW_SECONDS)
    assert.equal(new Set(tokens).size, 70)
    assert.deepEqual(new Set(tokens.map(reasonOf)), new Set(['verified']))
    const forged = forgeTokens(key, 20, NOW_SECONDS)
    assert.equal(new Set(forged).size, 20)
    assert.deepEqual(new Set(forged.map(reasonOf)), new Set(['signature-mismatch']))
    assert.equal(reasonOf(forgeHmacToken(key, claims('user-0', NOW_SECONDS))), 'alg-not-of-key')
  })
}
