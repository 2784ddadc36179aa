import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CATALOG, type ErrorCode } from '../errors/catalog.ts'
import { refuse } from '../errors/refusal.ts'
import { refusable } from '../../test/support/refusable.ts'
import { errorResponse, respond, type ErrorResponse } from './respond.ts'

const CODES = Object.keys(CATALOG) as readonly ErrorCode[]
const STYLES = ['problem', 'function-compute'] as const

const PRIVATE = { by: 'private-by', detail: 'private-detail' }

function answer(
  code: ErrorCode,
  style: (typeof STYLES)[number],
  headers: readonly string[] = [],
): ErrorResponse {
  return errorResponse({
    refusal: refuse(code, 'private-reason', PRIVATE),
    style,
    requestId: 'request-1',
    headers,
  })
}

function field({ headers }: ErrorResponse, name: string): string | undefined {
  const at = headers.findIndex((text, i) => i % 2 === 0 && text === name)
  return at === -1 ? undefined : headers[at + 1]
}

test('problem details have the title, status and code of the catalogue and the request id', () => {
  for (const code of CODES) {
    const response = answer(code, 'problem')
    const { status, title } = CATALOG[code]
    assert.equal(response.status, status)
    assert.equal(field(response, 'Content-Type'), 'application/problem+json')
    assert.deepEqual(JSON.parse(response.body), { title, status, code, requestId: 'request-1' })
  }
})

test('Function Compute’s body has its members, and its one message for every bad token', () => {
  for (const code of CODES) {
    const response = answer(code, 'function-compute')
    assert.equal(field(response, 'Content-Type'), 'application/json')
    const bad = code === 'GW_TOKEN_INVALID' || code === 'GW_TOKEN_EXPIRED'
    assert.deepEqual(JSON.parse(response.body), {
      RequestId: 'request-1',
      Code: code,
      Message: bad ? 'invalid or expired jwt' : CATALOG[code].title,
    })
  }
  assert.equal(
    JSON.parse(answer('GW_TOKEN_MISSING', 'function-compute').body).Message,
    'the jwt token is missing',
  )
})

test('no answer tells anything private, and none may be cached', () => {
  for (const code of CODES) {
    for (const style of STYLES) {
      const response = answer(code, style)
      assert.ok(!JSON.stringify(response).includes('private'))
      assert.equal(field(response, 'Cache-Control'), 'no-store')
      assert.equal(field(response, 'X-Request-Id'), 'request-1')
    }
  }
})

test('a 401 and nothing else carries the Bearer challenge, with an error where there was a token', () => {
  for (const code of CODES) {
    const challenge = field(answer(code, 'problem'), 'WWW-Authenticate')
    if (CATALOG[code].status !== 401) assert.equal(challenge, undefined, code)
  }
  const challengeOf = (code: ErrorCode): string | undefined =>
    field(answer(code, 'function-compute'), 'WWW-Authenticate')
  assert.equal(challengeOf('GW_TOKEN_MISSING'), 'Bearer realm="claimgate"')
  assert.equal(
    challengeOf('GW_TOKEN_INVALID'),
    'Bearer realm="claimgate", error="invalid_token", error_description="the jwt token is not valid"',
  )
  assert.equal(
    challengeOf('GW_TOKEN_EXPIRED'),
    'Bearer realm="claimgate", error="invalid_token", error_description="the jwt token has expired"',
  )
})

test('further fields of a refusal are sent', () => {
  assert.equal(field(answer('GW_ROUTE_METHOD', 'problem', ['Allow', 'GET']), 'Allow'), 'GET')
})

test('the length that is announced is that of the body in bytes', () => {
  const { calls, body, response } = refusable()
  const refusal = refuse('GW_ROUTE_NOT_FOUND', 'x')
  respond({ body, response }, errorResponse({ refusal, style: 'problem', requestId: 'ü', headers: [] }))
  const [discard, code, announced, written, end] = calls
  assert.deepEqual([discard, code, announced, end], ['discard', 404, written, 'end'])
})
