import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ecdsaToDer } from './ecdsa-der.ts'

test('small, zero and high values become the shortest positive integers', () => {
  assert.equal(ecdsaToDer(Buffer.from('00010080', 'hex')).toString('hex'), '300702010102020080')
  assert.equal(ecdsaToDer(Buffer.from('00007fff', 'hex')).toString('hex'), '300702010002027fff')
  assert.equal(ecdsaToDer(Buffer.from('ffff0100', 'hex')).toString('hex'), '3009020300ffff02020100')
})

test('the longest signature of P-521 has the long length form', () => {
  const der = ecdsaToDer(Buffer.alloc(132, 0xff))
  assert.equal(der.length, 141)
  assert.equal(der.subarray(0, 6).toString('hex'), '30818a024300')
})

test('what is encoded is what a strict DER reader finds', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(32, 48, 66),
      fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
      fc.nat(65),
      (size, stream, zeros) => {
        const signature = Buffer.from([...stream.take(2 * size)])
        signature.fill(0, 0, Math.min(zeros, size))
        const [r, s] = readDer(ecdsaToDer(signature))
        assert.equal(r, BigInt(`0x${signature.subarray(0, size).toString('hex')}`))
        assert.equal(s, BigInt(`0x${signature.subarray(size).toString('hex')}`))
      },
    ),
    { numRuns: 500 },
  )
})

for (const [namedCurve, hash] of [
  ['P-256', 'sha256'],
  ['P-384', 'sha384'],
  ['P-521', 'sha512'],
] as const) {
  test(`node verifies the DER of its own raw ${namedCurve} signatures`, () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
    for (let i = 0; i < 50; i++) {
      const data = Buffer.from(String(i))
      const raw = sign(hash, data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
      assert.ok(verify(hash, data, publicKey, ecdsaToDer(raw)))
    }
  })
}

/** Reads SEQUENCE { INTEGER, INTEGER }; throws on every length or integer that is not the shortest. */
function readDer(der: Buffer): readonly [bigint, bigint] {
  assert.equal(der[0], 0x30)
  const long = der[1] === 0x81
  const body = der.subarray(long ? 3 : 2)
  assert.equal(long ? der[2] : der[1], body.length)
  assert.equal(long, body.length >= 128)
  const [r, rest] = readInteger(body)
  const [s, end] = readInteger(rest)
  assert.equal(end.length, 0)
  return [r, s]
}

function readInteger(der: Buffer): readonly [bigint, Buffer] {
  assert.equal(der[0], 0x02)
  const bytes = der.subarray(2, 2 + der[1]!)
  assert.ok(bytes.length > 0 && bytes[0]! < 0x80)
  if (bytes.length > 1) assert.ok(bytes[0] !== 0 || bytes[1]! >= 0x80)
  return [BigInt(`0x${bytes.toString('hex')}`), der.subarray(2 + der[1]!)]
}
