import type { JsonValue } from '../../src/kernel/json.ts'
import { createKeySet, parseToken, readKeySet, verifyToken, type ClaimRules } from '../../src/jwt/index.ts'
import { claimRules } from './signer.ts'

/** What becomes of a token with these keys and rules: `accepted`, or the reason against it. The time is `nowSeconds`. */
export function outcomeOf(
  token: string,
  jwks: readonly JsonValue[],
  rules: Partial<ClaimRules> = {},
  nowSeconds = 1_800_000_000,
): string {
  const parsed = parseToken(token)
  if (!parsed.ok) return parsed.error.reason
  const { keys } = readKeySet({ keys: jwks })
  const verified = verifyToken(parsed.value, createKeySet(keys), claimRules(rules), nowSeconds * 1000)
  return verified.ok ? 'accepted' : verified.error.reason
}
