/**
 * Whether an RSA modulus was made by the broken generator of CVE-2017-15361 (ROCA): its private key can be computed.
 * Such moduli are powers of 65537 modulo every small prime; a sound one is that by chance once in some 2^27 keys.
 */
export function isRocaModulus(modulus: Uint8Array): boolean {
  const n = BigInt(`0x${Buffer.from(modulus).toString('hex')}`)
  return FINGERPRINTS.every(([prime, residues]) => residues.has(Number(n % BigInt(prime))))
}

// The primes with which the published detector (crocs-muni/roca) tells the generator's moduli.
const PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157]
const FINGERPRINTS = PRIMES.map((prime) => [prime, powersOf65537(prime)] as const)

function powersOf65537(prime: number): ReadonlySet<number> {
  const powers = new Set<number>()
  for (let power = 1; !powers.has(power); power = (power * (65_537 % prime)) % prime) powers.add(power)
  return powers
}
