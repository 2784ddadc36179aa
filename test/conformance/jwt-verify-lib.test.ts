import assert from 'node:assert/strict'
import { envoyWords } from '../../src/gateway/envoy-words.ts'
import { checkRuleTypes, parseToken } from '../../src/jwt/index.ts'
import { jwksStatus, pemStatus, type KeyStatus } from '../support/envoy-key-status.ts'
import { knownFailures, vectorTest } from '../support/vectors.ts'

interface ParseCase {
  readonly test: string
  readonly jwt: string
  readonly expected_parse_status: string
}

/** The texts by which clients of Envoy know the statuses (jwt_verify_lib, status.cc). */
const TEXTS: Readonly<Record<string, string>> = {
  JwtBadFormat: 'Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections',
  JwtHeaderParseErrorBadBase64: 'Jwt header is an invalid Base64url encoded',
  JwtHeaderParseErrorBadJson: 'Jwt header is an invalid JSON',
  JwtHeaderBadAlg: 'Jwt header [alg] field is required and must be a string',
  JwtHeaderNotImplementedAlg: 'Jwt header [alg] is not supported',
  JwtHeaderBadKid: 'Jwt header [kid] field is not a string',
  JwtPayloadParseErrorBadBase64: 'Jwt payload is an invalid Base64url encoded',
  JwtPayloadParseErrorBadJson: 'Jwt payload is an invalid JSON',
  JwtPayloadParseErrorIssNotString: 'Jwt payload [iss] field is not a string',
  JwtPayloadParseErrorSubNotString: 'Jwt payload [sub] field is not a string',
  JwtPayloadParseErrorIatNotInteger: 'Jwt payload [iat] field is not an integer',
  JwtPayloadParseErrorIatOutOfRange: 'Jwt payload [iat] field is not a positive 64 bit integer',
  JwtPayloadParseErrorNbfNotInteger: 'Jwt payload [nbf] field is not an integer',
  JwtPayloadParseErrorNbfOutOfRange: 'Jwt payload [nbf] field is not a positive 64 bit integer',
  JwtPayloadParseErrorExpNotInteger: 'Jwt payload [exp] field is not an integer',
  JwtPayloadParseErrorExpOutOfRange: 'Jwt payload [exp] field is not a positive 64 bit integer',
  JwtPayloadParseErrorJtiNotString: 'Jwt payload [jti] field is not a string',
  JwtPayloadParseErrorAudNotString: 'Jwt payload [aud] field is not a string or string list',
  JwtSignatureParseErrorBadBase64: 'Jwt signature is an invalid Base64url encoded',
}

function textOf(jwt: string): string {
  const parsed = parseToken(jwt)
  const rejection = parsed.ok ? checkRuleTypes(parsed.value.claims) : parsed.error
  if (rejection === undefined) return 'Ok'
  return envoyWords({ code: 'GW_TOKEN_INVALID', ...rejection }).text
}

vectorTest("tokens that Envoy's library reads or refuses get its texts", 'jwt_verify_lib', (vectors) => {
  const file = 'jwt_parse_cases.json'
  const known = knownFailures(`jwt_verify_lib/${file}`)
  const cases = vectors.json(file) as readonly ParseCase[]
  assert.equal(cases.length, 33)
  for (const { test, jwt, expected_parse_status: status } of cases) {
    const expected = TEXTS[status] ?? status
    if (known.reasonOf(test) === undefined) assert.equal(textOf(jwt), expected, test)
    else assert.notEqual(textOf(jwt), expected, `${test} is not different any more`)
  }
})

interface KeyCase {
  readonly test: string
  readonly format: 'JWKS' | 'PEM'
  readonly key_text: string
  readonly expected_status: string
  readonly usable_keys?: number
}

const KEYS_FILE = 'jwks_parse_cases.json'

/** What Envoy says: how many keys, where there are some, and otherwise what is wrong. */
function expectedOf({ expected_status: status, usable_keys: usable }: KeyCase): KeyStatus {
  return { status, usable: status === 'Ok' ? (usable ?? 1) : 0 }
}

function statusOf({ format, key_text: text }: KeyCase): KeyStatus {
  return format === 'PEM' ? pemStatus(text) : jwksStatus(text)
}

/** Cases of the library that put a second PEM beside the first, which the file leaves out: a good one, and a bad one. */
const ADDED = new Map([
  ['JwksParseTest.addKeyFromPemSuccess', 'JwksParseTest.goodPEMEC'],
  ['JwksParseTest.addKeyFromPemError', 'JwksParseTest.PemWrongHeader'],
])

vectorTest("key documents get the statuses of Envoy's library", 'jwt_verify_lib', (vectors) => {
  const known = knownFailures(`jwt_verify_lib/${KEYS_FILE}`)
  const cases = vectors.json(KEYS_FILE) as readonly KeyCase[]
  assert.equal(cases.length, 72)
  for (const each of cases) {
    const { status, usable } = statusOf(each)
    const beside = cases.find(({ test }) => test === ADDED.get(each.test))
    const actual = { status, usable: usable + (beside === undefined ? 0 : statusOf(beside).usable) }
    if (known.reasonOf(each.test) === undefined) assert.deepEqual(actual, expectedOf(each), each.test)
    else assert.notDeepEqual(actual, expectedOf(each), `${each.test} is not different any more`)
  }
})

vectorTest('commas before a bracket are all that is wrong with some of them', 'jwt_verify_lib', (vectors) => {
  const cases = vectors.json(KEYS_FILE) as readonly KeyCase[]
  const withCommas = cases.filter(({ key_text: text }) => /,\s*[}\]]/.test(text))
  assert.equal(withCommas.length, 7)
  for (const each of withCommas) {
    const strict = { ...each, key_text: each.key_text.replaceAll(/,(\s*[}\]])/g, '$1') }
    assert.deepEqual(statusOf(strict), expectedOf(each), each.test)
  }
})
