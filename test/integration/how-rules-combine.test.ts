import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Plan } from '../../src/plan/plan.ts'
import {
  bearer,
  forwardedOf,
  hmacIssuer,
  NOW_SECONDS,
  planOf,
  valuesOf,
  verdictOn,
  type TestIssuer,
  type TestRequest,
} from '../support/decision.ts'
import { configurationOf } from '../support/gateway.ts'
import { mint } from '../support/signer.ts'

/** Each sentence on how rules combine, from the text of a configuration to the decision. */

const a = hmacIssuer({ kid: 'a' })
const b = hmacIssuer({ kid: 'b' })

const jwks = (...issuers: readonly TestIssuer[]): string =>
  JSON.stringify({ keys: issuers.map(({ signer }) => signer.jwk) })

/** `a` and `b`, each with its own issuer and key. */
const AUTHENTICATIONS = `
  a: { issuer: https://a.example, keys: { jwks: ${jwks(a)} } }
  b: { issuer: https://b.example, keys: { jwks: ${jwks(b)} } }`

async function plan(rest: string, authentications = AUTHENTICATIONS): Promise<Plan> {
  return planOf(
    await configurationOf(`version: 1
backends: { backend: { url: http://127.0.0.1:1 } }
authentications:${authentications}
${rest}`),
  )
}

const tokenA = a.token({ iss: 'https://a.example' })
const tokenB = b.token({ iss: 'https://b.example' })

const at = (target: string, token?: string, more: TestRequest = {}): TestRequest => ({
  target,
  ...(token === undefined ? {} : { headers: bearer(token) }),
  ...more,
})

function expectVerdicts(of: Plan, verdicts: readonly (readonly [TestRequest, string])[]): void {
  for (const [request, expected] of verdicts) {
    const what = `${request.authority ?? ''}${request.target} ${(request.headers ?? []).length > 0 ? 'with' : 'without'} a token`
    assert.equal(verdictOn(of, request), expected, what)
  }
}

describe('which requests need a token', () => {
  it('one that a single rule of several asks for needs one', async () => {
    const rules = await plan(`
rules:
  - { name: r1, authentication: a, mode: blacklist, conditions: [{ path: /a/* }] }
  - { name: r2, authentication: b, mode: blacklist, conditions: [{ path: /b/* }] }
routes: [{ path: /*, backend: backend, auth: none }]`)
    expectVerdicts(rules, [
      [at('/a/x'), 'token-missing'],
      [at('/b/x'), 'token-missing'],
      [at('/c/x'), 'open'],
      [at('/a/x', tokenA), 'a'],
      [at('/b/x', tokenB), 'b'],
    ])
  })

  it('a token that is good for one rule does not open what only another covers', async () => {
    const rules = await plan(`
rules:
  - { name: r1, authentication: a, mode: blacklist, conditions: [{ path: /a/* }] }
  - { name: r2, authentication: b, mode: blacklist, conditions: [{ path: /b/* }] }
routes: [{ path: /*, backend: backend, auth: none }]`)
    expectVerdicts(rules, [
      [at('/a/x', tokenB), 'issuer-unknown'],
      [at('/b/x', tokenA), 'issuer-unknown'],
    ])
  })

  it('a rule that lets a request through does not let it past a rule that asks for a token', async () => {
    const rules = await plan(`
rules:
  - { name: r1, authentication: a, mode: whitelist, conditions: [{ path: /open/* }] }
  - { name: r2, authentication: b }
routes: [{ path: /*, backend: backend, auth: none }]`)
    expectVerdicts(rules, [
      [at('/open/x'), 'token-missing'],
      [at('/open/x', tokenA), 'issuer-unknown'],
      [at('/open/x', tokenB), 'b'],
      [at('/other', tokenA), 'a'],
      [at('/other', tokenB), 'b'],
    ])
  })

  it('a global rule stands beside the guards of a route, and either lets a request in', async () => {
    const rules = await plan(`
rules: [{ name: r1, authentication: a }]
routes:
  - { path: /b/*, backend: backend, auth: b }
  - { path: /*, backend: backend, auth: none }`)
    expectVerdicts(rules, [
      [at('/b/x'), 'token-missing'],
      [at('/b/x', tokenA), 'a'],
      [at('/b/x', tokenB), 'b'],
      [at('/x', tokenA), 'a'],
      [at('/x', tokenB), 'issuer-unknown'],
      [at('/x'), 'token-missing'],
    ])
  })

  it('`auth: none` of a route opens nothing that a global rule guards', async () => {
    const rules = await plan(`
rules: [{ name: r1, authentication: a }]
routes: [{ path: /health, backend: backend, auth: none }]`)
    expectVerdicts(rules, [[at('/health'), 'token-missing']])
  })

  it('a rule that is not enabled is as if it were not there', async () => {
    const rules = await plan(`
rules:
  - { name: r1, authentication: a, enabled: false }
  - { name: r2, authentication: b, mode: blacklist, conditions: [{ path: /b }] }
routes: [{ path: /*, backend: backend, auth: none }]`)
    expectVerdicts(rules, [
      [at('/x'), 'open'],
      [at('/b'), 'token-missing'],
      [at('/b', tokenA), 'issuer-unknown'],
      [at('/b', tokenB), 'b'],
    ])
  })

  it('an optional authentication never lets in where another asks for a token', async () => {
    const rules = await plan(`
rules: [{ name: r1, authentication: b, mode: blacklist, conditions: [{ path: /b }] }]
routes: [{ path: /*, backend: backend, auth: { use: a, mode: optional } }]`)
    expectVerdicts(rules, [
      [at('/x'), 'open'],
      [at('/x', tokenA), 'a'],
      [at('/x', tokenB), 'open'],
      [at('/b', tokenA), 'issuer-unknown'],
      [at('/b', tokenB), 'b'],
    ])
  })

  it('optional: a token that is present and invalid passes without claims', async () => {
    const rules = await plan(
      `routes: [{ path: /*, backend: backend, auth: { use: a, mode: optional } }]`,
      `
  a: { issuer: https://a.example, keys: { jwks: ${jwks(a)} }, forward: [{ claim: sub, header: X-User }] }`,
    )
    const expired = a.token({ iss: 'https://a.example', exp: NOW_SECONDS - 3600 })
    const upstream = forwardedOf(rules, { headers: [...bearer(expired), 'X-User', 'admin'] })
    assert.deepEqual(valuesOf(upstream.headers, 'x-user'), [])
    assert.deepEqual(valuesOf(forwardedOf(rules, at('/', tokenA)).headers, 'x-user'), ['user'])
  })
})

