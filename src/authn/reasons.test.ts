import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogEntry } from '../errors/catalog.ts'
import { REASONS } from './reasons.ts'

const entries = Object.entries(REASONS)

/** Those for which no token was looked at: they are said of the source, or of the gateway. */
const TURNED_AWAY: Readonly<Record<string, string>> = {
  'source-over-budget': '429 GW_TOKEN_FLOOD',
  'too-many-waiting': '503 GW_TOKEN_BUSY',
  'keys-unavailable': '503 GW_KEYS_UNAVAILABLE',
  'keys-asked-too-often': '503 GW_KEYS_UNAVAILABLE',
}

test('every reason against a token is a 401 whose code tells of no more than absence and age', () => {
  for (const [reason, { code }] of entries) {
    const turnedAway = TURNED_AWAY[reason]
    if (turnedAway !== undefined) {
      assert.equal(`${catalogEntry(code).status} ${code}`, turnedAway)
      continue
    }
    const expected =
      reason === 'token-missing'
        ? 'GW_TOKEN_MISSING'
        : reason === 'expired'
          ? 'GW_TOKEN_EXPIRED'
          : 'GW_TOKEN_INVALID'
    assert.equal(code, expected, reason)
    assert.equal(catalogEntry(code).status, 401)
  }
})

test('every reason is told in a sentence of its own, a lower-case fragment without a final period', () => {
  const details = entries.map(([, { detail }]) => detail)
  assert.equal(new Set(details).size, details.length)
  for (const detail of details) assert.match(detail, /^[a-z][^\n]*[^.\s]$/)
})

test('reasons are stable words for logs and dashboards', () => {
  for (const [reason] of entries) assert.match(reason, /^[a-z0-9]+(?:-[a-z0-9]+)*$/)
})
