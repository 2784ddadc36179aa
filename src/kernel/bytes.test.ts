import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeBase64Url, decodeUtf8 } from './bytes.ts'

test('what was encoded as base64url decodes to the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      assert.deepEqual(decodeBase64Url(Buffer.from(bytes).toString('base64url')), Buffer.from(bytes))
    }),
  )
})

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** RFC 4648 §5 without padding, character by character: the unused low bits of the last one are zero (§3.5). */
function isStrict(text: string): boolean {
  const values = text.split('').map((char) => ALPHABET.indexOf(char))
  if (values.includes(-1)) return false
  const last = values.at(-1) ?? 0
  switch (text.length % 4) {
    case 1:
      return false
    case 2:
      return last % 16 === 0
    case 3:
      return last % 4 === 0
    default:
      return true
  }
}

function decodesOnlyWhatIsStrict(text: string): void {
  const bytes = decodeBase64Url(text)
  assert.equal(bytes !== undefined, isStrict(text), text)
  if (bytes !== undefined) assert.equal(bytes.toString('base64url'), text)
}

test('whatever decodes is the one spelling of its bytes', () => {
  const alphabet = 'ABCwxyz0189-_AQg=+/ \n.'.split('')
  const short = fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 12 })
  fc.assert(fc.property(short, decodesOnlyWhatIsStrict), { numRuns: 3000 })
})

test('one strange character anywhere in a long text is found', () => {
  // Long texts are decoded by other code than short ones.
  const strange = fc.oneof(fc.constantFrom('=', '+', '/', ' ', '\n', '.', '\u0141', '\ud83d'), fc.string())
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.nat(),
      strange,
      fc.nat({ max: 4 }),
      (bytes, at, char, cut) => {
        const text = Buffer.from(bytes).toString('base64url')
        const index = at % (text.length + 1)
        decodesOnlyWhatIsStrict(text)
        decodesOnlyWhatIsStrict(text.slice(0, index) + char + text.slice(index + cut))
        decodesOnlyWhatIsStrict(text.slice(0, index))
      },
    ),
    { numRuns: 3000 },
  )
})

for (const [text, why] of [
  ['A', 'one character is no byte'],
  ['AAAAA', 'five characters are no bytes'],
  ['AA==', 'padding'],
  ['AB', 'unused bits that are set'],
  ['AAB', 'unused bits that are set'],
  ['A+AA', 'plain base64'],
  ['A/AA', 'plain base64'],
  ['AA A', 'a space'],
  ['AAAA\n', 'a line break'],
  ['AAA\u0000', 'a NUL'],
  ['AAA\u0141', 'a character whose low byte is in the alphabet'],
  ['ＡＡＡＡ', 'full-width letters'],
] as const) {
  test(`base64url refuses ${JSON.stringify(text)}: ${why}`, () => {
    assert.equal(decodeBase64Url(text), undefined)
  })
}

test('the empty text is no bytes', () => {
  assert.deepEqual(decodeBase64Url(''), Buffer.alloc(0))
})

test('text that was encoded as UTF-8 decodes to itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(decodeUtf8(Buffer.from(text, 'utf8')), text)
    }),
  )
})

for (const [hex, why] of [
  ['ff', 'a byte that UTF-8 does not have'],
  ['c0af', 'an overlong slash'],
  ['e080af', 'an overlong slash'],
  ['eda080', 'a surrogate'],
  ['f4908080', 'beyond the last code point'],
  ['e282', 'cut off'],
  ['80', 'a continuation byte alone'],
] as const) {
  test(`UTF-8 refuses ${hex}: ${why}`, () => {
    assert.equal(decodeUtf8(Buffer.from(hex, 'hex')), undefined)
    // A refusal leaves no state behind for the next caller.
    assert.equal(decodeUtf8(Buffer.from('ok')), 'ok')
  })
}

test('a byte order mark is kept, so that the JSON reader refuses it', () => {
  assert.equal(decodeUtf8(Buffer.from('efbbbf7b7d', 'hex')), '\ufeff{}')
})