describe('whitelists and blacklists', () => {
  const CONDITIONS = `[{ host: www.example.com, path: /a }, { host: '*.example.org' }, { path: /login/* }]`
  const LISTED: readonly (readonly [string, string])[] = [
    ['www.example.com', '/a'],
    ['WWW.EXAMPLE.COM:8080', '/a?x=/b'],
    ['www.example.com.', '/./x/../a'],
    ['x.example.org', '/anything'],
    ['y.x.example.org', '/'],
    ['other.test', '/login/'],
    ['www.example.com', '/login/a'],
    ['other.test', '/login/b/c/d'],
    ['other.test', '//login//x'],
    ['other.test', '/l%6Fgin/x'],
  ]
  const UNLISTED: readonly (readonly [string, string])[] = [
    ['www.example.com', '/a/'],
    ['www.example.com', '/A'],
    ['www.example.com', '/'],
    ['sub.www.example.com', '/a'],
    ['other.test', '/a'],
    ['example.org', '/anything'],
    ['other.test', '/login'],
    ['other.test', '/Login/a'],
    ['other.test', '/x?/login/a'],
    ['other.test', '/x/login/a'],
  ]

  it('whitelist: the listed pass, all others need a token; host and path must both fit, conditions are joined by OR', async () => {
    const rules = await plan(`
rules: [{ name: r1, authentication: a, mode: whitelist, conditions: ${CONDITIONS} }]
routes: [{ path: /*, backend: backend, auth: none }]`)
    for (const [authority, target] of LISTED) {
      assert.equal(verdictOn(rules, { authority, target }), 'open', `${authority}${target}`)
    }
    for (const [authority, target] of UNLISTED) {
      assert.equal(verdictOn(rules, { authority, target }), 'token-missing', `${authority}${target}`)
      assert.equal(verdictOn(rules, { authority, ...at(target, tokenA) }), 'a', `${authority}${target}`)
    }
  })

  it('blacklist: the listed need a token, all others pass', async () => {
    const rules = await plan(`
rules: [{ name: r1, authentication: a, mode: blacklist, conditions: ${CONDITIONS} }]
routes: [{ path: /*, backend: backend, auth: none }]`)
    for (const [authority, target] of LISTED) {
      assert.equal(verdictOn(rules, { authority, target }), 'token-missing', `${authority}${target}`)
      assert.equal(verdictOn(rules, { authority, ...at(target, tokenA) }), 'a', `${authority}${target}`)
    }
    for (const [authority, target] of UNLISTED) {
      assert.equal(verdictOn(rules, { authority, target }), 'open', `${authority}${target}`)
    }
  })

  it('a condition for `/odata/$metadata` lists `/odata/%24metadata` too', async () => {
    const rules = await plan(`
rules: [{ name: r1, authentication: a, mode: blacklist, conditions: [{ path: /odata/$metadata }] }]
routes: [{ path: /*, backend: backend, auth: none }]`)
    expectVerdicts(rules, [[at('/odata/%24metadata'), 'token-missing']])
  })

  it('a listed request is not looked at for a token at all', async () => {
    const rules = await plan(`
routes: [{ path: /*, backend: backend, auth: { use: a, mode: whitelist, paths: [/open] } }]`)
    expectVerdicts(rules, [[at('/open', tokenA), 'open']])
    const { headers } = forwardedOf(rules, at('/open', 'garbage'))
    assert.deepEqual(valuesOf(headers, 'authorization'), ['Bearer garbage'])
  })
})

