import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ATOMIC_WRITE_BYTES, wholeLines } from './whole-lines.ts'

function written(entry: object): string {
  let text = ''
  wholeLines({ write: (line) => void (text += line) }).write(`${JSON.stringify(entry)}\n`)
  return text
}

test('a line that fits is passed on to the letter, up to the last byte', () => {
  for (const length of [10, 1000, 2000, ATOMIC_WRITE_BYTES - 9]) {
    const entry = { a: 'x'.repeat(length) }
    assert.equal(written(entry), `${JSON.stringify(entry)}\n`)
  }
})

test('a line that does not fit is cut where it is long, says so, and is still JSON', () => {
  const steps = Array.from({ length: 200 }, (_, i) => ({ step: 'route', text: `step ${i}` }))
  for (const entry of [
    { a: 'x'.repeat(ATOMIC_WRITE_BYTES - 8) },
    { type: 'access', status: 401, path: `/${'é'.repeat(30_000)}`, by: 'main' },
    { type: 'access', status: 200, path: '/a', steps },
    { type: 'access', path: '\u0001'.repeat(9000), host: '"'.repeat(9000), detail: '\ud800'.repeat(9000) },
    { type: 'log', facts: { error: 'at x\n'.repeat(4000) } },
  ]) {
    const text = written(entry)
    assert.ok(Buffer.byteLength(text) <= ATOMIC_WRITE_BYTES, `${Buffer.byteLength(text)}`)
    assert.ok(text.endsWith('}\n') && text.indexOf('\n') === text.length - 1)
    const read = JSON.parse(text) as Readonly<Record<string, unknown>>
    assert.equal(read['shortened'], true)
    assert.deepEqual(Object.keys(read), [...Object.keys(entry), 'shortened'])
    if ('status' in entry) assert.equal(read['status'], entry.status)
  }
})

test('an entry of thousands of members is told of in one short line', () => {
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`member${i}`, i]))
  assert.match(
    written(many),
    /^\{"type":"log","message":"an entry was too long for one line","shortened":true\}\n$/,
  )
})
