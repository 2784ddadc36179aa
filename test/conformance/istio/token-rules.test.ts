import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  bearer,
  decisionOn,
  forwardedOf,
  hmacIssuer,
  NOW_SECONDS,
  valuesOf,
  type TestRequest,
} from '../../support/decision.ts'
import {
  answerTo,
  authentication,
  ISSUER,
  meshIssuer,
  meshPlan,
  meshToken,
  policy,
} from '../../support/mesh.ts'

const OTHER = 'https://other.example'
const otherIssuer = hmacIssuer()
const otherToken = (claims = {}): string => otherIssuer.token({ iss: OTHER, ...claims })
const GOOD = meshToken()
const EXPIRED = meshToken({ exp: NOW_SECONDS - 61 })

const first = (fields = ''): string => authentication(fields, 'first')
const second = (fields = ''): string => authentication(fields, 'second', OTHER, otherIssuer)

describe('one rule', () => {
  const answer = async (request: TestRequest): Promise<string> => answerTo(await meshPlan([first()]), request)

  it('no token passes, without a principal', async () => {
    assert.equal(await answer({}), '200')
  })

  it('a good token passes', async () => {
    assert.equal(await answer({ headers: bearer(GOOD) }), '200')
  })

  it('a bad one is refused', async () => {
    assert.equal(await answer({ headers: bearer(EXPIRED) }), '401 Jwt is expired')
  })

  it('one of another issuer is refused', async () => {
    assert.equal(await answer({ headers: bearer(otherToken()) }), '401 Jwt issuer is not configured')
  })

  it('a token at a place that no rule looks at is passed on', async () => {
    const upstream = forwardedOf(await meshPlan([first()]), { headers: ['X-Token', EXPIRED] })
    assert.deepEqual(valuesOf(upstream.headers, 'x-token'), [EXPIRED])
  })
})

describe('several rules', () => {
  const answer = async (token: string, ...documents: readonly string[]): Promise<string> =>
    answerTo(await meshPlan(documents), { headers: bearer(token) })

  it('any of them lets in', async () => {
    assert.equal(await answer(GOOD, first(), second()), '200')
    assert.equal(await answer(otherToken(), first(), second()), '200')
  })

  it('what the rule of its issuer says of a bad token is told', async () => {
    assert.equal(await answer(EXPIRED, first(), second()), '401 Jwt is expired')
    assert.equal(await answer(otherToken({ exp: 1 }), first(), second()), '401 Jwt is expired')
  })

  it('a token of no issuer of theirs is told so', async () => {
    assert.equal(await answer(meshToken({ iss: 'x' }), first(), second()), '401 Jwt issuer is not configured')
  })

  it('of two rules of one issuer the one without audiences lets in', async () => {
    const strict = authentication('audiences: [orders]', 'strict')
    assert.equal(await answer(GOOD, strict, first()), '200')
    assert.equal(await answer(GOOD, strict), '403 Audiences in Jwt are not allowed')
  })

  it('their order in the files makes no difference', async () => {
    for (const token of [GOOD, EXPIRED, otherToken(), meshToken({ iss: 'x' })])
      assert.equal(await answer(token, first(), second()), await answer(token, second(), first()))
  })

  it('two good tokens pass, as those of the first rule', async () => {
    const plan = await meshPlan([first('fromHeaders: [{ name: a }]'), second('fromHeaders: [{ name: b }]')])
    const decision = decisionOn(plan, { headers: ['a', GOOD, 'b', otherToken()] })
    assert.ok(decision.outcome === 'forward')
    assert.equal(decision.permit.passed.bearer?.rule.spec.issuer, ISSUER)
  })
})

