import { readDocument } from '../../src/keys/read-document.ts'
import { readKeySet, readPem, type KeyProblem } from '../../src/jwt/index.ts'
import { parseJson } from '../../src/kernel/json.ts'
import { KEY_SOURCE_DEFAULTS, type KeySourceSpec } from '../../src/keys/index.ts'

/** What Envoy's library (jwt_verify_lib, jwks.cc) would call what became of a key document. */
export interface KeyStatus {
  readonly status: string
  readonly usable: number
}

/**
 * A key set is `Ok` with one good key, and otherwise what is wrong with its last. A document that is no key set of RFC
 * 7517 is read as one that was fetched, which may be a map of certificates.
 */
export function jwksStatus(text: string): KeyStatus {
  const json = parseJson(text)
  if (!json.ok) return { status: 'JwksParseError', usable: 0 }
  const { keys, problems } = readKeySet(json.value, { keepAmbiguous: true })
  if (problems[0]?.kind === 'shape') return documentStatus(text, problems[0])
  const last = problems.at(-1)
  return keys.length > 0 || last === undefined
    ? { status: keys.length > 0 ? 'Ok' : 'JwksNoValidKeys', usable: keys.length }
    : { status: statusOf(last, lastType(json.value)), usable: 0 }
}

export function pemStatus(text: string): KeyStatus {
  const key = readPem(text, undefined, undefined, 'the key')
  return key.ok ? { status: 'Ok', usable: 1 } : { status: pemStatusOf(key.error), usable: 0 }
}

const SOURCE: KeySourceSpec = {
  ...KEY_SOURCE_DEFAULTS,
  name: 'keys',
  url: 'https://keys.example/',
  issuer: undefined,
  kid: undefined,
  alg: undefined,
  redirectHosts: [],
  allowedAddresses: [],
  keepAmbiguous: true,
  endpoints: [],
  tls: undefined,
}

function documentStatus(text: string, shape: KeyProblem): KeyStatus {
  const document = readDocument(text, SOURCE)
  if (!document.ok) return { status: statusOf(shape, ''), usable: 0 }
  const { keys } = document.value
  return { status: keys.length > 0 ? 'Ok' : 'JwksX509ParseError', usable: keys.length }
}

function pemStatusOf({ message }: KeyProblem): string {
  return message.includes('the key type is not one') ? 'JwksPemNotImplementedKty' : 'JwksPemBadBase64'
}

type KeyType = 'RSA' | 'EC' | 'OKP' | 'oct'

/** By what our problem says, and where Envoy tells types apart, by the type of the key. */
const STATUSES: readonly (readonly [RegExp, string | Readonly<Partial<Record<KeyType, string>>>])[] = [
  [/`keys` is missing$/, 'JwksNoKeys'],
  [/`keys` is not an array$/, 'JwksBadKeys'],
  [/`kty` is missing$/, 'JwksMissingKty'],
  [/`kty` is not a string$/, 'JwksBadKty'],
  [/`kty` is ".*", a type that tokens are not verified with$/, 'JwksNotImplementedKty'],
  [
    /`alg` \S+ does not fit `kty`/,
    {
      RSA: 'JwksRSAKeyBadAlg',
      EC: 'JwksECKeyBadAlg',
      OKP: 'JwksOKPKeyBadAlg',
      oct: 'JwksHMACKeyBadAlg',
    },
  ],
  [
    /`alg` is ".*", which tokens are not verified with$/,
    { RSA: 'JwksRSAKeyBadAlg', EC: 'JwksECKeyAlgOrCrvUnsupported', oct: 'JwksHMACKeyBadAlg' },
  ],
  [/`alg` \S+ does not fit `crv`/, 'JwksECKeyAlgNotCompatibleWithCrv'],
  [
    /`crv` is ".*", a curve that tokens are not verified with$/,
    { EC: 'JwksECKeyAlgOrCrvUnsupported', OKP: 'JwksOKPKeyCrvUnsupported' },
  ],
  [/`crv` is missing$/, { OKP: 'JwksOKPKeyMissingCrv' }],
  [/`crv` is not a string$/, { EC: 'JwksECKeyBadCrv', OKP: 'JwksOKPKeyBadCrv' }],
  [/`n` is missing$/, 'JwksRSAKeyMissingN'],
  [/`n` is not a string$/, 'JwksRSAKeyBadN'],
  [/`e` is missing$/, 'JwksRSAKeyMissingE'],
  [/`e` is not a string$/, 'JwksRSAKeyBadE'],
  [/`[ne]` is (?:not base64url|base64)/, 'JwksRsaParseError'],
  [/`x` is missing$/, { EC: 'JwksECKeyMissingX', OKP: 'JwksOKPKeyMissingX' }],
  [/`x` is not a string$/, { EC: 'JwksECKeyBadX', OKP: 'JwksOKPKeyBadX' }],
  [/`y` is missing$/, 'JwksECKeyMissingY'],
  [/`y` is not a string$/, 'JwksECKeyBadY'],
  [/`[xy]` is not base64url/, { EC: 'JwksEcXorYBadBase64', OKP: 'JwksOKPXBadBase64' }],
  [/`[xy]` has \d+ bytes/, { EC: 'JwksEcParseError', OKP: 'JwksOKPXWrongLength' }],
  [/a point that is not on the curve$/, { EC: 'JwksEcParseError' }],
  [/`k` is missing$/, 'JwksHMACKeyMissingK'],
  [/`k` is not a string$/, 'JwksHMACKeyBadK'],
  [/`k` is not base64url/, 'JwksOctBadBase64'],
]

/** What Envoy has no word for is said in our own, which no case expects. */
function statusOf({ message }: KeyProblem, type: string): string {
  for (const [pattern, status] of STATUSES) {
    if (!pattern.test(message)) continue
    const named = typeof status === 'string' ? status : new Map(Object.entries(status)).get(type)
    if (named !== undefined) return named
  }
  return message
}

function lastType(json: unknown): string {
  const keys: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, 'keys') : undefined
  const last: unknown = Array.isArray(keys) ? keys.at(-1) : undefined
  const type: unknown = typeof last === 'object' && last !== null ? Reflect.get(last, 'kty') : undefined
  return typeof type === 'string' ? type : ''
}
