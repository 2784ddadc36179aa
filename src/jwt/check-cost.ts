import type { VerificationKey } from './types.ts'

/**
 * What it costs to find out that a signature of this key is wrong, in microseconds of one core (Node 24). Machines
 * differ, and their proportions hardly: whoever adds these up for many tokens compares like with like.
 */
export function checkCostUs({ type, bits }: Pick<VerificationKey, 'type' | 'bits'>): number {
  switch (type) {
    case 'RSA':
      // One modular exponentiation with a small exponent: quadratic in the modulus.
      return RSA_2048_US * (bits / 2048) ** 2
    case 'EC':
      return bits > 256 ? LARGE_CURVE_US : P256_US
    case 'OKP':
      return bits > 256 ? LARGE_CURVE_US : ED25519_US
    case 'oct':
      return MAC_US
  }
}

const RSA_2048_US = 30
const P256_US = 90
const ED25519_US = 150
/** P-384, P-521 and Ed448; only P-256 and Ed25519 have code of their own in OpenSSL that is faster by far. */
const LARGE_CURVE_US = 1000
const MAC_US = 10

/** What it costs to read a token of so many characters: some for any, and more where there is more of it. */
export function readCostUs(characters: number): number {
  return READ_US + characters / CHARACTERS_IN_US
}

const READ_US = 10
/** Of a list of small numbers, the worst that a payload can be. */
const CHARACTERS_IN_US = 20
