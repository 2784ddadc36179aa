import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { HostIndex } from './host-index.ts'
import { matchesHost, parseHostPattern } from './host-pattern.ts'

function pattern(text: string) {
  const result = parseHostPattern(text)
  assert.ok(result.ok, text)
  return result.value
}

function error(text: string): string {
  const result = parseHostPattern(text)
  assert.ok(!result.ok, text)
  return result.error
}

test('a wildcard stands for one or more labels, and never for the host itself', () => {
  const wildcard = pattern('*.example.com')
  for (const host of ['a.example.com', 'a.b.example.com']) assert.ok(matchesHost(wildcard, host), host)
  for (const host of ['example.com', 'badexample.com', '.example.com', 'example.com.evil', ''])
    assert.ok(!matchesHost(wildcard, host), host)
  assert.ok(matchesHost(pattern('*'), ''))
  assert.ok(!matchesHost(pattern('example.com'), 'a.example.com'))
})

test('patterns are brought to the form of canonical hosts', () => {
  assert.equal(pattern('Example.COM.').text, 'example.com')
  assert.equal(pattern('*.BÜCHER.example').text, '*.xn--bcher-kva.example')
  assert.equal(pattern('例え.jp').text, 'xn--r8jz45g.jp')
  assert.equal(pattern('[2001:DB8::0:1]').text, '[2001:db8::1]')
})

test('what is no pattern is refused with what to write instead', () => {
  assert.match(error('example.com:8080'), /port/)
  assert.match(error('[::1]:443'), /port/)
  assert.match(error('https://example.com'), /scheme/)
  assert.match(error('example.com/a'), /path/)
  assert.match(error('a.*.com'), /first label/)
  assert.match(error('*example.com'), /first label/)
  assert.match(error('*.*.com'), /first label/)
  assert.match(error('::1'), /\[::1\]/)
  assert.match(error('*.127.0.0.1'), /no subdomains/)
  assert.match(error('*.[::1]'), /no subdomains/)
  for (const text of ['', '*.', '.', 'a b', 'a..b', '.example.com', 'user@example.com']) error(text)
})

test('the exact host comes first, then the longest wildcard, then all hosts', () => {
  const hosts = ['*', '*.com', '*.example.com', 'a.example.com', '*.a.example.com']
  const index = new HostIndex(hosts.map((host) => ({ host, value: host })))
  assert.deepEqual(index.all('a.example.com'), ['a.example.com', '*.example.com', '*.com', '*'])
  assert.equal(index.find('b.a.example.com'), '*.a.example.com')
  assert.equal(index.find('example.com'), '*.com')
  assert.equal(index.find('example.org'), '*')
  assert.equal(index.find(''), '*')
})

test('a host pattern that configuration should have refused is a bug', () => {
  assert.throws(() => new HostIndex([{ host: 'a:1', value: 1 }]))
})

test('the index finds what a linear search finds', () => {
  const host = fc
    .array(fc.constantFrom('a', 'b', 'ab', 'com'), { minLength: 1, maxLength: 4 })
    .map((labels) => labels.join('.'))
  const text = fc.oneof(
    host,
    host.map((each) => `*.${each}`),
    fc.constant('*'),
  )
  const rank = { exact: 0, subdomains: 1, any: 2 }
  fc.assert(
    fc.property(fc.array(text, { maxLength: 20 }), host, (patterns, wanted) => {
      const index = new HostIndex(patterns.map((each, value) => ({ host: each, value })))
      const expected = patterns
        .map((each, value) => ({ pattern: pattern(each), value }))
        .filter((each) => matchesHost(each.pattern, wanted))
        .toSorted(
          (a, b) =>
            rank[a.pattern.kind] - rank[b.pattern.kind] || b.pattern.host.length - a.pattern.host.length,
        )
        .map(({ value }) => value)
      assert.deepEqual(index.all(wanted), expected)
      assert.equal(index.find(wanted), expected[0])
    }),
    { numRuns: 2000 },
  )
})
