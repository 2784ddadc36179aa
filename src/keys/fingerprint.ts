import { hash, type KeyObject } from 'node:crypto'
import type { PortableKey, VerificationKey } from '../jwt/index.ts'

const KNOWN = new WeakMap<KeyObject, string>()

/** Tells a public key from all others, whatever it is called: the SHA-256 of its SPKI, in hexadecimal digits. */
export function fingerprintOf({ keyObject }: VerificationKey): string {
  const known = KNOWN.get(keyObject)
  if (known !== undefined) return known
  const spki = keyObject.export({ format: 'der', type: 'spki' })
  const fingerprint = hash('sha256', spki)
  KNOWN.set(keyObject, fingerprint)
  return fingerprint
}

/** The same for two keys that verify the same tokens, and different for all others. */
export function identityOf(key: VerificationKey): string {
  return JSON.stringify([fingerprintOf(key), key.algorithms, key.kid])
}

/** What `identityOf` says of the key that this becomes, without making it: that costs many times more. */
export function portableIdentityOf({ material, algorithms, kid }: PortableKey): string {
  const bytes = material.kind === 'secret' ? material.bytes : material.spki
  return JSON.stringify([hash('sha256', bytes), algorithms, kid])
}
