import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { decodeBase64Url } from '../kernel/bytes.ts'
import type { JsonObject, JsonValue } from '../kernel/json.ts'
import { ok, type Err, type Result } from '../kernel/result.ts'
import { CURVES, isCurve, type Curve, type KeySize } from './algorithms.ts'
import { keyProblem, quoted, type KeyProblem } from './key-problem.ts'
import { isRocaModulus } from './roca.ts'
import { looksLikePublicKey } from './secret-shape.ts'
import type { VerificationKey } from './types.ts'

/** The key itself, read from the members that its `kty` has (RFC 7518 §6, RFC 8037 §2). */
export interface KeyMaterial extends KeySize {
  readonly keyObject: KeyObject
  /** The members that may be shown. */
  readonly members: JsonObject
}

type Reading = Result<KeyMaterial, KeyProblem>

/** Reads the members of one key type. `label` names the key in problems. */
export const MATERIAL_READERS: Readonly<
  Record<VerificationKey['type'], (jwk: JsonObject, label: string) => Reading>
> = { RSA: readRsa, EC: readEc, OKP: readOkp, oct: readOct }

/**
 * A verification grows with the square of the modulus; 8192 bits are four times what anybody recommends, and a key of
 * 16384 from a remote set would let each forged token cost a millisecond.
 */
const RSA_MAX_BITS = 8192
/** RFC 8017 allows more; 32 bits is what other verifiers take, and a long exponent makes verification slow. */
const RSA_MAX_EXPONENT_BYTES = 4

function readRsa(jwk: JsonObject, label: string): Reading {
  const missing = missingOf(jwk, ['n', 'e'], label)
  if (missing !== undefined) return missing
  const n = readBytes(jwk, 'n', label)
  if (!n.ok) return n
  const e = readBytes(jwk, 'e', label)
  if (!e.ok) return e
  // RFC 7518 §2 forbids leading zeros, yet exporters that write signed integers put one in front: it changes nothing.
  const modulus = withoutLeadingZeros(n.value)
  const bits = bitLength(modulus)
  if (bits > RSA_MAX_BITS) {
    return keyProblem('unsupported', label, `the RSA key has ${bits} bits; ${RSA_MAX_BITS} are the most`)
  }
  if (!isOdd(modulus)) return keyProblem('malformed', label, '`n` is no RSA modulus, because it is even')
  const exponent = withoutLeadingZeros(e.value)
  if (!isOdd(exponent) || bitLength(exponent) < 2 || exponent.length > RSA_MAX_EXPONENT_BYTES) {
    return keyProblem(
      'weak',
      label,
      '`e` must be odd, at least 3 and below 2^32',
      'make a key with exponent 65537',
    )
  }
  if (isRocaModulus(modulus)) {
    return keyProblem(
      'weak',
      label,
      'the key was made by a broken generator (CVE-2017-15361), its private key can be computed',
      'make a new key with other software or hardware',
    )
  }
  const members = { kty: 'RSA', n: modulus.toString('base64url'), e: exponent.toString('base64url') }
  return importKey({ type: 'RSA', bits }, members, label)
}

function readEc(jwk: JsonObject, label: string): Reading {
  const curve = readCurve(jwk, 'EC', label)
  if (!curve.ok) return curve
  const missing = missingOf(jwk, ['x', 'y'], label)
  if (missing !== undefined) return missing
  const x = readCoordinate(jwk, 'x', curve.value, label)
  if (!x.ok) return x
  const y = readCoordinate(jwk, 'y', curve.value, label)
  if (!y.ok) return y
  return importKey(
    { type: 'EC', bits: CURVES[curve.value].bits, curve: curve.value },
    { kty: 'EC', crv: curve.value, x: x.value, y: y.value },
    label,
  )
}

function readOkp(jwk: JsonObject, label: string): Reading {
  const curve = readCurve(jwk, 'OKP', label)
  if (!curve.ok) return curve
  const x = readCoordinate(jwk, 'x', curve.value, label)
  if (!x.ok) return x
  return importKey(
    { type: 'OKP', bits: CURVES[curve.value].bits, curve: curve.value },
    { kty: 'OKP', crv: curve.value, x: x.value },
    label,
  )
}

function readOct(jwk: JsonObject, label: string): Reading {
  const k = readBytes(jwk, 'k', label)
  if (!k.ok) return k
  if (k.value.length === 0) return keyProblem('weak', label, 'the secret is empty')
  if (looksLikePublicKey(k.value)) {
    return keyProblem(
      'malformed',
      label,
      'the secret in `k` is a public key, with which anybody could sign',
      'give the public key as a JWK of its own type, or as PEM',
    )
  }
  return ok({
    type: 'oct',
    bits: k.value.length * 8,
    keyObject: createSecretKey(k.value),
    members: { kty: 'oct' },
  })
}