describe('which authentication lets in', () => {
  it('the `iss` of the token picks among several', async () => {
    const rules = await plan(`routes: [{ path: /*, backend: backend, auth: [a, b] }]`)
    expectVerdicts(rules, [
      [at('/', tokenA), 'a'],
      [at('/', tokenB), 'b'],
      [at('/', a.token({ iss: 'https://b.example' })), 'kid-unknown'],
      [at('/', a.token({ iss: 'https://c.example' })), 'issuer-unknown'],
      [at('/', a.token({ iss: undefined })), 'issuer-unknown'],
      [at('/', a.token({ iss: ['https://a.example'] })), 'issuer-unknown'],
      [at('/', a.token({ iss: 'https://a.example/' })), 'issuer-unknown'],
    ])
  })

  it('of one issuer twice with different keys, the one whose key verifies lets in', async () => {
    const rules = await plan(
      `routes: [{ path: /*, backend: backend, auth: [first, second] }]`,
      `
  first: { issuer: https://a.example, keys: { jwks: ${jwks(a)} } }
  second: { issuer: https://a.example, keys: { jwks: ${jwks(b)} } }`,
    )
    expectVerdicts(rules, [
      [at('/', tokenA), 'first'],
      [at('/', b.token({ iss: 'https://a.example' })), 'second'],
      [at('/', hmacIssuer({ kid: 'a' }).token({ iss: 'https://a.example' })), 'signature-mismatch'],
    ])
  })

  it('the same kid in two key sets of one issuer is tried in both', async () => {
    const [one, two] = [hmacIssuer({ kid: 'same' }), hmacIssuer({ kid: 'same' })]
    const rules = await plan(
      `routes: [{ path: /*, backend: backend, auth: [first, second] }]`,
      `
  first: { issuer: i, keys: { jwks: ${jwks(one)} } }
  second: { issuer: i, keys: { jwks: ${jwks(two)} } }`,
    )
    expectVerdicts(rules, [
      [at('/', one.token({ iss: 'i' })), 'first'],
      [at('/', two.token({ iss: 'i' })), 'second'],
    ])
  })

  it('an authentication without an issuer takes any, and comes after the one that names it', async () => {
    const rules = await plan(
      `routes: [{ path: /*, backend: backend, auth: [any, named] }]`,
      `
  any: { keys: { jwks: ${jwks(a, b)} } }
  named: { issuer: https://b.example, keys: { jwks: ${jwks(b)} } }`,
    )
    expectVerdicts(rules, [
      [at('/', tokenA), 'any'],
      [at('/', tokenB), 'named'],
      [at('/', b.token({ iss: 'https://c.example' })), 'any'],
    ])
  })

  it('the reason that is told is of the authentication that the token came furthest with', async () => {
    const rules = await plan(
      `routes: [{ path: /*, backend: backend, auth: [first, second] }]`,
      `
  first: { keys: { jwks: ${jwks(b)} } }
  second: { keys: { jwks: ${jwks(a)} } }`,
    )
    expectVerdicts(rules, [[at('/', a.token({ exp: NOW_SECONDS - 3600 })), 'expired']])
  })
})

