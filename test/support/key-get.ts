import assert from 'node:assert/strict'
import type { FetchFailure } from '../../src/keys/failure.ts'
import { get, type GetRequest } from '../../src/keys/http-get.ts'
import { AddressSet } from '../../src/policy/index.ts'

/** A request to the host that was configured, with time enough. */
export function getRequest(url: string, more: Partial<GetRequest> = {}): GetRequest {
  return {
    url: new URL(url),
    endpoint: undefined,
    isConfigured: true,
    allowed: new AddressSet([]),
    tls: undefined,
    maxBytes: 1000,
    signal: AbortSignal.timeout(10_000),
    ...more,
  }
}

export async function failureOf(url: string, more: Partial<GetRequest> = {}): Promise<FetchFailure> {
  const answer = await get(getRequest(url, more))
  assert.ok(!answer.ok, 'an answer came')
  return answer.error
}

export async function textOf(url: string, more: Partial<GetRequest> = {}): Promise<string> {
  const answer = await get(getRequest(url, more))
  assert.ok(answer.ok, answer.ok ? '' : answer.error.message)
  return answer.value.body.toString()
}
