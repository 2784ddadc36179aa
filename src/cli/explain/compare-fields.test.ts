import assert from 'node:assert/strict'
import { it } from 'node:test'
import { compareFields } from './compare-fields.ts'

it('compareFields tells what is kept, removed and added, and passes over fields of the connection', () => {
  const before = [
    'Host',
    'a',
    'X-User',
    'mallory',
    'Accept',
    '*/*',
    'Content-Length',
    '3',
    'Connection',
    'close',
  ]
  const after = ['Host', 'a', 'Accept', '*/*', 'X-User', 'user-1', 'X-Request-Id', 'r']
  assert.deepEqual(
    compareFields(before, after).map(({ change, name, value }) => `${change} ${name}: ${value}`),
    ['  Host: a', '  Accept: */*', '- X-User: mallory', '+ X-User: user-1', '+ X-Request-Id: r'],
  )
})

it('compareFields counts a field that came twice and stays once as removed once', () => {
  assert.deepEqual(
    compareFields(['A', '1', 'A', '1'], ['A', '1']).map(({ change }) => change),
    [' ', '-'],
  )
})
