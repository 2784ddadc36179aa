import assert from 'node:assert/strict'
import { envoyWords } from '../../src/gateway/envoy-words.ts'
import { checkRuleTypes, parseToken, readKeySet } from '../../src/jwt/index.ts'
import { parseJson } from '../../src/kernel/json.ts'
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
  readonly format: string
  readonly key_text: string
  readonly expected_status: string
  readonly usable_keys?: number
}

vectorTest("key sets are as usable as to Envoy's library", 'jwt_verify_lib', (vectors) => {
  const file = 'jwks_parse_cases.json'
  const known = knownFailures(`jwt_verify_lib/${file}`)
  const cases = (vectors.json(file) as readonly KeyCase[]).filter(({ format }) => format === 'JWKS')
  assert.ok(cases.length > 50)
  for (const each of cases) {
    const json = parseJson(each.key_text)
    const usable = json.ok ? readKeySet(json.value, { keepAmbiguous: true }).keys.length : 0
    const expected = each.expected_status === 'Ok' ? (each.usable_keys ?? 1) : 0
    if (known.reasonOf(each.test) === undefined) assert.equal(usable, expected, each.test)
    else assert.notEqual(usable, expected, `${each.test} is not different any more`)
  }
})
