/**
 * The DER form (RFC 3279 §2.2.3) of a raw ECDSA signature, r and s of equal length one after the other (RFC 7518 §3.4).
 * Bytes in, bytes out: whether r and s are in range is for the verification to say.
 */
export function ecdsaToDer(signature: Uint8Array): Buffer {
  const half = signature.length / 2
  const r = positiveInteger(signature, 0, half)
  const s = positiveInteger(signature, half, signature.length)
  const length = 4 + r.bytes + s.bytes
  // One length byte serves below 128; P-521 (139 at most) needs the long form with one more.
  const head = length < 128 ? 2 : 3
  // From the pool, which `alloc` is not: every byte is written.
  const der = Buffer.allocUnsafe(head + length)
  der[0] = 0x30
  if (head === 3) der[1] = 0x81
  der[head - 1] = length
  writeInteger(der, head, signature, r)
  writeInteger(der, head + 2 + r.bytes, signature, s)
  return der
}

interface Integer {
  readonly start: number
  readonly end: number
  /** Length in DER: a leading zero byte is added where the first bit is set, since integers are signed. */
  readonly bytes: number
}

function positiveInteger(signature: Uint8Array, from: number, end: number): Integer {
  let start = from
  // The last byte stays even if it is zero: zero is one byte in DER.
  while (start < end - 1 && signature[start] === 0) start++
  return { start, end, bytes: end - start + ((signature[start] ?? 0) >> 7) }
}

function writeInteger(der: Buffer, at: number, signature: Uint8Array, integer: Integer): void {
  der[at] = 0x02
  der[at + 1] = integer.bytes
  // The leading zero, where there is one.
  der[at + 2] = 0
  let to = at + 2 + integer.bytes - (integer.end - integer.start)
  for (let from = integer.start; from < integer.end; from++) der[to++] = signature[from] ?? 0
}