describe('where the token is looked for', () => {
  const LOCATED = `
  a:
    issuer: https://a.example
    keys: { jwks: ${jwks(a)} }
    tokenFrom: [{ header: Authorization, prefix: Bearer }, { header: X-Token }, { query: token }, { cookie: token }, { form: token }]`
  const ROUTE = `routes: [{ path: /*, backend: backend, auth: a }]`
  const FORM = ['Content-Type', 'application/x-www-form-urlencoded']

  it('every location holds a token that is found', async () => {
    const rules = await plan(ROUTE, LOCATED)
    expectVerdicts(rules, [
      [at('/', tokenA), 'a'],
      [{ headers: ['x-token', tokenA] }, 'a'],
      [{ target: `/?x=1&token=${tokenA}` }, 'a'],
      [{ headers: ['Cookie', `x=1; token=${tokenA}`] }, 'a'],
      [{ method: 'POST', headers: FORM, body: `x=1&token=${tokenA}` }, 'a'],
    ])
  })

  it('the first token found is the one verified, and nothing falls through to the next location', async () => {
    const rules = await plan(ROUTE, LOCATED)
    const places: readonly ((token: string) => TestRequest)[] = [
      (token) => at('/', token),
      (token) => ({ headers: ['X-Token', token] }),
      (token) => ({ target: `/?token=${token}` }),
      (token) => ({ headers: ['Cookie', `token=${token}`] }),
    ]
    for (const [i, first] of places.entries()) {
      for (const later of places.slice(i + 1)) {
        const bad = first('not-a-token')
        const good = later(tokenA)
        const both = {
          ...bad,
          ...good,
          headers: [...(bad.headers ?? []), ...(good.headers ?? [])],
          target: bad.target ?? good.target ?? '/',
        }
        assert.equal(verdictOn(rules, both), 'not-three-parts')
        const [goodFirst, badLater] = [first(tokenA), later('not-a-token')]
        const swapped = {
          ...goodFirst,
          headers: [...(goodFirst.headers ?? []), ...(badLater.headers ?? [])],
          target: goodFirst.target ?? badLater.target ?? '/',
        }
        assert.equal(verdictOn(rules, swapped), 'a')
      }
    }
  })

  it('two different tokens in one location are refused, whichever of them is good', async () => {
    const rules = await plan(ROUTE, LOCATED)
    const other = a.token({ iss: 'https://a.example', sub: 'other' })
    expectVerdicts(rules, [
      [{ headers: [...bearer(tokenA), ...bearer(other)] }, 'several-tokens'],
      [{ headers: [...bearer(tokenA), 'authorization', 'Basic dXNlcg=='] }, 'several-tokens'],
      [{ target: `/?token=${tokenA}&token=${other}` }, 'several-tokens'],
      [{ target: `/?token=${tokenA}&t%6Fken=${other}` }, 'several-tokens'],
      [{ headers: ['Cookie', `token=${tokenA}; token=${other}`] }, 'several-tokens'],
      [{ headers: ['Cookie', `token=${tokenA}`, 'Cookie', `token=${other}`] }, 'several-tokens'],
      [{ method: 'POST', headers: FORM, body: `token=${tokenA}&token=${other}` }, 'several-tokens'],
      [at('/', `${tokenA}, Bearer ${other}`), 'not-three-parts'],
    ])
  })

  it('one token that stands twice in one location is one token', async () => {
    const rules = await plan(ROUTE, LOCATED)
    expectVerdicts(rules, [
      [{ headers: [...bearer(tokenA), ...bearer(tokenA)] }, 'a'],
      [{ target: `/?token=${tokenA}&x=1&token=${tokenA}` }, 'a'],
      [{ headers: ['Cookie', `token=${tokenA}; token="${tokenA}"`] }, 'a'],
      [{ target: `/?token=&token=${tokenA}` }, 'a'],
    ])
  })

  it('a header without the prefix and its one space is no token that could be read, and not a missing one', async () => {
    const rules = await plan(ROUTE, LOCATED)
    for (const value of [
      tokenA,
      `Bearer${tokenA}`,
      `bearer ${tokenA}`,
      `BEARER ${tokenA}`,
      'Bearer',
      'Basic x',
    ]) {
      assert.equal(
        verdictOn(rules, { headers: ['Authorization', value] }),
        'prefix-mismatch',
        value.slice(0, 9),
      )
    }
    assert.equal(verdictOn(rules, at('/', ` ${tokenA}`)), 'header-base64')
    assert.equal(verdictOn(rules, { headers: ['Authorization', ''] }), 'token-missing')
  })

  it('two rules with different locations each look in their own, and one good token is enough', async () => {
    const rules = await plan(
      `routes: [{ path: /*, backend: backend, auth: [a, b] }]`,
      `
  a: { issuer: https://a.example, keys: { jwks: ${jwks(a)} } }
  b: { issuer: https://b.example, keys: { jwks: ${jwks(b)} }, tokenFrom: [{ header: X-Token }] }`,
    )
    expectVerdicts(rules, [
      [{ headers: ['X-Token', tokenB] }, 'b'],
      [{ headers: ['X-Token', tokenB, 'Authorization', 'Basic x'] }, 'b'],
      [{ headers: ['X-Token', tokenA] }, 'issuer-unknown'],
      [{ headers: [...bearer(tokenB)] }, 'issuer-unknown'],
      [{ headers: ['X-Token', tokenB, ...bearer(tokenA)] }, 'a'],
    ])
  })
})

