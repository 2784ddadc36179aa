import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { spellingOf } from '../../policy/index.ts'
import { appendCookies, cookieValues, removeCookies } from './cookie.ts'

const dropUid = (name: string): boolean => spellingOf(name) === 'uid'

test('all values of exactly a cookie are read, without white space and quotes', () => {
  assert.deepEqual(cookieValues('a=1; token=x; token = y ;token="z"', 'token'), ['x', 'y', 'z'])
  assert.deepEqual(cookieValues('token; Token=1; xtoken=2; a=token', 'token'), [])
  assert.deepEqual(cookieValues('token=a=b', 'token'), ['a=b'])
  assert.deepEqual(cookieValues('token="', 'token'), ['"'])
  assert.deepEqual(cookieValues('', 'token'), [])
})

test('a cookie goes with one `;`, and all else stays byte for byte', () => {
  for (const [header, rest] of [
    ['uid=1', ''],
    ['uid=1; a=2', 'a=2'],
    ['a=2; uid=1', 'a=2'],
    ['a="x y"; uid=1;b=%41', 'a="x y";b=%41'],
    ['a=1;uid=1;  b=2', 'a=1;  b=2'],
    ['uid; a', 'a'],
  ] as const) {
    assert.equal(removeCookies(header, dropUid), rest, header)
  }
  for (const header of ['', 'a=1;b=2', ' a=1 ; ', 'xuid=1', 'a=uid', 'a=1,b=2'])
    assert.equal(removeCookies(header, dropUid), header)
})

test('a cookie is dropped in every spelling that some server reads as it', () => {
  for (const name of [
    'UID',
    'u%69d',
    'uid[]',
    'uid%5B0%5D',
    'uid ',
    '\tuid',
    'uid\x0b',
    'uid%00x',
    '%20uid',
    '[uid]',
  ]) {
    assert.equal(removeCookies(`a=1; ${name}=x; b=2`, dropUid), 'a=1; b=2', name)
  }
})

test('quotes and commas hide no cookie', () => {
  assert.equal(removeCookies('a="x; uid=1; y"', dropUid), 'a="x; y"')
  assert.equal(removeCookies('a="; uid=1; b="', dropUid), 'a="; b="')
  assert.equal(removeCookies('a=1, uid=2; b=3', dropUid), 'b=3')
})

test('white space in the middle hides no cookie', () => {
  for (const piece of [
    'a=1 uid=evil',
    'a=1\tuid=evil',
    'a=1\x0buid=evil',
    'a=1  UID = evil',
    'a="x y" uid=evil',
    'a=1 b=2,u%69d=evil',
    'x uid',
    'a=1 uid[0]=evil',
    '\u00c2\u0085uid=evil',
    '\x1cuid=evil',
  ]) {
    assert.equal(removeCookies(`c=1; ${piece}; d=2`, dropUid), 'c=1; d=2', JSON.stringify(piece))
  }
  for (const header of ['a=1 xuid=2', 'a=Jon Snow; b', 'a=1 $uid=2', '__Host-uid=1', '__Secure-uid=1'])
    assert.equal(removeCookies(header, dropUid), header)
})

const PYTHON = '/usr/bin/python3'
const hasPython = spawnSync(PYTHON, ['-c', 'import http.cookies']).status === 0

/** The names that SimpleCookie reads in each header, none where it gives up. */
const READ_NAMES = `
import http.cookies, json, sys
def names(header):
    cookie = http.cookies.SimpleCookie()
    try: cookie.load(header)
    except http.cookies.CookieError: pass
    return list(cookie)
print(json.dumps([names(header) for header in json.load(sys.stdin)]))
`

function readByPython(headers: readonly string[]): string[][] {
  const { stdout } = spawnSync(PYTHON, ['-c', READ_NAMES], {
    input: JSON.stringify(headers),
    encoding: 'utf8',
  })
  return JSON.parse(stdout) as string[][]
}

test('Python’s SimpleCookie reads no dropped cookie', { skip: !hasPython && 'there is no python3' }, () => {
  assert.deepEqual(readByPython(['a=1 uid=evil']), [['a', 'uid']], 'it is an oracle of this attack')
  const pick = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts)
  const cookie = fc.tuple(
    pick('uid', 'uid', 'UID', 'a', 'b', '$uid', '$Path', 'Path', 'Secure', '', '=', '"', '\\'),
    pick('=', '=', '=', ' = ', '\t=', '', '=='),
    pick('1', '"x y"', '"x;y"', 'x"', '"', '', 'uid', '"\\"', ',', 'Wed, 01-Jan-2020 00:00:00 GMT'),
    pick(';', '; ', ' ', '\t', '\x0b', '\x0c', ', ', ',', '', ' ;'),
  )
  const headers = fc.sample(
    fc.array(cookie, { maxLength: 5 }).map((cookies) => cookies.flat().join('')),
    5000,
  )
  const before = readByPython(headers).flat().filter(dropUid)
  assert.ok(before.length > 100, 'many attacks are among them')
  const left = headers.map((header) => removeCookies(header, dropUid))
  for (const [i, names] of readByPython(left).entries())
    assert.ok(!names.some(dropUid), JSON.stringify([headers[i], left[i]]))
})

test('added cookies stand first, where no open quote of the client hides them', () => {
  assert.equal(appendCookies('a="x', ['uid', 'é ;,"']), 'uid=%C3%A9%20%3B%2C%22; a="x')
  assert.equal(appendCookies('', ['uid', '1', 'name', 'x']), 'uid=1; name=x')
  assert.equal(appendCookies('a=1', []), 'a=1')
  assert.equal(appendCookies('', []), '')
})

function otherPieces(header: string): string[] {
  const pieces = header.split(';').map((piece) => piece.trim())
  return pieces.filter((piece) => piece !== '' && !/uid|u%69d/i.test(piece))
}

test('no cookie of the name is left, and the others keep their bytes', () => {
  const part = fc.constantFrom(
    'uid',
    'UID',
    'u%69d',
    'a=1',
    'b',
    '=',
    ';',
    ';',
    ' ',
    '\t',
    '"',
    ',',
    '[',
    '%',
    '1',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 16 }), (parts) => {
      const header = parts.join('')
      const rest = removeCookies(header, dropUid)
      for (const piece of rest.split(/[;,]/)) assert.ok(!dropUid(piece.split('=')[0]!.trim()), rest)
      assert.deepEqual(otherPieces(rest), otherPieces(header))
    }),
    { numRuns: 2000 },
  )
})

test('hostile cookies take linear time', () => {
  const started = performance.now()
  for (const unit of [';', '=', ',', '"', ' ', ';=', ', ', '%', '[']) {
    const header = unit.repeat(200_000)
    removeCookies(header, dropUid)
    cookieValues(header, 'uid')
  }
  assert.ok(performance.now() - started < 4000)
})
