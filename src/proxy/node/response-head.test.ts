import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readFields, readResponseHead } from './response-head.ts'

test('fields come out end-to-end, one character per byte, with the length apart', () => {
  const raw = ['Content-Length', '12', 'Connection', 'X-Hop', 'X-Hop', '1', 'X-A', 'é'].map((text) =>
    Buffer.from(text),
  )
  assert.deepEqual(readResponseHead(raw), { ok: true, value: { headers: ['X-A', 'Ã©'], length: 12 } })
})

test('chunks have no length', () => {
  assert.deepEqual(readResponseHead(['Transfer-Encoding', 'CHUNKED']), {
    ok: true,
    value: { headers: [], length: undefined },
  })
})

test('the same length twice is one, different ones are refused', () => {
  assert.deepEqual(readResponseHead(['Content-Length', '1', 'content-length', '1']), {
    ok: true,
    value: { headers: [], length: 1 },
  })
  assert.deepEqual(readResponseHead(['Content-Length', '1', 'content-length', '2']), {
    ok: false,
    error: 'bad-content-length',
  })
})

test('framing that this hop would pass on wrongly is refused', () => {
  for (const value of ['', '-1', '1,1', '0x1', '9'.repeat(16)]) {
    assert.deepEqual(readResponseHead(['Content-Length', value]), { ok: false, error: 'bad-content-length' })
  }
  for (const value of ['gzip', 'gzip, chunked', 'identity', 'chunked, chunked', '']) {
    assert.deepEqual(readResponseHead(['Transfer-Encoding', value]), {
      ok: false,
      error: 'bad-transfer-encoding',
    })
  }
  const twice = ['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked']
  assert.deepEqual(readResponseHead(twice), { ok: false, error: 'bad-transfer-encoding' })
  assert.deepEqual(readResponseHead(['Transfer-Encoding', 'chunked', 'Content-Length', '1']), {
    ok: false,
    error: 'two-lengths',
  })
})

test('no field that frames comes through, whatever the answer holds', () => {
  const name = fc.constantFrom(
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'X-A',
    'Upgrade',
    'Keep-Alive',
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.constantFrom('1', 'chunked', 'x-a', 'é'))), (fields) => {
      const head = readResponseHead(fields.flat())
      if (!head.ok) return
      const names = head.value.headers.filter((_, index) => index % 2 === 0)
      assert.ok(names.every((each) => each === 'X-A'))
    }),
  )
})

test('fields of interim answers and trailers lose what concerns the connection', () => {
  assert.deepEqual(readFields(['Link', '</a>', 'Connection', 'close']), ['Link', '</a>'])
  assert.deepEqual(readFields([]), [])
})
