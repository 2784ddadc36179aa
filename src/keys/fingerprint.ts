import { createHash, type KeyObject } from 'node:crypto'
import type { VerificationKey } from '../jwt/index.ts'

const KNOWN = new WeakMap<KeyObject, string>()

/** Tells a public key from all others, whatever it is called: the SHA-256 of its SPKI, in hexadecimal digits. */
export function fingerprintOf({ keyObject }: VerificationKey): string {
  const known = KNOWN.get(keyObject)
  if (known !== undefined) return known
  const spki = keyObject.export({ format: 'der', type: 'spki' })
  const fingerprint = createHash('sha256').update(spki).digest('hex')
  KNOWN.set(keyObject, fingerprint)
  return fingerprint
}

/** Whether two keys verify the same tokens. */
export function isSameKey(a: VerificationKey, b: VerificationKey): boolean {
  return (
    a.kid === b.kid && a.algorithms.join() === b.algorithms.join() && fingerprintOf(a) === fingerprintOf(b)
  )
}
