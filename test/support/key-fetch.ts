import assert from 'node:assert/strict'
import type { FetchFailure } from '../../src/keys/failure.ts'
import { fetchKeys, type FetchedText } from '../../src/keys/fetch-keys.ts'
import type { KeySourceSpec } from '../../src/keys/spec.ts'
import { keySource } from './key-source.ts'

/** What is fetched from a source; throws where it cannot be had. */
export async function fetched(spec: Partial<KeySourceSpec>): Promise<FetchedText> {
  const answer = await fetchKeys(keySource(spec))
  assert.ok(answer.ok, answer.ok ? '' : answer.error.message)
  return answer.value
}

/** Why nothing is fetched from a source; throws where something is. */
export async function failureOf(spec: Partial<KeySourceSpec>): Promise<FetchFailure> {
  const answer = await fetchKeys(keySource(spec))
  assert.ok(!answer.ok, 'a document came')
  return answer.error
}