function readCurve(jwk: JsonObject, type: 'EC' | 'OKP', label: string): Result<Curve, KeyProblem> {
  const crv = jwk['crv']
  if (crv === undefined) return keyProblem('malformed', label, '`crv` is missing')
  if (typeof crv !== 'string') return keyProblem('malformed', label, '`crv` is not a string')
  if (!isCurve(crv)) {
    return keyProblem(
      'unsupported',
      label,
      `\`crv\` is ${quoted(crv)}, a curve that tokens are not verified with`,
    )
  }
  if (CURVES[crv].type !== type)
    return keyProblem('malformed', label, `\`crv\` ${crv} is no curve of \`kty\` ${type}`)
  return ok(crv)
}

function readCoordinate(
  jwk: JsonObject,
  member: string,
  curve: Curve,
  label: string,
): Result<string, KeyProblem> {
  const bytes = readBytes(jwk, member, label)
  if (!bytes.ok) return bytes
  const expected = CURVES[curve].bytes
  if (bytes.value.length === expected) return ok(bytes.value.toString('base64url'))
  return keyProblem(
    'malformed',
    label,
    `\`${member}\` has ${bytes.value.length} bytes; ${curve} has ${expected}`,
    'keep the leading zero bytes of coordinates (RFC 7518 §6.2.1.2)',
  )
}

/** The first member that is not there, or is no text: told before what is wrong within the others. */
function missingOf(jwk: JsonObject, members: readonly string[], label: string): Err<KeyProblem> | undefined {
  const member = members.find((name) => typeof jwk[name] !== 'string')
  return member === undefined ? undefined : notText(jwk[member], member, label)
}

function notText(value: JsonValue | undefined, member: string, label: string): Err<KeyProblem> {
  const what = value === undefined ? 'is missing' : 'is not a string'
  return keyProblem('malformed', label, `\`${member}\` ${what}`)
}

/** The bytes of a base64url member (RFC 7515 §2), or what the person who pasted it has to change. */
function readBytes(jwk: JsonObject, member: string, label: string): Result<Buffer, KeyProblem> {
  const text = jwk[member]
  if (typeof text !== 'string') return notText(text, member, label)
  const bytes = decodeBase64Url(text)
  if (bytes !== undefined) return ok(bytes)
  const [what, hint] = base64Trouble(text, member)
  return keyProblem('malformed', label, what, hint)
}

function base64Trouble(text: string, member: string): readonly [what: string, hint: string] {
  if (/\s/.test(text)) {
    return [
      `\`${member}\` has line breaks or spaces in it`,
      `remove the line breaks and spaces inside \`${member}\``,
    ]
  }
  if (/^[\w+/=-]*$/.test(text) && /[+/=]/.test(text)) {
    return [
      `\`${member}\` is base64, not base64url`,
      `in \`${member}\`, write \`-\` for \`+\` and \`_\` for \`/\`, and leave the \`=\` at its end out`,
    ]
  }
  return [
    `\`${member}\` is not base64url, or is cut off`,
    `copy \`${member}\` again, whole: it has letters, digits, \`-\` and \`_\` only`,
  ]
}

function importKey(size: KeySize, members: JsonWebKey & JsonObject, label: string): Reading {
  try {
    // OpenSSL refuses points that are not on the curve (RFC 7518 §6.2.1, CVE-2015-7940).
    return ok({ ...size, members, keyObject: createPublicKey({ key: members, format: 'jwk' }) })
  } catch {
    // Only the numbers can be wrong here, or the runtime lacks the curve; its own message may hold material.
    return size.curve === 'Ed448'
      ? keyProblem('unsupported', label, 'this runtime cannot use the key (Ed448)')
      : keyProblem(
          'malformed',
          label,
          'the members do not make a key, such as a point that is not on the curve',
        )
  }
}

function withoutLeadingZeros(bytes: Buffer): Buffer {
  let start = 0
  while (start < bytes.length && bytes[start] === 0) start++
  return bytes.subarray(start)
}

function bitLength(bytes: Buffer): number {
  return bytes.length === 0 ? 0 : bytes.length * 8 - (Math.clz32(bytes[0] ?? 0) - 24)
}

function isOdd(bytes: Buffer): boolean {
  return ((bytes.at(-1) ?? 0) & 1) === 1
}
