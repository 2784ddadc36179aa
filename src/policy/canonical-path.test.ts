import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { canonicalPath, type PathOptions } from './canonical-path.ts'

const STRICT: PathOptions = { mergeSlashes: true, encodedSlashes: 'refuse' }
const PLAIN: PathOptions = { mergeSlashes: false, encodedSlashes: 'refuse' }
const KEEP: PathOptions = { mergeSlashes: true, encodedSlashes: 'keep' }

function outcome(raw: string, options: PathOptions = STRICT): string {
  const result = canonicalPath(raw, options)
  return result.ok ? result.value : `refused: ${result.error.reason}`
}

function table(rows: readonly (readonly [string, string])[], options: PathOptions = STRICT): void {
  for (const [raw, expected] of rows) assert.equal(outcome(raw, options), expected, raw)
}

test('a path that is canonical comes back as it is', () => {
  for (const path of [
    '/',
    '/a',
    '/a/',
    '/a.b/..c/...',
    '/.well-known/jwks.json',
    '/.a',
    "/!$&'()*+,;=:@",
    '/a;v=1/b',
    '/%C3%A9',
    '/"<>^`{|}[]',
  ]) {
    assert.equal(outcome(path), path)
  }
})

test('dot segments are resolved as in RFC 3986', () => {
  table([
    ['/a/b/c/./../../g', '/a/g'],
    ['/a/.', '/a/'],
    ['/a/..', '/'],
    ['/a/b/..', '/a/'],
    ['/./a', '/a'],
    ['/.', '/'],
    ['/a/%2e%2E/b', '/b'],
    ['/a/.%2e/b', '/b'],
    ['/a/%2e/b', '/a/b'],
  ])
})

test('climbing above the root is refused, not clamped', () => {
  for (const path of ['/..', '/../a', '/a/../..', '/a/../../b', '/%2e%2e'])
    assert.equal(outcome(path), 'refused: above-root')
})

test('slashes are merged before dot segments, where so configured', () => {
  table([
    ['//', '/'],
    ['//admin', '/admin'],
    ['/a//b///c//', '/a/b/c/'],
    ['/a//../b', '/b'],
    ['/a/.//b', '/a/b'],
  ])
  table(
    [
      ['//', '//'],
      ['/a//b', '/a//b'],
      ['/a//../b', '/a/b'],
      ['/a/..//b', '//b'],
    ],
    PLAIN,
  )
})

test('unreserved escapes are decoded, others keep upper-case digits', () => {
  table([
    ['/%61%2D%5f%7E%41%39', '/a-_~A9'],
    ['/caf%c3%a9', '/caf%C3%A9'],
    ['/a%20b', '/a%20b'],
    ['/a%3fb%23', '/a%3Fb%23'],
    ['/%24%40', '/%24%40'],
    ['/50%25off', '/50%25off'],
    ['/100%25', '/100%25'],
  ])
})

test('malformed escapes, controls and characters that need an escape are refused', () => {
  for (const path of ['/%', '/%2', '/%zz', '/%%32', '/%u002f', '/a%2'])
    assert.equal(outcome(path), 'refused: malformed-escape', path)
  for (const path of ['/%00', '/a%0d%0Ab', '/%1f', '/%7F', '/%09'])
    assert.equal(outcome(path), 'refused: encoded-control', path)
  for (const path of [
    '/a b',
    '/a\0',
    '/a\tb',
    '/é',
    '/\u{1f600}',
    '/a#b',
    '/a?b',
    '/a\\b',
    '/\x7f',
    '/\uff0f',
  ]) {
    assert.equal(outcome(path), 'refused: forbidden-character', path)
  }
  for (const path of ['', 'a', '*', 'http://h/a', '.', '%2Fa', '?a', '\\a'])
    assert.equal(outcome(path), 'refused: relative-path', path)
})

test('encoded slashes are refused, or kept as data and never decoded', () => {
  for (const path of ['/a%2fb', '/a%2Fb', '/a%5cb', '/%5C', '/%2F'])
    assert.equal(outcome(path), 'refused: encoded-slash', path)
  table(
    [
      ['/group%2fproject', '/group%2Fproject'],
      ['/a%5cb', '/a%5Cb'],
      ['/a/b%2F/../c', '/a/c'],
    ],
    KEEP,
  )
})

test('kept encoded slashes hide no dot segments', () => {
  for (const path of [
    '/public/..%2fadmin',
    '/a%2F..%2Fb',
    '/a%2f..',
    '/a%2f%2e%2e/b',
    '/..%5cb',
    '/a%5C.',
    '/a%2f..;/b',
  ]) {
    assert.equal(outcome(path, KEEP), 'refused: dot-segment-encoded-slash', path)
  }
})

