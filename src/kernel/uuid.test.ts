import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomUuid } from './uuid.ts'

const COUNT = 20_000
const uuids = Array.from({ length: COUNT }, () => randomUuid())

test('each has the form of version 4, and none comes twice', () => {
  for (const uuid of uuids)
    assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(new Set(uuids).size, COUNT)
})

test('every other bit is one as often as zero', () => {
  const ones = Array.from({ length: 128 }, () => 0)
  for (const uuid of uuids) {
    const bits = BigInt(`0x${uuid.replaceAll('-', '')}`)
    for (let bit = 0; bit < 128; bit++) if ((bits >> BigInt(127 - bit)) & 1n) ones[bit]!++
  }
  // Bits 48 to 51 are the version, 64 and 65 the variant. Seven standard deviations of a fair coin.
  const fixed = new Map([
    [48, 0],
    [49, COUNT],
    [50, 0],
    [51, 0],
    [64, COUNT],
    [65, 0],
  ])
  ones.forEach((count, bit) => {
    const expected = fixed.get(bit)
    if (expected === undefined)
      assert.ok(Math.abs(count - COUNT / 2) < 3.5 * Math.sqrt(COUNT), `bit ${bit}: ${count}`)
    else assert.equal(count, expected, `bit ${bit}`)
  })
})
