import { parseJson, type JsonValue } from '../kernel/json.ts'
import {
  readKeySet,
  readPem,
  type Algorithm,
  type KeyProblem,
  type KeySetOptions,
  type VerificationKey,
} from '../jwt/index.ts'
import { brokenValue } from './broken-value.ts'
import { embeddedJson } from './embedded-json.ts'
import type { SourceNode } from './source-node.ts'

/**
 * Reads a key set that stands in a configuration: an object, or its JSON text. A key that cannot be used is skipped
 * with a warning; a private key, a value broken by line breaks, or a set of which nothing is left, is an error.
 */
export function readJwks(node: SourceNode, options: KeySetOptions = {}): readonly VerificationKey[] {
  const root = typeof node.value === 'string' ? embeddedJson(node, node.value) : node
  if (root === undefined) return []
  const json = jsonOf(root.value)
  if (json === undefined) {
    root.error('the key set nests too deep or is too large')
    return []
  }
  const reading = readKeySet(json, options)
  const jwks = root.find('keys')?.items() ?? []
  for (const problem of reading.problems) reportKey(problem, root, jwks, reading.keys.length === 0)
  if (reading.keys.length === 0 && reading.problems.length === 0) {
    root.error('the key set is empty, so that no token could ever be verified', 'add a key to `keys`')
  }
  return reading.keys
}

/** Reads one public key or certificate of PEM text; an error at `node`, and undefined, where it is none. */
export function readPemKey(
  node: SourceNode,
  text: string,
  kid: string | undefined,
  alg: Algorithm | undefined,
): VerificationKey | undefined {
  const key = readPem(text, kid, alg, `\`${node.name}\``)
  if (key.ok) return key.value
  node.error(key.error.message, key.error.hint)
  return undefined
}

/** What is to be said of the keys of one authentication together, from however many sources they come. */
export function checkKeysTogether(node: SourceNode, keys: readonly VerificationKey[]): void {
  const withoutKid = keys.filter((key) => key.kid === undefined)
  if (withoutKid.length > 1) {
    node.error(
      `${withoutKid.length} keys have no kid; at most one key may be without`,
      'give each key a `kid`, as tokens name the key by it',
    )
  }
  const seen = new Map<string, VerificationKey>()
  for (const key of keys) {
    if (key.kid === undefined) continue
    const other = seen.get(key.kid)
    if (other?.algorithms.some((alg) => key.algorithms.includes(alg)) === true) {
      node.warning(`two keys have the ${key.label}; the first is used`, 'give each key a `kid` of its own')
    }
    seen.set(key.kid, other ?? key)
  }
  if (keys.some((key) => key.type === 'oct') && keys.some((key) => key.type !== 'oct')) {
    node.warning(
      'secrets (HS256 and its like) stand beside public keys in one key set',
      'everybody who verifies with a secret can also sign; keep the two in authentications of their own',
    )
  }
}

/** 32 levels and 1 MiB, as for JSON that comes as text. */
function jsonOf(value: unknown): JsonValue | undefined {
  const text: string | undefined = JSON.stringify(value)
  const parsed = text === undefined ? undefined : parseJson(text)
  return parsed?.ok === true ? parsed.value : undefined
}

function reportKey(
  problem: KeyProblem,
  root: SourceNode,
  jwks: readonly SourceNode[],
  noneLeft: boolean,
): void {
  const jwk = jwks.find((candidate, index) => isAbout(problem, candidate, index))
  const broken = jwk?.members().find((member) => isBroken(member))
  if (jwk !== undefined && broken !== undefined && problem.kind === 'malformed') {
    broken.error(...brokenValue(broken.name, textMember(jwk, 'kid')))
  } else if (noneLeft || problem.kind === 'private' || problem.kind === 'shape') {
    ;(jwk ?? root).error(problem.message, problem.hint)
  } else {
    ;(jwk ?? root).warning(`${problem.message}; the key is skipped`, problem.hint)
  }
}

/** Problems name a key by kid, or by position where it has none. */
function isAbout(problem: KeyProblem, jwk: SourceNode, index: number): boolean {
  const kid = textMember(jwk, 'kid')
  if (kid === undefined || kid === '') return problem.label === `keys[${index}]`
  return problem.label.startsWith('kid "') && problem.label.includes(kid.slice(0, 16))
}

/** Base64url with white space in it. */
function isBroken(member: SourceNode): boolean {
  const { value } = member
  return ENCODED.has(member.name) && typeof value === 'string' && /\s/.test(value) && /^[\w\s-]+$/.test(value)
}

const ENCODED: ReadonlySet<string> = new Set(['n', 'e', 'x', 'y', 'k'])

function textMember(jwk: SourceNode, name: string): string | undefined {
  const value = jwk.members().find((member) => member.name === name)?.value
  return typeof value === 'string' ? value : undefined
}