describe('what a token must say', () => {
  it('native: a token without `exp` is refused, unless the authentication says otherwise', async () => {
    const eternal = a.token({ iss: 'https://a.example', exp: undefined })
    expectVerdicts(await plan(`routes: [{ path: /*, backend: backend, auth: a }]`), [
      [at('/', eternal), 'exp-missing'],
    ])
    const lax = await plan(
      `routes: [{ path: /*, backend: backend, auth: a }]`,
      `
  a: { issuer: https://a.example, keys: { jwks: ${jwks(a)} }, requireExp: false }`,
    )
    expectVerdicts(lax, [[at('/', eternal), 'a']])
  })

  it('the other dialects let a token without `exp` through, as in the products', async () => {
    const rule = { Issuer: 'i', Sub: 'user', Jwks: jwks(a), IsWhite: true }
    const configuration = await configurationOf(JSON.stringify(rule), {
      name: 'rule.json',
      backends: ['http://127.0.0.1:1'],
    })
    assert.equal(
      verdictOn(planOf(configuration), at('/', a.token({ iss: 'i', exp: undefined }))),
      'gateway-auth',
    )
  })

  it('a kid must be that of a key; a token without one needs a key without one', async () => {
    const bare = hmacIssuer()
    const rules = await plan(
      `routes: [{ path: /*, backend: backend, auth: mixed }]`,
      `
  mixed: { keys: { jwks: ${jwks(a, bare)} } }`,
    )
    const claims = { sub: 'user', exp: NOW_SECONDS + 60 }
    expectVerdicts(rules, [
      [at('/', a.token()), 'mixed'],
      [at('/', bare.token()), 'mixed'],
      [at('/', mint(a.signer, claims, { kid: undefined })), 'signature-mismatch'],
      [at('/', mint(bare.signer, claims, { kid: 'a' })), 'signature-mismatch'],
      [at('/', mint(a.signer, claims, { kid: 'unknown' })), 'kid-unknown'],
      [at('/', mint(a.signer, claims, { kid: 1 })), 'kid-not-text'],
    ])
    const named = await plan(
      `routes: [{ path: /*, backend: backend, auth: named }]`,
      `
  named: { keys: { jwks: ${jwks(a)} } }`,
    )
    expectVerdicts(named, [[at('/', mint(a.signer, claims, { kid: undefined })), 'kid-missing']])
  })

  it('audience and subject are of the authentication that lets in', async () => {
    const rules = await plan(
      `routes: [{ path: /*, backend: backend, auth: a }]`,
      `
  a: { keys: { jwks: ${jwks(a)} }, subject: user, audiences: [api, web] }`,
    )
    expectVerdicts(rules, [
      [at('/', a.token({ aud: 'api' })), 'a'],
      [at('/', a.token({ aud: ['x', 'web'] })), 'a'],
      [at('/', a.token({ aud: 'ap' })), 'audience-mismatch'],
      [at('/', a.token()), 'audience-mismatch'],
      [at('/', a.token({ aud: 'api', sub: 'User' })), 'subject-mismatch'],
    ])
  })
})
