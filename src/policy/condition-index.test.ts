import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConditionIndex } from './condition-index.ts'

function indexOf(...conditions: (readonly [host: string, path: string])[]): ConditionIndex<string> {
  return new ConditionIndex(
    conditions.map(([host, path]) => ({ condition: { host, path }, value: host + path })),
  )
}

test('a condition lists a request when its host and its path match', () => {
  const index = indexOf(['example.com', '/login/*'], ['*', '/health'])
  assert.deepEqual(index.listing('example.com', '/login/a'), ['example.com/login/*'])
  assert.deepEqual(index.listing('other.example', '/login/a'), [])
  assert.deepEqual(index.listing('other.example', '/health'), ['*/health'])
  assert.deepEqual(index.listing('example.com', '/health/'), [])
})

test('every condition that lists a request is found, the most specific host and path first', () => {
  const index = indexOf(
    ['*', '/*'],
    ['*.example.com', '/a'],
    ['a.example.com', '/*'],
    ['a.example.com', '/a'],
  )
  assert.deepEqual(index.listing('a.example.com', '/a'), [
    'a.example.com/a',
    'a.example.com/*',
    '*.example.com/a',
    '*/*',
  ])
})

test('two spellings of one host are one host', () => {
  assert.equal(indexOf(['Example.com', '/a'], ['example.com', '/b']).listing('example.com', '/b').length, 1)
  assert.equal(indexOf(['Example.com', '/a'], ['example.com', '/b']).listing('example.com', '/a').length, 1)
})

test('no condition lists nothing', () => {
  assert.deepEqual(indexOf().listing('a', '/'), [])
})
