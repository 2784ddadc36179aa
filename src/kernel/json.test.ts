import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ExactNumber, isJsonObject, jsonNumber, parseJson, stringifyJson, type JsonValue } from './json.ts'

/** Our values as JSON.parse makes them: with prototypes, and every number a double. */
function plain(value: JsonValue | undefined): unknown {
  if (value instanceof ExactNumber) return Number(value.source)
  if (Array.isArray(value)) return value.map((item: JsonValue) => plain(item))
  if (!isJsonObject(value)) return value
  // defineProperty, because `__proto__` is a name like every other in JSON.
  const object = {}
  for (const [name, member] of Object.entries(value)) {
    Object.defineProperty(object, name, {
      value: plain(member),
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
  return object
}

function nativeParse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

function agreesWithNative(text: string): void {
  const ours = parseJson(text)
  const native = nativeParse(text)
  if (ours.ok) {
    assert.ok(native !== undefined, `accepted here, refused by JSON.parse: ${text}`)
    assert.deepEqual(plain(ours.value), native.value)
  } else if (native !== undefined) {
    // The only texts that this reader refuses and JSON.parse does not.
    assert.ok(
      ['a member name stands twice in one object', 'nested too deep'].includes(ours.error.message),
      text,
    )
  }
}

test('whatever JSON.stringify writes is read as the same value', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary', maxDepth: 8 }), fc.constantFrom(0, 1, 2), (text, indent) => {
      const spaced = JSON.stringify(JSON.parse(text), undefined, indent)
      const value = parseJson(spaced)
      assert.ok(value.ok)
      assert.deepEqual(plain(value.value), JSON.parse(spaced))
      assert.deepEqual(JSON.parse(stringifyJson(value.value)), JSON.parse(spaced))
    }),
    { numRuns: 1000 },
  )
})

test('JSON.parse agrees on valid documents that were damaged in one place', () => {
  const damage = fc.record({
    at: fc.nat(),
    remove: fc.nat({ max: 3 }),
    insert: fc.constantFrom(
      '',
      '"',
      '\\',
      ',',
      ':',
      '{',
      '}',
      '[',
      ']',
      '0',
      '-',
      '.',
      'e',
      '\\u00',
      ' ',
      '\n',
      '\u0000',
      'n',
      '\ufeff',
    ),
  })
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), damage, (text, { at, remove, insert }) => {
      const index = at % (text.length + 1)
      agreesWithNative(text.slice(0, index) + insert + text.slice(index + remove))
    }),
    { numRuns: 3000 },
  )
})

test('JSON.parse agrees on texts made of the pieces of JSON in any order', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"b"',
    '"\\n"',
    '"\\ud83d"',
    '"__proto__"',
    'true',
    'false',
    'null',
    '0',
    '-0',
    '1.5e3',
    '01',
    '1.',
    '.5',
    '+1',
    '-',
    '1e',
    ' ',
    '\t',
    '\r\n',
    '\v',
    '\u00a0',
    "'a'",
    '//',
    'NaN',
  ]
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
      agreesWithNative(parts.join(''))
    }),
    { numRuns: 5000 },
  )
})

test('JSON.parse agrees on numbers of every form', () => {
  const digits = fc.string({
    unit: fc.constantFrom(...'0123456789.eE+-'.split('')),
    minLength: 1,
    maxLength: 24,
  })
  fc.assert(
    fc.property(digits, (text) => {
      agreesWithNative(text)
      agreesWithNative(`{"a":${text},"b":[${text} ]}`)
    }),
    { numRuns: 3000 },
  )
})

test('whole numbers of any size come out with the digits that they went in with', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), (number) => {
      const read = parseJson(`[${number}]`)
      assert.ok(read.ok)
      assert.equal(stringifyJson(read.value), `[${number}]`)
    }),
    { numRuns: 2000 },
  )
})

