import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isJsonObject, parseJson, type JsonObject } from '../kernel/json.ts'
import { claimAt, claimText, headerBytes } from './claim-text.ts'

function claims(json: string): JsonObject {
  const parsed = parseJson(json)
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : assert.fail(json)
}

const textOf = (json: string): string | undefined => claimText(claims(`{"c":${json}}`)['c'])

test('strings are themselves, everything else is its JSON', () => {
  for (const [json, text] of [
    ['"Jon Snow"', 'Jon Snow'],
    ['""', ''],
    ['" x "', ' x '],
    ['"5"', '5'],
    ['true', 'true'],
    ['false', 'false'],
    ['0', '0'],
    ['12', '12'],
    ['1.50', '1.5'],
    ['-0', '0'],
    ['1e3', '1000'],
    ['[]', '[]'],
    ['[ 1, "a", null, [true] ]', '[1,"a",null,[true]]'],
    ['{ "b": 1, "a": { "x": "é" } }', '{"b":1,"a":{"x":"é"}}'],
  ] as const) {
    assert.equal(textOf(json), text, json)
  }
})

test('numbers that a double cannot hold keep their digits, wherever they stand', () => {
  for (const digits of [
    '9007199254740993',
    '18446744073709551615',
    '-9223372036854775808',
    '123456789012345678901234567890',
    '0.1234567890123456789',
    '1e400',
  ]) {
    assert.equal(textOf(digits), digits)
    assert.equal(textOf(`[${digits}]`), `[${digits}]`)
    assert.equal(textOf(`{"id":${digits}}`), `{"id":${digits}}`)
  }
})

test('null and what is not there are nothing to forward', () => {
  assert.equal(textOf('null'), undefined)
  assert.equal(claimText(undefined), undefined)
})

test('control characters and half characters inside of lists and objects are JSON escapes', () => {
  assert.equal(textOf('["a\\r\\nX-Admin: 1"]'), '["a\\r\\nX-Admin: 1"]')
  assert.equal(textOf('["\\u0000"]'), '["\\u0000"]')
  assert.equal(textOf('["\\ud800"]'), '["\\ud800"]')
})

test('one name is one claim, whatever dots, slashes and colons it has', () => {
  const names = ['https://example.com/roles', 'a.b', 'a:b', 'a/b', '', ' ', 'a[0]', 'ü']
  const object = claims(`{${names.map((name, i) => `${JSON.stringify(name)}:${i}`).join(',')}}`)
  for (const [i, name] of names.entries()) assert.equal(claimAt(object, [name]), i, name)
})

test('several names go down into objects and nowhere else', () => {
  const object = claims(
    '{"a":{"b":{"c":1}},"a.b":2,"list":[{"b":3}],"text":"abc","n":null,"big":12345678901234567890}',
  )
  assert.equal(claimAt(object, ['a', 'b', 'c']), 1)
  assert.deepEqual({ ...(claimAt(object, ['a', 'b']) as JsonObject) }, { c: 1 })
  for (const path of [
    ['a', 'x'],
    ['a', 'b', 'c', 'd'],
    ['list', '0'],
    ['list', 'length'],
    ['text', '0'],
    ['text', 'length'],
    ['n', 'x'],
    ['big', 'source'],
  ]) {
    assert.equal(claimAt(object, path), undefined, path.join(' → '))
  }
})

test('what every object of JavaScript has is no claim', () => {
  const object = claims('{"a":{}}')
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length']) {
    assert.equal(claimAt(object, [name]), undefined, name)
    assert.equal(claimAt(object, ['a', name]), undefined, name)
  }
  assert.equal(claimAt(claims('{"__proto__":"x","constructor":{"prototype":"y"}}'), ['__proto__']), 'x')
})

test('a header carries the UTF-8 bytes of its text', () => {
  for (const text of [
    'Jon Snow',
    '',
    'x',
    'a b',
    'Jürgen',
    '渡辺',
    '😀',
    'à',
    '\u0085x',
    'a\u00a0',
    '"quoted"',
    '100% & more;',
  ]) {
    const bytes = headerBytes(text)
    assert.equal(Buffer.from(bytes ?? '?', 'latin1').toString('utf8'), text)
  }
})

test('what a header cannot carry unchanged is refused', () => {
  for (const text of [
    'a\r\nb',
    'a\nb',
    'a\rb',
    'a\0b',
    '\t',
    'a\tb',
    '\u007f',
    '\u0001',
    ' x',
    'x ',
    ' ',
    '\ud800',
    'a\udc00b',
    'é\r\nX: y',
    ' é',
    'é ',
  ]) {
    assert.equal(headerBytes(text), undefined, JSON.stringify(text))
  }
})

test('any text is carried to the letter or not at all, and no byte of it ends a field', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }), (text) => {
      const bytes = headerBytes(text)
      if (bytes === undefined) return
      assert.equal(Buffer.from(bytes, 'latin1').toString('utf8'), text)
      for (const char of bytes) {
        const code = char.charCodeAt(0)
        assert.ok(code >= 0x20 && code !== 0x7f && code < 0x100)
      }
      assert.equal(bytes.replace(/^[ \t]+|[ \t]+$/g, ''), bytes)
    }),
    { numRuns: 2000 },
  )
})
