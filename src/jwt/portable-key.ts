import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import type { VerificationKey } from './types.ts'

/** A key as plain data that another process can take. SECRET where the key is: never printed, logged or exported. */
export type PortableKey = Omit<VerificationKey, 'keyObject'> & { readonly material: KeyMaterial }

/** The runtime's own object cannot leave the process that it was made in. */
export type KeyMaterial =
  | { readonly kind: 'public'; readonly spki: Uint8Array }
  | { readonly kind: 'secret'; readonly bytes: Uint8Array }

export function toPortableKey({ keyObject, ...facts }: VerificationKey): PortableKey {
  return { ...facts, material: materialOf(keyObject) }
}

/** The same key again. INVARIANT: it was read and judged before it was sent, so nothing of it is judged here. */
export function fromPortableKey({ material, ...facts }: PortableKey): VerificationKey {
  return { ...facts, keyObject: keyObjectOf(material) }
}

function materialOf(key: KeyObject): KeyMaterial {
  return key.type === 'secret'
    ? { kind: 'secret', bytes: key.export() }
    : { kind: 'public', spki: key.export({ format: 'der', type: 'spki' }) }
}

function keyObjectOf(material: KeyMaterial): KeyObject {
  return material.kind === 'secret'
    ? createSecretKey(material.bytes)
    : createPublicKey({ key: Buffer.from(material.spki), format: 'der', type: 'spki' })
}