for (const text of [
  '{"a":1,"a":1}',
  '{"a":1,"\\u0061":2}',
  '{"x":{"a":1,"b":2,"a":3}}',
  '{"__proto__":1,"__proto__":2}',
]) {
  test(`a name that stands twice is refused: ${text}`, () => {
    const read = parseJson(text)
    assert.ok(!read.ok)
    assert.equal(read.error.message, 'a member name stands twice in one object')
  })
}

test('names of Object.prototype are names like all others', () => {
  const read = parseJson('{"__proto__":{"admin":true},"constructor":1,"toString":2,"hasOwnProperty":3}')
  assert.ok(read.ok && isJsonObject(read.value))
  assert.equal(Object.getPrototypeOf(read.value), null)
  assert.deepEqual(Object.keys(read.value), ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
  assert.equal(({} as Record<string, unknown>)['admin'], undefined)
})

test('a member that is not there is undefined, whatever Object.prototype has', () => {
  const read = parseJson('{}')
  assert.ok(read.ok && isJsonObject(read.value))
  assert.equal(read.value['constructor'], undefined)
  assert.equal(read.value['__proto__'], undefined)
})

test('32 levels are read and 33 are refused', () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const nested = (levels: number): string =>
      open.repeat(levels - 1) + (open === '[' ? '[]' : '{}') + close.repeat(levels - 1)
    assert.equal(parseJson(nested(32)).ok, true)
    const deep = parseJson(nested(33))
    assert.equal(deep.ok ? '' : deep.error.message, 'nested too deep')
  }
})

test('a megabyte of opening brackets is refused without a deep stack', () => {
  assert.equal(parseJson('['.repeat(1_000_000)).ok, false)
  assert.equal(parseJson('{"a":'.repeat(200_000)).ok, false)
})

test('a text longer than the limit is refused before it is read', () => {
  const read = parseJson('[1,2,3]', { maxDepth: 8, maxLength: 6 })
  assert.deepEqual(read, { ok: false, error: { message: 'longer than the limit', offset: 6 } })
})

test('reading takes time in proportion to the text, whatever is in it', () => {
  // Had these taken quadratic time, each would need minutes.
  const start = process.hrtime.bigint()
  const hostile = [
    `"${'\\n'.repeat(400_000)}"`,
    `[${'1,'.repeat(400_000)}1]`,
    `[${' '.repeat(900_000)}]`,
    '1'.repeat(900_000),
    `{${Array.from({ length: 50_000 }, (_, i) => `"${i}":0`).join(',')}}`,
  ]
  for (const text of hostile) parseJson(text)
  assert.ok(process.hrtime.bigint() - start < 10_000_000_000n)
})

test('numbers that a double cannot hold keep their digits, in claims and on the way out', () => {
  for (const source of [
    '12345678901234567890',
    '-9007199254740993',
    '0.12345678901234567890',
    '1e400',
    '-1e999',
  ]) {
    const read = parseJson(`{"id":${source}}`)
    assert.ok(read.ok && isJsonObject(read.value))
    assert.ok(read.value['id'] instanceof ExactNumber, source)
    assert.equal(stringifyJson(read.value), `{"id":${source}}`)
    assert.equal(jsonNumber(read.value['id']), Number(source))
  }
})

test('numbers that a double holds are numbers', () => {
  for (const source of ['0', '-1', '1.5', '9007199254740991', '1732233600']) {
    const read = parseJson(source)
    assert.deepEqual(read, { ok: true, value: Number(source) })
  }
})

test('only numbers have a number', () => {
  for (const value of ['1', true, null, undefined, [], {}]) assert.equal(jsonNumber(value), undefined)
  assert.equal(jsonNumber(-0.5), -0.5)
})

test('a problem says where it is and nothing of the text', () => {
  const read = parseJson('{"password": secret}')
  assert.deepEqual(read, { ok: false, error: { message: 'a value is expected', offset: 13 } })
})
