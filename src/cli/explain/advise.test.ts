import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { explain } from '../../gateway/explain.ts'
import { buildPlan } from '../../plan/build.ts'
import type { Plan } from '../../plan/plan.ts'
import { configurationOf } from '../../../test/support/gateway.ts'
import { createSigner, encodePart, mint, mintRaw, type Signer } from '../../../test/support/signer.ts'
import { advise } from './advise.ts'
import { openCase } from './case.ts'
import { readRequest, type RequestOptions } from './read-request.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const SECONDS = NOW / 1000

/** `customers` guards nearly everything; `partners` has a path of its own; `forms` reads a form and a cookie. */
const CONFIGURATION = `
version: 1
listeners: [{ address: 127.0.0.1:8080 }]
limits: { maxTokenBytes: 2KiB }
backends: { all: { url: http://127.0.0.1:9000 } }
authentications:
  customers:
    issuer: https://issuer.example
    audiences: [orders]
    subject: user-1
    keys: { jwksFile: customers.json }
  partners:
    issuer: https://partners.example
    keys: { jwksFile: partners.json }
  secrets:
    issuer: https://secrets.example
    keys: { jwksFile: secrets.json }
  forms:
    keys: { jwksFile: customers.json }
    tokenFrom: [{ form: token }, { cookie: session }]
    requireExp: false
routes:
  - { name: orders, path: /orders/*, backend: all, auth: { use: customers, mode: whitelist, paths: [/orders/open] } }
  - { name: partners, path: /partners/*, methods: [GET], backend: all, auth: partners }
  - { name: secrets, path: /secrets/*, backend: all, auth: secrets }
  - { name: forms, path: /forms, backend: all, auth: forms }
  - { name: api, hosts: [api.example.com, "*.example.com"], path: /v1/*, backend: all, auth: customers }
`

let plan: Plan
let customer: Signer
let partner: Signer
let secret: Signer

before(async () => {
  customer = createSigner('ES256', { kid: 'c1' })
  partner = createSigner('ES256', { kid: 'p1' })
  secret = createSigner('HS256', { kid: 's1' })
  const jwks = (signer: Signer): string => JSON.stringify({ keys: [signer.jwk] })
  const files = {
    'customers.json': jwks(customer),
    'partners.json': jwks(partner),
    'secrets.json': jwks(secret),
  }
  plan = buildPlan((await configurationOf(CONFIGURATION, { files })).plan)
})

const CLAIMS = {
  iss: 'https://issuer.example',
  sub: 'user-1',
  aud: 'orders',
  iat: SECONDS - 10,
  exp: SECONDS + 600,
}

interface Answer {
  readonly reason: string | undefined
  readonly hints: readonly string[]
}

function ask(options: Partial<RequestOptions>): Answer {
  const described = readRequest(
    { url: '/orders/1', header: [], peer: '127.0.0.1', ...options },
    '127.0.0.1:8080',
  )
  assert.ok(described.ok, JSON.stringify(described))
  const { request, body } = described.value
  const explanation = explain(plan, { request, body, nowMs: NOW, requestId: 'r' })
  const hints = advise(openCase(plan, { request, body, explanation, nowMs: NOW }))
  return { reason: explanation.reason, hints }
}

function expect(options: Partial<RequestOptions>, reason: string | undefined, ...hints: RegExp[]): void {
  const answer = ask(options)
  assert.equal(answer.reason, reason, JSON.stringify(answer))
  for (const hint of hints)
    assert.ok(
      answer.hints.some((each) => hint.test(each)),
      `${String(hint)} is not among\n${answer.hints.join('\n')}`,
    )
}

const token = (claims: object = {}, header: Readonly<Record<string, unknown>> = {}): string =>
  mint(customer, { ...CLAIMS, ...claims }, header)

