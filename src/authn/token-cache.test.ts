import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reject } from '../jwt/index.ts'
import { KnownToken, TokenCache } from './token-cache.ts'

function known(tokenLength: number): KnownToken {
  return new KnownToken(tokenLength, { ok: false, error: reject('not-three-parts') })
}

test('what was put in comes out, and nothing for another text', () => {
  const cache = new TokenCache()
  const entry = known(3)
  cache.set('Bearer abc', entry)
  assert.equal(cache.get('Bearer abc'), entry)
  assert.equal(cache.get('Bearer abd'), undefined)
})

test('a flood of tokens does not grow it past its bound, and what is in use survives the flood', () => {
  const cache = new TokenCache()
  const entry = known(3)
  cache.set('in use', entry)
  const filler = 'x'.repeat(4000)
  for (let i = 0; i < 20_000; i++) {
    cache.set(`${i}${filler}`, known(1))
    assert.equal(cache.get('in use'), entry)
  }
  assert.equal(cache.get(`0${filler}`), undefined, 'the oldest are gone')
  assert.ok(cache.bytes <= 32 * 1024 * 1024)
})

test('a text that cannot be copied to the letter is not kept, and least of all under another text', () => {
  const cache = new TokenCache()
  for (const text of ['Bearer \u0141bc', '\u0141', '\ud800', '😀']) {
    cache.set(text, known(1))
    assert.equal(cache.get(text), undefined)
    assert.equal(cache.get(Buffer.from(text, 'latin1').toString('latin1')), undefined)
  }
  const entry = known(1)
  cache.set('caf\u00e9', entry)
  assert.equal(cache.get('caf\u00e9'), entry)
})
