import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { REASONS } from '../../src/authn/index.ts'
import { CATALOG } from '../../src/errors/catalog.ts'
import { reasonsTable, withReasons } from '../../tools/reasons-table.ts'

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
const documented = [...page.matchAll(/^### (GW_[A-Z_]+)$/gm)].map((match) => match[1]!)

test('every public code has its section in docs/errors.md, and every section a code', () => {
  assert.deepEqual([...documented].sort(), Object.keys(CATALOG).sort())
})

test('every section begins with the status of its code', () => {
  for (const [code, { status }] of Object.entries(CATALOG)) {
    const section = page.split(`### ${code}\n`)[1]!
    assert.ok(section.trimStart().startsWith(`${status}`), code)
  }
})

test('the table of private reasons in docs/errors.md is fresh (npm run docs)', () => {
  assert.equal(withReasons(page, reasonsTable()), page)
})

test('the public codes and their statuses are what clients rely on', () => {
  const table = Object.entries(CATALOG).map(([code, { status }]) => `${status} ${code}`)
  assert.deepEqual(table, [
    '400 GW_REQUEST_MALFORMED',
    '400 GW_REQUEST_PATH',
    '408 GW_REQUEST_TIMEOUT',
    '413 GW_REQUEST_BODY_TOO_LARGE',
    '400 GW_REQUEST_FORM',
    '414 GW_REQUEST_TARGET_TOO_LONG',
    '431 GW_REQUEST_HEAD_TOO_LARGE',
    '501 GW_REQUEST_UNSUPPORTED',
    '505 GW_REQUEST_VERSION',
    '404 GW_ROUTE_NOT_FOUND',
    '405 GW_ROUTE_METHOD',
    '401 GW_TOKEN_MISSING',
    '401 GW_TOKEN_INVALID',
    '401 GW_TOKEN_EXPIRED',
    '429 GW_TOKEN_FLOOD',
    '503 GW_TOKEN_BUSY',
    '503 GW_KEYS_UNAVAILABLE',
    '403 GW_POLICY_DENIED',
    '502 GW_UPSTREAM_UNREACHABLE',
    '502 GW_UPSTREAM_PROTOCOL',
    '502 GW_UPSTREAM_FUNCTION',
    '504 GW_UPSTREAM_TIMEOUT',
    '503 GW_UPSTREAM_BUSY',
    '500 GW_INTERNAL',
  ])
})

test('no title and no reason is made with text of a request', () => {
  for (const { title } of Object.values(CATALOG)) assert.ok(!title.includes('${'))
  for (const { detail } of Object.values(REASONS)) assert.ok(!detail.includes('${'))
})