describe('advice about a token that is not found', () => {
  it('says how to send it', () => {
    expect({}, 'token-missing', /^send the token as the header `Authorization: Bearer <token>`$/)
  })

  it('says where it stands instead', () => {
    const found = (place: string): RegExp => new RegExp(`^a token stands in the ${place}, where none`)
    expect({ header: [`X-Token: ${token()}`] }, 'token-missing', found('header `X-Token`'))
    expect({ header: [`X-Token: Bearer ${token()}`] }, 'token-missing', found('header `X-Token`'))
    expect({ header: [`Cookie: a=1; jwt=${token()}`] }, 'token-missing', found('cookie `jwt`'))
    expect(
      { url: `/orders/1?access_token=${token()}` },
      'token-missing',
      found('query parameter `access_token`'),
    )
    expect({ data: `token=${token()}` }, 'token-missing', found('form field `token`'))
  })

  it('says that a form field needs a form, and names every place', () => {
    expect(
      { url: '/forms' },
      'token-missing',
      /^send the token as the form field `token=<token>`, or as the cookie `session=<token>`$/,
      /^a form field is read from a body/,
    )
  })

  it('tells a prefix in another case from one that is missing, glued on, or of another kind', () => {
    const header = (value: string): Partial<RequestOptions> => ({ header: [`Authorization: ${value}`] })
    expect(header(`bearer ${token()}`), 'prefix-mismatch', /another case: write `Bearer`/)
    expect(header(token()), 'prefix-mismatch', /write `Bearer` and one space before the token/)
    expect(header(`Bearer:${token()}`), 'prefix-mismatch', /^one space, and nothing else/)
    expect(header('Basic dXNlcjpwYXNz'), 'prefix-mismatch', /user name and password \(Basic\)/)
    expect(header('DPoP abc'), 'prefix-mismatch', /begins with `DPoP`: .*claimgate\.yaml:7/)
    expect(header('?'), 'prefix-mismatch', /^the header must begin with `Bearer`/)
  })

  it('says which place holds two tokens', () => {
    const header = [`Authorization: Bearer ${token()}`, `Authorization: Bearer ${token({ jti: 'b' })}`]
    expect({ header }, 'several-tokens', /^send the header `Authorization` once/)
  })
})

describe('advice about a token that cannot be read', () => {
  const cases: readonly (readonly [title: string, text: () => string, reason: string, hint: RegExp])[] = [
    ['an encrypted token', () => 'a.b.c.d.e', 'not-three-parts', /encrypted token \(JWE\)/],
    ['an opaque token', () => '8xLOxBtZp8', 'not-three-parts', /opaque token/],
    ['two parts', () => token().split('.').slice(0, 2).join('.'), 'not-three-parts', /signature, is missing/],
    ['one part', () => token().split('.')[0] ?? '', 'not-three-parts', /only the first part/],
    ['four parts', () => `${token()}.x`, 'not-three-parts', /three parts/],
    ['quotes', () => `"${token()}"`, 'header-base64', /in quotes/],
    ['one quote', () => `${token()}'`, 'signature-base64', /in quotes/],
    ['a variable', () => '$TOKEN', 'not-three-parts', /a variable stands where/],
    ['a variable of Postman', () => '{{token}}', 'not-three-parts', /a variable stands where/],
    ['a placeholder', () => '<token>', 'not-three-parts', /a placeholder/],
    ['an ellipsis', () => 'eyJ…', 'not-three-parts', /a placeholder/],
    ['a second prefix', () => `Bearer ${token()}`, 'header-base64', /stands there twice/],
    ['a null', () => 'null', 'not-three-parts', /name of an empty value/],
    ['two spaces', () => ` ${token()}`, 'header-base64', /more than one space/],
    ['white space inside', () => token().replace('.', '. '), 'payload-base64', /broken by white space/],
    ['percent signs', () => `${token()}%3D`, 'signature-base64', /percent-encoded/],
    ['padding', () => `${token()}==`, 'signature-base64', /plain base64/],
    ['a stray comma', () => `${token()},`, 'signature-base64', /characters that no token has/],
    ['no JSON', () => `${encodePart('x')}.${encodePart('{}')}.AAAA`, 'header-json', /damaged, or is no JWT/],
    [
      'a long token',
      () => token({ long: 'x'.repeat(3000) }),
      'token-too-large',
      /raise `limits.maxTokenBytes`/,
    ],
    ['no algorithm', () => mintRaw(customer, { kid: 'c1' }, CLAIMS), 'alg-missing', /ask the issuer to sign/],
    [
      'another algorithm',
      () => mintRaw(customer, { alg: 'ES256K' }, CLAIMS),
      'alg-unsupported',
      /`ES256K` is none of them/,
    ],
    ['no signature', () => mintRaw(customer, { alg: 'none' }, CLAIMS), 'alg-none', /nobody vouches/],
    ['an extension', () => token({}, { crit: ['exp'], exp: 1 }), 'crit-unsupported', /without `crit`/],
  ]
  for (const [title, text, reason, hint] of cases)
    it(title, () => expect({ header: [`Authorization: Bearer ${text()}`] }, reason, hint))
})

