import { createPublicKey, X509Certificate } from 'node:crypto'

/**
 * Whether the bytes of an HMAC secret are really a public key in one of its usual encodings (PEM, DER, SSH, JWK).
 * Whoever has the public key, and that is everybody, could then sign (CVE-2022-29217, CVE-2023-48223, CVE-2026-48526).
 */
export function looksLikePublicKey(secret: Buffer): boolean {
  const text = secret.toString('latin1')
  return TEXT_MARKS.some((mark) => text.includes(mark)) || isDer(secret)
}

/** Looked for anywhere, since white space before a mark is what got past the fixes of two libraries (CVE-2026-34950). */
const TEXT_MARKS = ['-----BEGIN', '---- BEGIN SSH2', 'ssh-rsa ', 'ssh-ed25519 ', 'ecdsa-sha2-', '"kty"']

/** The tag of an ASN.1 SEQUENCE, with which every DER public key and certificate starts. */
const SEQUENCE = 0x30

function isDer(secret: Buffer): boolean {
  if (secret[0] !== SEQUENCE) return false
  const readers = [
    () => createPublicKey({ key: secret, format: 'der', type: 'spki' }),
    () => createPublicKey({ key: secret, format: 'der', type: 'pkcs1' }),
    () => new X509Certificate(secret),
  ]
  return readers.some((read) => {
    try {
      return read() !== undefined
    } catch {
      return false
    }
  })
}