describe('what is checked, and in which order', () => {
  const answer = async (claims: object, fields = '', nowSeconds = NOW_SECONDS): Promise<string> =>
    answerTo(await meshPlan([first(fields)]), { headers: bearer(meshToken({ ...claims })) }, nowSeconds)
  const forged = async (claims: object, fields = ''): Promise<string> => {
    const token = hmacIssuer().token({ iss: ISSUER, ...claims })
    return answerTo(await meshPlan([first(fields)]), { headers: bearer(token) })
  }

  it('60 seconds of skew both ways', async () => {
    assert.equal(await answer({ exp: NOW_SECONDS - 60 }), '200')
    assert.equal(await answer({ exp: NOW_SECONDS - 61 }), '401 Jwt is expired')
    assert.equal(await answer({ nbf: NOW_SECONDS + 60 }), '200')
    assert.equal(await answer({ nbf: NOW_SECONDS + 61 }), '401 Jwt not yet valid')
  })

  it('a token without exp, or with 0, never expires', async () => {
    assert.equal(await answer({ exp: undefined }), '200')
    assert.equal(await answer({ exp: 0 }), '200')
  })

  it('iat is not looked at but for its type', async () => {
    assert.equal(await answer({ iat: NOW_SECONDS + 9999 }), '200')
    assert.equal(await answer({ iat: 'x' }), '401 Jwt payload [iat] field is not an integer')
  })

  it('nbf comes before exp', async () => {
    assert.equal(await answer({ nbf: NOW_SECONDS + 999, exp: 1 }), '401 Jwt not yet valid')
  })

  it('the issuer comes before the times, the times before the audience, all before the signature', async () => {
    assert.equal(await forged({ iss: 'x', exp: 1 }), '401 Jwt issuer is not configured')
    assert.equal(await forged({ iss: undefined }), '401 Jwt issuer is not configured')
    assert.equal(await forged({ exp: 1 }, 'audiences: [a]'), '401 Jwt is expired')
    assert.equal(await forged({}, 'audiences: [a]'), '403 Audiences in Jwt are not allowed')
    assert.equal(await forged({}), '401 Jwt verification fails')
  })

  it('null is a type, and a wrong one', async () => {
    assert.equal(await answer({ aud: null }), '401 Jwt payload [aud] field is not a string or string list')
    assert.equal(await answer({ sub: null }), '401 Jwt payload [sub] field is not a string')
  })

  it('audiences are compared without a scheme and a slash at the end', async () => {
    for (const aud of ['https://orders/', 'http://orders', 'orders/', ['x', 'orders']])
      assert.equal(await answer({ aud }, 'audiences: [http://orders/]'), '200', String(aud))
    for (const aud of ['https://orders/x', 'Orders', []])
      assert.equal(await answer({ aud }, 'audiences: [orders]'), '403 Audiences in Jwt are not allowed')
    assert.equal(await answer({}, 'audiences: [orders]'), '403 Audiences in Jwt are not allowed')
  })
})

describe('which key', () => {
  const withKid = hmacIssuer({ kid: 'a' })
  const answer = async (token: string, ...jwks: readonly object[]): Promise<string> => {
    const document = first().replace(/jwks: '.*'/, `jwks: '${JSON.stringify({ keys: jwks })}'`)
    return answerTo(await meshPlan([document]), { headers: bearer(token) })
  }
  const other = { ...hmacIssuer().signer.jwk }

  it('a token without a kid is tried with every key', async () => {
    assert.equal(await answer(GOOD, { ...other, kid: 'x' }, { ...meshIssuer.signer.jwk, kid: 'y' }), '200')
  })

  it('a key without a kid fits every kid', async () => {
    const { kid: _none, ...bare } = withKid.signer.jwk
    assert.equal(await answer(withKid.token({ iss: ISSUER }), other, bare as object), '200')
  })

  it('other kids are not tried', async () => {
    assert.equal(
      await answer(withKid.token({ iss: ISSUER }), { ...withKid.signer.jwk, kid: 'b' }),
      "401 Jwks doesn't have key to match kid or alg from Jwt",
    )
  })

  it('keys of which none has signed', async () => {
    assert.equal(await answer(GOOD, other), '401 Jwt verification fails')
  })
})

describe('a CORS preflight', () => {
  const preflight: TestRequest = {
    method: 'OPTIONS',
    headers: [...bearer('a.b.c'), 'Origin', 'https://a.test', 'Access-Control-Request-Method', 'GET'],
  }

  it('is not asked for its token', async () => {
    assert.equal(answerTo(await meshPlan([first()]), preflight), '200')
  })

  it('is asked by policies', async () => {
    const deny = policy('DENY', "[{ from: [{ source: { notRequestPrincipals: ['*'] } }] }]")
    assert.equal(answerTo(await meshPlan([first(), deny]), preflight), '403 RBAC: access denied')
  })

  it('needs all three parts', async () => {
    const plan = await meshPlan([first()])
    assert.match(answerTo(plan, { ...preflight, method: 'GET' }), /^401 /)
    assert.match(
      answerTo(plan, { ...preflight, headers: [...bearer('a.b.c'), 'Origin', 'https://a.test'] }),
      /^401 /,
    )
  })
})
