import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { briefly, ED_JWK, nodeOf } from '../../test/support/dialects.ts'
import { checkKeysTogether, readJwks, readPemKey } from './key-material.ts'

const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
const oct = { kty: 'oct', kid: 's', k: Buffer.alloc(64, 7).toString('base64url') }

function read(value: unknown): { labels: readonly string[]; problems: readonly string[] } {
  const { node, problems } = nodeOf(JSON.stringify(value))
  const keys = readJwks(node)
  checkKeysTogether(node, keys)
  return { labels: keys.map(({ label }) => label), problems: briefly(problems) }
}

describe('a key set in a configuration', () => {
  it('is an object, or its JSON text', () => {
    const set = { keys: [{ ...ED_JWK, kid: 'a' }] }
    for (const value of [set, JSON.stringify(set)])
      assert.deepEqual(read(value), { labels: ['kid "a"'], problems: [] })
  })

  it('loses one key that cannot be used, with a warning', () => {
    const { labels, problems } = read({
      keys: [
        { ...ED_JWK, kid: 'a' },
        { kty: 'RSA', kid: 'b', e: 'AQAB', n: 'AQAB' },
      ],
    })
    assert.deepEqual(labels, ['kid "a"'])
    assert.match(problems.join(), /^1 warning: kid "b": .*; the key is skipped$/)
  })

  it('is an error where no key is left, or none was there', () => {
    assert.match(
      read({ keys: [{ ...ED_JWK, use: 'enc' }] }).problems.join(),
      /^1 error: keys\[0\]: the key is not for signatures/,
    )
    assert.match(read({ keys: [] }).problems.join(), /^1 error: the key set is empty/)
    assert.match(read({ foo: 'bar' }).problems.join(), /^1 error: the key set: `keys` is missing/)
    assert.match(read(ED_JWK).problems.join(), /^1 error: the key set: this is a single key/)
    assert.match(read(5).problems.join(), /^1 error/)
  })

  it('is an error where a private key is among good ones', () => {
    const { problems } = read({
      keys: [
        { ...ED_JWK, kid: 'a' },
        { ...other, d: 'c2VjcmV0', kid: 'b' },
      ],
    })
    assert.match(problems.join(), /^1 error: kid "b": a private key must not be here, and `d` is private$/)
  })

  it('is an error where a value is broken by spaces, however many keys are left', () => {
    const broken = { kty: 'RSA', kid: 'b', e: 'AQAB', n: 'AQ AB\ncd' }
    const { problems } = read({ keys: [{ ...ED_JWK, kid: 'a' }, broken] })
    assert.deepEqual(problems, ['1 error: the value of `n` in key `b` is broken by line breaks or spaces'])
  })

  it('may have one key without a kid, and not two', () => {
    assert.deepEqual(read({ keys: [ED_JWK, { ...other, kid: 'b' }] }).problems, [])
    assert.match(
      read({ keys: [ED_JWK, { ...other, kid: '' }] }).problems.join(),
      /^1 error: .*`keys\[0\]`, `keys\[1\]` have no kid/,
    )
  })

  it('warns of a kid that two keys have', () => {
    const { labels, problems } = read({
      keys: [
        { ...ED_JWK, kid: 'a' },
        { ...other, kid: 'a' },
        { ...other, kid: 'b' },
      ],
    })
    assert.deepEqual(labels, ['kid "b"'])
    assert.match(problems.join(), /^1 warning: kid "a": `keys\[0\]`, `keys\[1\]` have the same kid/)
  })

  it('warns of secrets beside public keys', () => {
    assert.match(
      read({ keys: [{ ...ED_JWK, kid: 'a' }, oct] }).problems.join(),
      /^1 warning: secrets \(HS256 and its like\) stand beside public keys/,
    )
    assert.deepEqual(read({ keys: [oct] }).problems, [])
  })
})

describe('keys of several sources', () => {
  it('are an error where two have no kid', () => {
    const { node, problems } = nodeOf('{}')
    const pem = (): string =>
      generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const keys = [pem(), pem()].flatMap((text) => readPemKey(node, text, undefined, undefined) ?? [])
    checkKeysTogether(node, keys)
    assert.deepEqual(briefly(problems), ['1 error: 2 keys have no kid; at most one key may be without'])
  })

  it('are a warning where two have one kid and algorithm', () => {
    const { node, problems } = nodeOf('{}')
    const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString()
    const keys = [1, 2].flatMap(() => readPemKey(node, pem, 'a', 'ES256') ?? [])
    checkKeysTogether(node, keys)
    assert.deepEqual(briefly(problems), ['1 warning: two keys have the kid "a"; the first is used'])
  })
})
