import { isJsonObject, type JsonValue } from '../kernel/json.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import { readJwk } from './jwk.ts'
import { keyLabel, keyProblem, type KeyProblem } from './key-problem.ts'
import { reject, type JwtRejection } from './rejection.ts'
import type { JwsHeader, KeySet, VerificationKey } from './types.ts'

/** What a JWKS document holds. INVARIANT: after a problem of kind `shape` there are no keys. */
export interface KeySetReading {
  readonly keys: readonly VerificationKey[]
  /** One for every key that was skipped (RFC 7517 §5), or one of kind `shape`. */
  readonly problems: readonly KeyProblem[]
}

export interface KeySetOptions {
  /** More keys than this are a `shape` problem: reading a key costs far more than fetching it. */
  readonly maxKeys?: number
  /** Whether keys that a token could not choose between are kept, for those who try them all. */
  readonly keepAmbiguous?: boolean
  /** Whether secrets are skipped like keys that cannot be used: for a key set that others can read. */
  readonly publicOnly?: boolean
}

/** Large providers publish fewer than ten keys; a hundred still take only milliseconds to read. */
const DEFAULT_MAX_KEYS = 100

/**
 * Reads a JWK Set (RFC 7517 §5). A key that cannot be used is skipped and told of; it does not spoil the others. Keys
 * that a token could not choose between (one kid and one algorithm for two keys, two keys without a kid) are all skipped.
 */
export function readKeySet(json: JsonValue, options: KeySetOptions = {}): KeySetReading {
  const maxKeys = options.maxKeys ?? DEFAULT_MAX_KEYS
  if (!isJsonObject(json)) return shape('a JSON object with a `keys` array is expected')
  const list = json['keys']
  if (list === undefined && json['kty'] !== undefined) {
    return shape('this is a single key, not a key set', 'write `{"keys": [ … ]}` around the key')
  }
  if (list === undefined) return shape('`keys` is missing', 'write `{"keys": [ … ]}`')
  if (!Array.isArray(list)) return shape('`keys` is not an array', 'write `{"keys": [ … ]}`')
  if (list.length > maxKeys) return shape(`there are ${list.length} keys; ${maxKeys} are the most`)
  const placed: Placed[] = []
  const problems: KeyProblem[] = []
  for (const [index, jwk] of list.entries()) {
    const position = `keys[${index}]`
    const key = readJwk(jwk, position)
    if (!key.ok) problems.push(key.error)
    else if (key.value.type === 'oct' && options.publicOnly === true)
      problems.push(secret(key.value, position))
    else placed.push({ key: key.value, position })
  }
  if (options.keepAmbiguous === true) return { keys: placed.map(({ key }) => key), problems }
  return withoutAmbiguity(placed, problems)
}

/** Indexes keys by kid. Of keys that one token could mean, the first is chosen. */
export function createKeySet(keys: readonly VerificationKey[]): KeySet {
  const byKid = new Map<string, VerificationKey[]>()
  const withoutKid: VerificationKey[] = []
  for (const key of keys) {
    const group = key.kid === undefined ? withoutKid : byKid.get(key.kid)
    if (group !== undefined) group.push(key)
    else if (key.kid !== undefined) byKid.set(key.kid, [key])
  }
  return { keys, byKid, withoutKid }
}

/**
 * The one key that a token may be verified with: that of its kid, or, where it has none, the key without a kid. The kid
 * is a name and nothing else. The token's `alg` only ever narrows the choice to what the key itself allows.
 */
export function selectKey(header: JwsHeader, set: KeySet): Result<VerificationKey, JwtRejection> {
  if (set.keys.length === 0) return err(reject('no-keys'))
  const candidates = header.kid === undefined ? set.withoutKid : set.byKid.get(header.kid)
  const first = candidates?.[0]
  if (candidates === undefined || first === undefined) {
    return err(reject(header.kid === undefined ? 'kid-missing' : 'kid-unknown', { member: 'kid' }))
  }
  for (const key of candidates) {
    if (key.algorithms.includes(header.alg)) return ok(key)
  }
  return err(reject('alg-not-of-key', { member: 'alg', key: first.label }))
}

interface Placed {
  readonly key: VerificationKey
  readonly position: string
}

function shape(what: string, hint?: string): KeySetReading {
  return { keys: [], problems: [keyProblem('shape', 'the key set', what, hint).error] }
}

function secret({ kid }: VerificationKey, position: string): KeyProblem {
  return keyProblem(
    'use',
    keyLabel(kid, position),
    'it is a secret (`oct`), and whoever can fetch it can sign with it',
    'publish public keys only; write a secret into the configuration',
  ).error
}

/** One more than there are algorithms: whoever else is of that name need not be compared with all of these. */
const SURE_CLASH = 14

function withoutAmbiguity(placed: readonly Placed[], problems: KeyProblem[]): KeySetReading {
  const groups = new Map<string | undefined, Placed[]>()
  for (const one of placed) {
    const group = groups.get(one.key.kid) ?? []
    // The same key listed twice leaves nothing to choose.
    if (group.length < SURE_CLASH && !group.some(({ key }) => sameKey(key, one.key))) group.push(one)
    groups.set(one.key.kid, group)
  }
  const keys: VerificationKey[] = []
  for (const [kid, group] of groups) {
    const clash = kid === undefined ? group.length > 1 : sharesAlgorithm(group)
    if (clash) problems.push(ambiguous(kid, group))
    else for (const { key } of group) keys.push(key)
  }
  return { keys, problems }
}

function sameKey(a: VerificationKey, b: VerificationKey): boolean {
  return a.keyObject.equals(b.keyObject) && a.algorithms.join() === b.algorithms.join()
}

function sharesAlgorithm(group: readonly Placed[]): boolean {
  const algorithms = group.flatMap(({ key }) => key.algorithms)
  return new Set(algorithms).size < algorithms.length
}

function ambiguous(kid: string | undefined, group: readonly Placed[]): KeyProblem {
  const others = group.length < SURE_CLASH ? '' : ' and perhaps others'
  const positions = `${group.map(({ position }) => `\`${position}\``).join(', ')}${others}`
  return kid === undefined
    ? keyProblem(
        'ambiguous',
        'the key set',
        `${positions} have no kid; at most one key may be without`,
        'give each key a `kid`',
      ).error
    : keyProblem(
        'ambiguous',
        group[0]?.key.label ?? 'the key set',
        `${positions} have the same kid and an algorithm in common, so a token cannot say which it means`,
        'give each key a `kid` of its own',
      ).error
}
