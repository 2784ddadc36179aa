import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comparablePattern, matchesPath, parsePathPattern } from './path-pattern.ts'

function pattern(text: string) {
  const result = parsePathPattern(text)
  assert.ok(result.ok, text)
  return result.value
}

function error(text: string): string {
  const result = parsePathPattern(text)
  assert.ok(!result.ok, text)
  return result.error
}

test('`/a` is that path alone, and `/login/*` is every path below', () => {
  assert.ok(matchesPath(pattern('/a'), '/a'))
  assert.ok(!matchesPath(pattern('/a'), '/a/'))
  assert.ok(!matchesPath(pattern('/a'), '/A'))
  for (const path of ['/login/', '/login/a', '/login/b/c/d'])
    assert.ok(matchesPath(pattern('/login/*'), path), path)
  for (const path of ['/login', '/logina', '/']) assert.ok(!matchesPath(pattern('/login/*'), path), path)
  assert.ok(matchesPath(pattern('/log*'), '/login'))
})

test('`*` and `/*` are every path', () => {
  for (const text of ['*', '/*'])
    for (const path of ['/', '/a', '/a/b/']) assert.ok(matchesPath(pattern(text), path))
})

test('a pattern is brought to the form of canonical paths', () => {
  assert.equal(pattern('/%61bc').text, '/abc')
  assert.equal(pattern('/caf%c3%a9/*').text, '/caf%C3%A9/*')
  assert.equal(pattern('/café').text, '/caf%C3%A9')
  assert.equal(pattern('/登录/*').text, '/%E7%99%BB%E5%BD%95/*')
  assert.ok(matchesPath(pattern('/登录/*'), '/%E7%99%BB%E5%BD%95/a'))
})

test('a prefix may end within a segment, even after dots', () => {
  assert.equal(pattern('/a/.*').text, '/a/.*')
  assert.ok(matchesPath(pattern('/a/.*'), '/a/.well-known'))
  assert.equal(pattern('/a/..*').text, '/a/..*')
})

test('a character and its escape are one, so an escape is no way past a rule', () => {
  for (const [text, path] of [
    ['/odata/$metadata', '/odata/%24metadata'],
    ['/odata/%24metadata', '/odata/$metadata'],
    ['/v1/things:batch', '/v1/things%3Abatch'],
    ['/x{y}', '/x%7By%7D'],
    ['/users/@*', '/users/%40me'],
    ['/a%2Ab', '/a*b'],
  ] as const) {
    assert.ok(matchesPath(pattern(text), path), `${text} ${path}`)
  }
  assert.ok(!matchesPath(pattern('/a%3Fb'), '/a'))
})

test('a pattern that can match nothing is refused with the form to write instead', () => {
  assert.match(error('/a/../b'), /write `\/b`/)
  assert.match(error('/a//b/*'), /write `\/a\/b\/\*`/)
  assert.match(error('/a/./*'), /write `\/a\/\*`/)
  assert.match(error('login'), /write `\/login`/)
  assert.match(error('login/*'), /write `\/login\/\*`/)
  assert.match(error('/a*b'), /last character/)
  assert.match(error('/a/*/b*'), /last character/)
  assert.match(error('/a?x=1'), /write `\/a`/)
  assert.match(error('/a#top'), /write `\/a`/)
  assert.match(error('/a b'), /%20/)
  assert.match(error('/a%2fb'), /encodedSlashes/)
  for (const text of ['', '/..', '/a%', '/a%2*', '/\ud800', '/a\\b', '/a\0', '/..;/a', '/%252e']) error(text)
})

test('the options of the gateway decide which patterns can match', () => {
  const loose = { mergeSlashes: false, encodedSlashes: 'keep' } as const
  assert.ok(parsePathPattern('/a//b', loose).ok)
  assert.ok(parsePathPattern('/group%2Fproject', loose).ok)
})

test('the spellings of one pattern have one text, and other patterns have others', () => {
  assert.equal(comparablePattern('/%24a'), comparablePattern('/$a'))
  assert.equal(comparablePattern('/%40/*'), comparablePattern('/@/*'))
  const others = ['/a', '/a*', '/a%2A', '/a%2A*', '/a%2F', '*', '/*'].map(comparablePattern)
  assert.equal(new Set(others).size, others.length)
})
