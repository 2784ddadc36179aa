import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readHeader } from './header.ts'

const MAX_BYTES = 4096

function encoded(header: object): string {
  return Buffer.from(JSON.stringify(header)).toString('base64url')
}

function kidOf(text: string): string | undefined {
  const header = readHeader(text, MAX_BYTES)
  assert.ok(header.ok)
  return header.value.kid
}

test('a header that comes again says the same again', () => {
  const text = encoded({ alg: 'RS256', typ: 'JWT', kid: 'a' })
  const first = readHeader(text, MAX_BYTES)
  assert.deepEqual(first, { ok: true, value: { alg: 'RS256', kid: 'a' } })
  assert.deepEqual(readHeader(text, MAX_BYTES), first)
})

test('a header that was read under one limit is too large under a smaller one', () => {
  const text = encoded({ alg: 'ES256', kid: 'b'.repeat(100) })
  assert.ok(readHeader(text, MAX_BYTES).ok)
  const read = readHeader(text, 64)
  assert.equal(read.ok ? '' : read.error.reason, 'header-too-large')
})

test('headers that differ in their key alone are told apart, however many there are', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 300 }), (kids) => {
      const headers = [...kids, ...kids].map((kid) => ({ kid, text: encoded({ alg: 'RS256', kid }) }))
      for (const { kid, text } of headers) assert.equal(kidOf(text), kid)
    }),
  )
})

test('what is refused is refused each time, and beside a good one of the same length', () => {
  const good = encoded({ alg: 'RS256', kid: 'k' })
  for (const header of [
    { alg: 'none', kid: 'kk' },
    { alg: 'RS257', kid: 'k' },
    { alg: 'RS256', crit: [] },
    { alg: 'RS256', kid: 1 },
  ]) {
    const text = encoded(header)
    for (const each of [text, good, text]) assert.equal(readHeader(each, MAX_BYTES).ok, each === good)
  }
})