describe('advice about keys', () => {
  it('says that a new key may be missing, and where it goes', () => {
    const stranger = createSigner('ES256', { kid: 'new' })
    expect(
      { token: mint(stranger, CLAIMS) },
      'kid-unknown',
      /present key set into the keys of `customers` \(.*:7\)/,
    )
  })

  it('finds the key that did sign, under whatever kid', () => {
    expect(
      { token: token({}, { kid: 'other' }) },
      'kid-unknown',
      /signed by kid "c1" of `customers`: give that key/,
    )
    expect(
      { token: token({}, { kid: undefined }) },
      'kid-missing',
      /signed by kid "c1" of `customers`: have the/,
    )
    expect(
      { token: mint(partner, CLAIMS) },
      'kid-unknown',
      /signed by kid "p1" of `partners` .*does not speak for this request/,
    )
  })

  it('says what to think of a signature by nobody', () => {
    const forger = createSigner('ES256', { kid: 'c1' })
    expect({ token: mint(forger, CLAIMS) }, 'signature-mismatch', /^get a new token from the issuer/)
  })

  it('reminds of the encoding of secrets', () => {
    const claims = { ...CLAIMS, iss: 'https://secrets.example' }
    const other = createSigner('HS256', { kid: 's1' })
    const url = '/secrets/1'
    expect(
      { url, token: mint(other, claims) },
      'signature-mismatch',
      /`k` of the key set is the secret in base64url/,
    )
    expect({ token: mint(secret, CLAIMS) }, 'kid-unknown', /signed by kid "s1" of `secrets`/)
    expect({ token: mint(createSigner('HS256', { kid: 'x' }), CLAIMS) }, 'kid-unknown', /shared secret/)
  })
})

