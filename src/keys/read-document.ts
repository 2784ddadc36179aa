import { isJsonObject, parseJson, stringifyJson, type JsonObject, type JsonValue } from '../kernel/json.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import { readKeySet, readPem, type KeyProblem, type VerificationKey } from '../jwt/index.ts'
import { fetchFailure, type FetchFailure } from './failure.ts'
import type { KeySourceSpec } from './spec.ts'

/** The keys of a document, perhaps none: those are then withdrawn. */
export interface DocumentReading {
  readonly keys: readonly VerificationKey[]
  /** One for every key that was skipped. */
  readonly skipped: readonly KeyProblem[]
}

/**
 * Reads a fetched document: a JWK Set (RFC 7517 §5), one PEM block (RFC 7468), or a JSON object of PEM texts by kid. What
 * is none of these is a failure. A key that cannot be used is skipped (RFC 7517 §5), and so is a secret: what everybody
 * can fetch, everybody can sign with.
 */
export function readDocument(text: string, spec: KeySourceSpec): Result<DocumentReading, FetchFailure> {
  const trimmed = text.replace(/^\uFEFF/, '').trim()
  if (trimmed.startsWith('-----BEGIN')) return readOnePem(trimmed, spec)
  if (trimmed.startsWith('<')) return fetchFailure('an HTML page or XML came, and no key set')
  const json = parseJson(trimmed, { maxDepth: MAX_DEPTH, maxLength: spec.maxBytes })
  if (!json.ok)
    return fetchFailure(`what came is not JSON: ${json.error.message} at character ${json.error.offset}`)
  const { value } = json
  if (isJsonObject(value) && isPemMap(value)) return readPemMap(value, spec)
  const { keepAmbiguous, maxKeys } = spec
  const { keys, problems } = readKeySet(value, { maxKeys, keepAmbiguous, publicOnly: true })
  const shape = problems.find(({ kind }) => kind === 'shape')
  return shape === undefined
    ? ok({ keys, skipped: problems })
    : fetchFailure(...shapeFailure(shape, value, spec))
}

/** The usable keys of a document as a key set, for the disk: what was skipped, secrets among it, is not in it. */
export function textToKeep(keys: readonly VerificationKey[]): string {
  return stringifyJson({ keys: keys.map(({ jwk }) => jwk) })
}

/** Reads what `textToKeep` gave. It was within the limits when it came. */
export function readKept(text: string, spec: KeySourceSpec): Result<DocumentReading, FetchFailure> {
  return readDocument(text, { ...spec, maxBytes: text.length, maxKeys: Infinity })
}

/** A key set nests three deep; `x5c` and members of others add little. */
const MAX_DEPTH = 16

function readOnePem(text: string, { kid, alg }: KeySourceSpec): Result<DocumentReading, FetchFailure> {
  const key = readPem(text, kid, alg, 'the PEM document')
  return key.ok ? ok({ keys: [key.value], skipped: [] }) : err(failureOf(key.error))
}

function failureOf({ message, hint }: KeyProblem): FetchFailure {
  return hint === undefined ? { message } : { message, hint }
}

/** What somebody can do about a document that others publish. */
function shapeFailure(
  { message, hint }: KeyProblem,
  value: JsonValue,
  { issuer }: KeySourceSpec,
): readonly [message: string, hint: string | undefined] {
  if (!isJsonObject(value)) return [message, WHAT_IT_IS]
  if (Array.isArray(value['keys'])) return [message, MORE_KEYS]
  if (typeof value['jwks_uri'] === 'string' && issuer === undefined)
    return ['the metadata of an issuer came, and no key set', 'write `discovery` for `url`']
  if (Object.values(value).some(isPem))
    return [`${message}, and not all members are whole PEM texts`, WHAT_IT_IS]
  return [message, value['kty'] === undefined ? WHAT_IT_IS : hint]
}

const WHAT_IT_IS =
  'is this the URL of the keys: of a key set (`{"keys": [ … ]}`), one PEM block, or an object of PEM texts by kid'
const MORE_KEYS = 'raise `maxKeys` of the source if its key set is so large'

function isPemMap(json: JsonObject): boolean {
  const values = Object.values(json)
  return values.length > 0 && values.every(isPem)
}

function isPem(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && value.includes('-----BEGIN') && value.includes('-----END')
}

/** As some providers publish their certificates: `{"kid": "-----BEGIN CERTIFICATE-----…"}`. */
function readPemMap(map: JsonObject, { maxKeys }: KeySourceSpec): Result<DocumentReading, FetchFailure> {
  const entries = Object.entries(map)
  if (entries.length > maxKeys)
    return fetchFailure(`there are ${entries.length} keys; ${maxKeys} are the most`, MORE_KEYS)
  const keys: VerificationKey[] = []
  const skipped: KeyProblem[] = []
  for (const [kid, pem] of entries) {
    const key = readPem(typeof pem === 'string' ? pem : '', kid, undefined, 'a key')
    if (key.ok) keys.push(key.value)
    else skipped.push(key.error)
  }
  return ok({ keys, skipped })
}
