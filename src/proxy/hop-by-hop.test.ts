import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { endToEnd, listedByConnection } from './hop-by-hop.ts'

test('hop-by-hop fields stop here, in any case', () => {
  const headers = [
    'Host',
    'a',
    'Connection',
    'close',
    'KEEP-ALIVE',
    'x',
    'Proxy-Connection',
    'x',
    'trailer',
    'x',
  ]
  const more = ['Transfer-Encoding', 'chunked', 'Upgrade', 'h2c', 'HTTP2-Settings', 'AAMA', 'Accept', '*/*']
  assert.deepEqual(endToEnd([...headers, ...more]), ['Host', 'a', 'Accept', '*/*'])
})

test('what Connection lists is removed, also where it is listed by a second Connection field', () => {
  const headers = [
    'Connection',
    'close, X-One',
    'X-One',
    '1',
    'x-two',
    '2',
    'connection',
    ' x-TWO ,',
    'X-Three',
    '3',
  ]
  assert.deepEqual(endToEnd(headers), ['X-Three', '3'])
  assert.deepEqual([...listedByConnection(headers)], ['x-one', 'x-two'])
})

test('Connection cannot remove what frames, routes, authenticates or describes a message', () => {
  const names = [
    'Host',
    'Content-Length',
    'Content-Type',
    'Authorization',
    'Cookie',
    'Forwarded',
    'X-Forwarded-For',
    'Via',
  ]
  for (const name of names) {
    assert.deepEqual(endToEnd(['Connection', name, name, 'v']), [name, 'v'])
  }
})

test('of TE only trailers is passed on', () => {
  assert.deepEqual(endToEnd(['TE', 'gzip, Trailers']), ['TE', 'trailers'])
  assert.deepEqual(endToEnd(['TE', 'gzip;q=0.5']), [])
  assert.deepEqual(endToEnd(['Connection', 'TE', 'te', 'trailers']), ['te', 'trailers'])
})

test('other fields keep their case, order, repetition and bytes', () => {
  const headers = ['sEt-CooKie', 'a=1', 'Set-Cookie', 'b=\xe9', 'X', '', 'Proxy-Authenticate', 'Basic']
  assert.deepEqual(endToEnd(headers), headers)
})

test('a name without a value is dropped', () => {
  assert.deepEqual(endToEnd(['A', '1', 'B']), ['A', '1'])
})

test('nothing that is kept is hop-by-hop or listed, whatever the fields are', () => {
  const name = fc.oneof(
    fc.constantFrom('Connection', 'TE', 'Upgrade', 'X-A', 'x-b', 'Host'),
    fc.string({ minLength: 1 }),
  )
  const value = fc.oneof(fc.constantFrom('x-a', 'X-B, close', 'host', 'trailers'), fc.string())
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (fields) => {
      const headers = fields.flat()
      const listed = listedByConnection(headers)
      const kept = endToEnd(headers)
      for (let i = 0; i < kept.length; i += 2) {
        const lower = kept[i]!.toLowerCase()
        assert.ok(!['connection', 'upgrade', 'transfer-encoding', 'keep-alive'].includes(lower))
        assert.ok(!listed.has(lower) || lower === 'te')
      }
      assert.deepEqual(endToEnd(kept), kept)
    }),
  )
})