test('double encodings that would change the path are refused at every depth', () => {
  for (const path of [
    '/%252e%252e/a',
    '/%252f',
    '/%255c',
    '/%2500',
    '/%25252e',
    '/%25%32%65',
    '/%2561dmin',
    '/%253b',
    '/%250a',
    '/%2%35',
  ]) {
    const expected = path === '/%2%35' ? 'refused: malformed-escape' : 'refused: double-encoding'
    assert.equal(outcome(path), expected, path)
    assert.equal(outcome(path, KEEP), expected, path)
  }
  assert.equal(outcome('/a%2520b'), '/a%2520b')
})

test('overlong UTF-8 of dots and slashes is refused', () => {
  for (const path of [
    '/%c0%ae%c0%ae/a',
    '/%c0%af',
    '/%c1%9c',
    '/%e0%80%af',
    '/%e0%81%9c',
    '/%f0%80%80%ae',
    '/%C0%80',
  ]) {
    assert.equal(outcome(path), 'refused: overlong-encoding', path)
  }
  // 中 in GBK: bytes that are no UTF-8 are data.
  assert.equal(outcome('/%d6%d0'), '/%D6%D0')
})

test('dot segments with a path parameter are refused', () => {
  for (const path of ['/a/..;/b', '/a/..;x=1/b', '/.;/a', '/a/%2e%2e;', '/a/..%3b/b', '/a/%2e%3Bx']) {
    assert.equal(outcome(path), 'refused: dot-segment-parameter', path)
  }
  assert.equal(outcome('/a/...;/b'), '/a/...;/b')
  assert.equal(outcome('/a/.b;c'), '/a/.b;c')
})

test('a problem says what is wrong and holds nothing of the path', () => {
  const result = canonicalPath('/secret/..;/token', STRICT)
  assert.ok(!result.ok)
  assert.doesNotMatch(result.error.detail, /secret|token/)
  assert.match(result.error.detail, /^[^A-Z].*[^.]$/)
})

function decodeOnce(text: string): string {
  return text.replace(/%[0-9a-f]{2}/gi, (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16)))
}

function decodedSegments(path: string): string[] {
  return path.split('/').map((segment) => decodeOnce(segment))
}

/** Paths made of what matters: dots, slashes, escapes of them, and names. */
const piece = fc.constantFrom(
  '/',
  '/',
  '.',
  '..',
  '%2e',
  '%2E',
  '%2f',
  '%5c',
  '%25',
  '%61',
  '%c3%a9',
  '%3b',
  ';',
  'a',
  'b.c',
  '~',
  '$',
  '32',
  '65',
  '%',
)
const hostilePath = fc.array(piece, { maxLength: 14 }).map((pieces) => `/${pieces.join('')}`)
const anyOptions = fc.record({
  mergeSlashes: fc.boolean(),
  encodedSlashes: fc.constantFrom<'refuse' | 'keep'>('refuse', 'keep'),
})

test('a canonical path is its own canonical path and has no dot segments', () => {
  fc.assert(
    fc.property(hostilePath, anyOptions, (raw, options) => {
      const result = canonicalPath(raw, options)
      if (!result.ok) return
      const path = result.value
      assert.equal(outcome(path, options), path)
      assert.doesNotMatch(path, /\/\.\.?(?:\/|;|$)/)
      assert.doesNotMatch(path, /%2e|%00|\\/i)
      if (options.mergeSlashes) assert.doesNotMatch(path, /\/\//)
      if (options.encodedSlashes === 'refuse') assert.doesNotMatch(path, /%2f|%5c/i)
    }),
    { numRuns: 3000 },
  )
})

test('an accepted path means what the URL Standard makes of it', () => {
  fc.assert(
    fc.property(hostilePath, fc.boolean(), (raw, mergeSlashes) => {
      const result = canonicalPath(raw, { mergeSlashes, encodedSlashes: 'keep' })
      if (!result.ok) return
      const url = new URL(`http://host${mergeSlashes ? raw.replace(/\/{2,}/g, '/') : raw}`)
      // What URL leaves of empty segments is the merged path's own.
      const expected = mergeSlashes ? url.pathname.replace(/\/{2,}/g, '/') : url.pathname
      assert.deepEqual(decodedSegments(result.value), decodedSegments(expected))
    }),
    { numRuns: 3000 },
  )
})

test('a second decoding of an accepted path reveals no dot segment and no slash', () => {
  fc.assert(
    fc.property(hostilePath, (raw) => {
      const result = canonicalPath(raw, STRICT)
      if (!result.ok) return
      let text = result.value
      for (let depth = 0; depth < 4; depth++) {
        text = decodeOnce(text)
        assert.equal(text.split('/').length, result.value.split('/').length)
        assert.doesNotMatch(text, /\/\.\.?(?:\/|;|$)|\\|\0/)
      }
    }),
    { numRuns: 3000 },
  )
})

test('long hostile paths take linear time', () => {
  const started = performance.now()
  for (const unit of ['/', '/.', '%2e', '%25', '%25%25', '/a/..', ';', '%c0', '..;', '%2f..']) {
    canonicalPath(`/${unit.repeat(200_000)}`, KEEP)
  }
  assert.ok(performance.now() - started < 3000)
})
