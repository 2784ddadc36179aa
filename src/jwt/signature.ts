import { createHmac, timingSafeEqual, verify, type KeyObject } from 'node:crypto'
import { algorithmFacts, signatureBytes, type AlgorithmFacts, type Hash } from './algorithms.ts'
import { ecdsaToDer } from './ecdsa-der.ts'
import { pssKey } from './pss-key.ts'
import { reject, type JwtRejection } from './rejection.ts'
import type { ParsedToken, VerificationKey } from './types.ts'

/** The parts of a token that its signature concerns. */
export type SignedToken = Pick<ParsedToken, 'header' | 'signingInput' | 'signature'>

/**
 * Checks the signature or MAC of a token (RFC 7515 §5.2 step 8): undefined where it is right, the rejection otherwise.
 * Synchronous, from microseconds (HMAC) to half a millisecond (ES384) on the thread that calls it.
 */
export function checkSignature(key: VerificationKey, token: SignedToken): JwtRejection | undefined {
  const { alg } = token.header
  // `selectKey` saw to this already. It stands here as well because everything hangs on it (CVE-2022-29217).
  if (!key.algorithms.includes(alg)) return reject('alg-not-of-key', { member: 'alg', key: key.label })
  const facts = algorithmFacts(alg)
  if (token.signature.length !== signatureBytes(facts, key))
    return reject('signature-length', { key: key.label })
  // INVARIANT: the signing input is base64url and a dot (compact.ts), so one character is one byte.
  const input = Buffer.from(token.signingInput, 'latin1')
  if (matches(facts, key.keyObject, input, token.signature)) return undefined
  return reject('signature-mismatch', { key: key.label })
}

/**
 * The one-shot `verify` with the bare KeyObject is the fastest call that Node has: an options object around the key
 * makes RS256 1.6 times as slow. So ECDSA signatures are put into DER here, which keeps the options away and makes
 * ES256 1.4 times as fast as `dsaEncoding: 'ieee-p1363'`, and RSASSA-PSS has a key bound to it. (Node 24, one core.)
 */
function matches(facts: AlgorithmFacts, key: KeyObject, input: Buffer, signature: Buffer): boolean {
  switch (facts.type) {
    case 'RSA':
      return verify(facts.hash, input, rsaKey(facts, key), signature)
    case 'EC':
      return verify(facts.hash, input, key, ecdsaToDer(signature))
    case 'OKP':
      return verify(null, input, key, signature)
    case 'oct':
      return macMatches(facts.hash, key, input, signature)
  }
}

function rsaKey(
  { hash, pssSaltBytes }: AlgorithmFacts & { readonly type: 'RSA' },
  key: KeyObject,
): KeyObject {
  return pssSaltBytes === undefined ? key : pssKey(key, hash, pssSaltBytes)
}

function macMatches(hash: Hash, key: KeyObject, input: Buffer, mac: Buffer): boolean {
  const expected = createHmac(hash, key).update(input).digest()
  return expected.length === mac.length && timingSafeEqual(expected, mac)
}
