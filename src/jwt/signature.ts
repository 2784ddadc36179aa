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
  const misfit = checkFit(key, token)
  if (misfit !== undefined) return misfit
  const matching = matches(
    algorithmFacts(token.header.alg),
    key.keyObject,
    signedBytes(token),
    token.signature,
  )
  return matching ? undefined : reject('signature-mismatch', { key: key.label })
}

/**
 * The same on a thread of the pool: `done` is called once, later, with what `checkSignature` would answer. For
 * signatures that take so long that nobody else should wait for them (`isSlow`).
 */
export function checkSignatureLater(
  key: VerificationKey,
  token: SignedToken,
  done: (rejection: JwtRejection | undefined) => void,
): void {
  const facts = algorithmFacts(token.header.alg)
  const misfit = checkFit(key, token)
  if (misfit !== undefined || facts.type === 'oct') {
    const answer = misfit ?? checkSignature(key, token)
    queueMicrotask(() => done(answer))
    return
  }
  const { hash, key: bound, signature } = publicKeyCheck(facts, key.keyObject, token.signature)
  verify(hash, signedBytes(token), bound, signature, (error, matching) =>
    done(error === null && matching ? undefined : reject('signature-mismatch', { key: key.label })),
  )
}

/** Whether checking a signature of this key takes some tenths of a millisecond or more: then it leaves the event loop. */
export function isSlow({ type, bits }: Pick<VerificationKey, 'type' | 'bits'>): boolean {
  switch (type) {
    case 'RSA':
      return bits > SLOW_ABOVE_BITS.rsa
    case 'EC':
    case 'OKP':
      return bits > SLOW_ABOVE_BITS.curve
    case 'oct':
      return false
  }
}

/** RSA with 2048 bits takes 15 µs, P-256 60 µs; RSA with 4096 bits takes 60, P-384 up to 800 (Node 24, one core). */
const SLOW_ABOVE_BITS = { rsa: 2048, curve: 256 } as const

/** What makes a token a forgery before any arithmetic. */
function checkFit(key: VerificationKey, token: SignedToken): JwtRejection | undefined {
  const { alg } = token.header
  // `selectKey` saw to this already. It stands here as well because everything hangs on it (CVE-2022-29217).
  if (!key.algorithms.includes(alg)) return reject('alg-not-of-key', { member: 'alg', key: key.label })
  if (token.signature.length === signatureBytes(algorithmFacts(alg), key)) return undefined
  return reject('signature-length', { key: key.label })
}

/** INVARIANT: the signing input is base64url and a dot (compact.ts), so one character is one byte. */
function signedBytes({ signingInput }: SignedToken): Buffer {
  return Buffer.from(signingInput, 'latin1')
}

/**
 * The one-shot `verify` with the bare KeyObject is the fastest call that Node has: an options object around the key
 * makes RS256 1.6 times as slow. So ECDSA signatures are put into DER here, which keeps the options away and makes
 * ES256 1.4 times as fast as `dsaEncoding: 'ieee-p1363'`, and RSASSA-PSS has a key bound to it. (Node 24, one core.)
 */
function matches(facts: AlgorithmFacts, key: KeyObject, input: Buffer, signature: Buffer): boolean {
  if (facts.type === 'oct') return macMatches(facts.hash, key, input, signature)
  const check = publicKeyCheck(facts, key, signature)
  return verify(check.hash, input, check.key, check.signature)
}

interface PublicKeyCheck {
  readonly hash: Hash | null
  readonly key: KeyObject
  readonly signature: Buffer
}

function publicKeyCheck(
  facts: Exclude<AlgorithmFacts, { readonly type: 'oct' }>,
  key: KeyObject,
  signature: Buffer,
): PublicKeyCheck {
  switch (facts.type) {
    case 'RSA':
      return { hash: facts.hash, key: rsaKey(facts, key), signature }
    case 'EC':
      return { hash: facts.hash, key, signature: ecdsaToDer(signature) }
    case 'OKP':
      return { hash: null, key, signature }
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
