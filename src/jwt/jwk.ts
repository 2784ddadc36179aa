import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.ts'
import { ok, type Result } from '../kernel/result.ts'
import { algorithmFacts, algorithmsOf, isAlgorithm, isCurve, RSA_MIN_BITS } from './algorithms.ts'
import { MATERIAL_READERS, type KeyMaterial } from './jwk-material.ts'
import { keyLabel, keyProblem, quoted, type KeyProblem } from './key-problem.ts'
import type { Algorithm, VerificationKey } from './types.ts'

/**
 * Reads one JSON Web Key (RFC 7517 §4) into a key that may verify, or says why it may not. `position` names the key
 * where it has no kid, such as `keys[2]`. The algorithms come from the key alone: its `alg`, or all of its type, curve
 * and size.
 */
export function readJwk(jwk: JsonValue, position: string): Result<VerificationKey, KeyProblem> {
  if (!isJsonObject(jwk)) return keyProblem('malformed', position, 'a key must be a JSON object')
  const kidText = jwk['kid']
  if (kidText !== undefined && typeof kidText !== 'string') {
    return keyProblem('malformed', position, '`kid` is not a string')
  }
  const kid = kidText === '' ? undefined : kidText
  const label = keyLabel(kid, position)
  const type = readType(jwk, label)
  if (!type.ok) return type
  const purpose = checkPurpose(jwk, label)
  if (!purpose.ok) return purpose
  const alg = readAlg(jwk, type.value, label)
  if (!alg.ok) return alg
  const material = MATERIAL_READERS[type.value](jwk, label)
  if (!material.ok) return material
  const algorithms = chooseAlgorithms(material.value, alg.value, label)
  if (!algorithms.ok) return algorithms
  return ok({
    kid,
    label: keyLabel(kid, 'the key without a kid'),
    type: type.value,
    algorithms: algorithms.value,
    bits: material.value.bits,
    keyObject: material.value.keyObject,
    jwk: publicJwk(material.value, kid, alg.value),
  })
}

/** RFC 7518 §6.2.2 and §6.3.2, RFC 8037 §2. In an `oct` key `k` is all there is, and none of these has a meaning. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth']

function readType(jwk: JsonObject, label: string): Result<VerificationKey['type'], KeyProblem> {
  const kty = jwk['kty']
  // Before all else, and for unknown types too: that a private key lies here is the first thing to know.
  const found = kty === 'oct' ? [] : PRIVATE_MEMBERS.filter((member) => jwk[member] !== undefined)
  if (found.length > 0) {
    const names = found.map((member) => `\`${member}\``).join(', ')
    return keyProblem(
      'private',
      label,
      `a private key must not be here, and ${names} ${found.length === 1 ? 'is' : 'are'} private`,
      'keep the public members only; replace the key pair if others could read this',
    )
  }
  if (kty === undefined) return keyProblem('malformed', label, '`kty` is missing')
  if (typeof kty !== 'string') return keyProblem('malformed', label, '`kty` is not a string')
  if (kty === 'RSA' || kty === 'EC' || kty === 'OKP' || kty === 'oct') return ok(kty)
  return keyProblem(
    'unsupported',
    label,
    `\`kty\` is ${quoted(kty)}, a type that tokens are not verified with`,
  )
}

/** RFC 7517 §4.2 and §4.3. */
function checkPurpose(jwk: JsonObject, label: string): Result<undefined, KeyProblem> {
  const { use, key_ops: operations } = jwk
  if (use !== undefined && use !== 'sig') {
    return keyProblem('use', label, 'the key is not for signatures: its `use` is not `sig`')
  }
  if (operations === undefined) return ok(undefined)
  if (Array.isArray(operations) && operations.includes('verify')) return ok(undefined)
  return keyProblem('use', label, 'the key is not for verifying: its `key_ops` do not include `verify`')
}

/** RFC 7517 §4.4: `alg`, where the key has one, must be of the key's own type, and of its curve (RFC 7518 §3.4). */
function readAlg(
  jwk: JsonObject,
  type: VerificationKey['type'],
  label: string,
): Result<Algorithm | undefined, KeyProblem> {
  const alg = jwk['alg']
  if (alg === undefined) return ok(undefined)
  if (typeof alg !== 'string') return keyProblem('malformed', label, '`alg` is not a string')
  if (!isAlgorithm(alg)) {
    return keyProblem('unsupported', label, `\`alg\` is ${quoted(alg)}, which tokens are not verified with`)
  }
  const facts = algorithmFacts(alg)
  if (facts.type !== type)
    return keyProblem('malformed', label, `\`alg\` ${alg} does not fit \`kty\` ${type}`)
  const crv = jwk['crv']
  if ('curves' in facts && typeof crv === 'string' && isCurve(crv) && !facts.curves.includes(crv))
    return keyProblem('malformed', label, `\`alg\` ${alg} does not fit \`crv\` ${crv}`)
  return ok(alg)
}

function chooseAlgorithms(
  key: KeyMaterial,
  alg: Algorithm | undefined,
  label: string,
): Result<readonly Algorithm[], KeyProblem> {
  const possible = algorithmsOf(key)
  if (alg === undefined ? possible.length > 0 : possible.includes(alg))
    return ok(alg === undefined ? possible : [alg])
  return key.type === 'RSA'
    ? keyProblem(
        'weak',
        label,
        `the RSA key has ${key.bits} bits; ${RSA_MIN_BITS} are the least (RFC 7518 §3.3)`,
      )
    : keyProblem(
        'weak',
        label,
        `the secret has ${key.bits} bits, fewer than the hash of ${alg ?? 'any algorithm'} (RFC 7518 §3.2)`,
        'make a random secret of at least 32 bytes for HS256, 48 for HS384, 64 for HS512',
      )
}

function publicJwk(key: KeyMaterial, kid: string | undefined, alg: Algorithm | undefined): JsonObject {
  return {
    ...key.members,
    ...(kid === undefined ? {} : { kid }),
    ...(alg === undefined ? {} : { alg }),
    use: 'sig',
  }
}