describe('advice about claims', () => {
  it('says how to look at an expired token in its time', () => {
    expect(
      { token: token({ exp: SECONDS - 3600 }) },
      'expired',
      /^get a new token/,
      /^`--at 2026-11-22T10:59:59Z` shows/,
    )
    expect({ token: token({ exp: SECONDS - 100 }) }, 'expired', /compare the clocks/)
  })

  it('says from when on a token holds', () => {
    const nbf = SECONDS + 7200
    expect(
      { token: token({ nbf, exp: nbf + 60 }) },
      'not-yet-valid',
      /accepted from 2026-11-22T14:00:00Z on/,
      /compare the clocks/,
    )
    expect({ token: token({ iat: SECONDS + 600 }) }, 'issued-in-the-future', /accepted from/)
  })

  it('recognises milliseconds', () => {
    expect({ token: token({ iat: NOW }) }, 'issued-in-the-future', /in milliseconds/)
  })

  it('says what to do without `exp`, and with one that is text', () => {
    expect({ token: token({ exp: undefined }) }, 'exp-missing', /`requireExp: false`/)
    expect({ token: token({ exp: '1' }) }, 'claim-type', /write `exp` as a number/)
  })

  it('sees how two issuers nearly agree, and whether the signature does', () => {
    const issuer = (iss: unknown): string => token({ iss })
    expect(
      { token: issuer('https://issuer.example/') },
      'issuer-unknown',
      /^only the `\/` at the end differs.*claimgate\.yaml:7/,
      /signed by kid "c1" of `customers`, so that only the name/,
    )
    expect({ token: issuer('HTTPS://issuer.example') }, 'issuer-unknown', /only the case/)
    expect({ token: issuer('http://issuer.example') }, 'issuer-unknown', /only `http:\/\/` or `https:\/\/`/)
    expect(
      { token: issuer('https://partners.example') },
      'issuer-unknown',
      /^`partners` .*name it in `auth` of `orders`/,
    )
    expect({ token: issuer(undefined) }, 'issuer-unknown', /^the token has no `iss`/)
    const stranger = createSigner('ES256', { kid: 'c1' })
    expect(
      { token: mint(stranger, { ...CLAIMS, iss: 'https://evil.example' }) },
      'issuer-unknown',
      /^get the token from the configured issuer/,
      /not all that differs/,
    )
  })

  it('says whom a token must be for', () => {
    expect({ token: token({ sub: 'user-2' }) }, 'subject-mismatch', /somebody else's/)
    expect(
      { token: token({ aud: ['a', 'b'] }) },
      'audience-mismatch',
      /ask the issuer for one for `orders`/,
      /\["a","b"\]/,
    )
    expect({ token: token({ aud: undefined }) }, 'audience-mismatch', /names no audience/)
  })
})

describe('advice about routes', () => {
  it('says which hosts there are', () => {
    // `*` takes every other host here, so the plan is one without it.
    const hosts = { ...plan.spec, routes: plan.spec.routes.filter(({ name }) => name === 'api') }
    const narrow = buildPlan(hosts)
    const hintsFor = (url: string): string => {
      const described = readRequest({ url, header: [], peer: '127.0.0.1' }, '127.0.0.1:8080')
      assert.ok(described.ok)
      const { request, body } = described.value
      const explanation = explain(narrow, { request, body, nowMs: NOW, requestId: 'r' })
      assert.equal(explanation.reason, 'no-route-for-host')
      return advise(openCase(narrow, { request, body, explanation, nowMs: NOW })).join('\n')
    }
    assert.match(hintsFor('http://127.0.0.1:8080/v1/a'), /try `-H 'Host: api\.example\.com'`/)
    assert.match(hintsFor('http://api.exemple.com/v1/a'), /is `api\.example\.com` meant\?/)
    assert.match(hintsFor('http://nowhere.test/v1/a'), /^routed are `api\.example\.com`, `\*\.example\.com`/)
  })

  it('says what a path nearly fits', () => {
    expect({ url: '/orders' }, 'no-route-for-path', /`\/orders\/\*` takes what is below `\/orders`/)
    expect({ url: '/forms/' }, 'no-route-for-path', /`\/forms` is routed: the slash at the end counts/)
    expect({ url: '/Orders/1' }, 'no-route-for-path', /the case of letters counts/)
    expect({ url: '/form' }, 'no-route-for-path', /is `\/forms` meant\?/)
    expect({ url: 'http://a.example.com/x' }, 'no-route-for-path', /^routed on this host are `\/v1\/\*`$/)
  })

  it('says which route lacks the method', () => {
    expect(
      { url: '/partners/1', method: 'PUT' },
      'method-not-routed',
      /add `PUT` to the `methods` of `partners`/,
    )
  })
})

describe('advice about a request that is let in', () => {
  it('says that a token was not looked at', () => {
    expect({ url: '/orders/open', token: token() }, undefined, /where none is needed: it is not looked at/)
  })

  it('says nothing where nothing is surprising', () => {
    assert.deepEqual(ask({ token: token() }), { reason: undefined, hints: [] })
    assert.deepEqual(ask({ url: '/orders/open' }), { reason: undefined, hints: [] })
  })
})
