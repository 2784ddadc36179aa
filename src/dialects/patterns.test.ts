import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseBackendUrl } from './backend-url.ts'
import { hostCovers, hostPattern, pathCovers, pathPattern } from './patterns.ts'

const STRICT = { mergeSlashes: true, encodedSlashes: 'refuse' } as const

test('patterns come out in their one canonical form', () => {
  assert.deepEqual(
    [hostPattern('API.Example.com'), hostPattern('*.Example.com'), hostPattern('*')].map(
      (r) => r.ok && r.value,
    ),
    ['api.example.com', '*.example.com', '*'],
  )
  assert.deepEqual(
    [pathPattern('*', STRICT), pathPattern('/*', STRICT), pathPattern('/%61', STRICT)].map(
      (r) => r.ok && r.value,
    ),
    ['/*', '/*', '/a'],
  )
})

test('a host pattern covers what it takes, and no more', () => {
  assert.ok(
    hostCovers('*', 'a.example') &&
      hostCovers('*', '*.example') &&
      hostCovers('*.example', 'a.example') &&
      hostCovers('*.example', '*.a.example'),
  )
  assert.ok(
    !hostCovers('*.example', 'example') &&
      !hostCovers('*.example', '*') &&
      !hostCovers('a.example', '*.example') &&
      !hostCovers('*.a.example', '*.example'),
  )
  assert.ok(!hostCovers('*.example', 'badexample'))
})

test('a path pattern covers another exactly where it takes all of its paths', () => {
  const pattern = fc
    .tuple(fc.constantFrom('/', '/a', '/a/', '/ab', '/a/b', '/b/'), fc.boolean())
    .map(([path, star]) => (star ? `${path}*` : path))
  const takes = (own: string, path: string): boolean =>
    own.endsWith('*') ? path.startsWith(own.slice(0, -1)) : own === path
  const paths = [
    '/',
    '/a',
    '/a/',
    '/ab',
    '/a/b',
    '/b/',
    '/zzz',
    '/a/zzz',
    '/azzz',
    '/abzzz',
    '/a/bzzz',
    '/b/zzz',
  ]
  fc.assert(
    fc.property(pattern, pattern, (outer, inner) => {
      const all = paths.filter((path) => takes(inner, path)).every((path) => takes(outer, path))
      assert.equal(pathCovers(outer, inner), all, `${outer} ${inner}`)
    }),
  )
})

test('a backend URL loses its final slash and keeps its path', () => {
  const urls = ['http://127.0.0.1:9000', 'https://Backend.example/', 'http://h/api/v1/']
  assert.deepEqual(
    urls.map((url) => parseBackendUrl(url)).map((r) => r.ok && r.value),
    ['http://127.0.0.1:9000', 'https://backend.example', 'http://h/api/v1'],
  )
})

test('what is no URL of a backend is refused, and a password never repeated', () => {
  for (const url of [
    '',
    '127.0.0.1:9000',
    'ftp://h',
    'http://',
    'http://h/?',
    'http://h/#x',
    'http://h?q=1',
    'javascript:1',
    '//h',
  ]) {
    assert.equal(parseBackendUrl(url).ok, false, url)
  }
  for (const url of [
    'http://user:hunter2@h',
    'user:hunter2@h',
    'ftp://user:hunter2@h',
    'http://user:hunter2@h?x',
  ]) {
    const read = parseBackendUrl(url)
    assert.ok(!read.ok && !read.error.includes('hunter2'), url)
  }
})
