import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reject } from '../jwt/index.ts'
import { KnownToken, TokenCache } from './token-cache.ts'

function known(tokenLength: number): KnownToken {
  return new KnownToken(tokenLength, { ok: false, error: reject('not-three-parts') })
}

/** Offers a text twice, as two requests with it do. */
function keep(cache: TokenCache, text: string, entry: KnownToken): void {
  cache.offer(text, entry)
  cache.offer(text, entry)
}

test('a token is kept when it comes again, and one that never does costs nothing', () => {
  const cache = new TokenCache()
  const entry = known(3)
  cache.offer('Bearer abc', entry)
  assert.equal(cache.get('Bearer abc'), undefined)
  assert.equal(cache.bytes, 0)
  cache.offer('Bearer abc', entry)
  assert.equal(cache.get('Bearer abc'), entry)
})

test('a flood of tokens that never come again takes nothing from the others', () => {
  const cache = new TokenCache()
  const entry = known(3)
  keep(cache, 'in use', entry)
  for (let i = 0; i < 200_000; i++) cache.offer(`${i}.forged`, known(1))
  assert.equal(cache.get('in use'), entry)
  assert.ok(cache.bytes < 64 * 4096, 'but for the few whose hash was met before')
})

test('what was put in comes out, and nothing for another text', () => {
  const cache = new TokenCache()
  const entry = known(3)
  keep(cache, 'Bearer abc', entry)
  assert.equal(cache.get('Bearer abc'), entry)
  assert.equal(cache.get('Bearer abd'), undefined)
})

test('a flood of tokens does not grow it past its bound, and what is in use survives the flood', () => {
  const cache = new TokenCache()
  const entry = known(3)
  keep(cache, 'in use', entry)
  const filler = 'x'.repeat(4000)
  for (let i = 0; i < 20_000; i++) {
    keep(cache, `${i}${filler}`, known(1))
    assert.equal(cache.get('in use'), entry)
  }
  assert.equal(cache.get(`0${filler}`), undefined, 'the oldest are gone')
  assert.ok(cache.bytes <= 32 * 1024 * 1024)
})

test('a text that cannot be copied to the letter is not kept, and least of all under another text', () => {
  const cache = new TokenCache()
  for (const text of ['Bearer \u0141bc', '\u0141', '\ud800', '😀']) {
    keep(cache, text, known(1))
    assert.equal(cache.get(text), undefined)
    assert.equal(cache.get(Buffer.from(text, 'latin1').toString('latin1')), undefined)
  }
  const entry = known(1)
  keep(cache, 'caf\u00e9', entry)
  assert.equal(cache.get('caf\u00e9'), entry)
})
