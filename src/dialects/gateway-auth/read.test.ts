import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { briefly, ED_JWK, nodeOf } from '../../../test/support/dialects.ts'
import { readGatewayAuth } from './read.ts'

const RULE = {
  Name: 'jwt',
  Type: 'JWT',
  Issuer: 'https://issuer.example',
  Sub: 'robot',
  Jwks: JSON.stringify({ keys: [ED_JWK] }),
}

function read(more: object) {
  const { node, problems } = nodeOf(JSON.stringify({ ...RULE, ...more }))
  const [rule] = readGatewayAuth([node], new Map([['7', 'api.example.com']]))
  return { rule, problems: briefly(problems) }
}

const listed = (resource: object, isWhite = true) =>
  read({
    IsWhite: isWhite,
    AuthResourceList: JSON.stringify([{ DomainName: '*', Path: '/a', MatchType: 'EQUAL', ...resource }]),
  })

describe('a gateway authentication rule', () => {
  it('has the defaults of the console: the Authorization header with Bearer, the token taken away, every request', () => {
    const { rule, problems } = read({})
    assert.deepEqual(problems, [])
    assert.deepEqual(rule?.location, { in: 'header', name: 'Authorization', prefix: 'Bearer ' })
    assert.deepEqual([rule?.keepToken, rule?.enabled, rule?.requirement], [false, true, { mode: 'all' }])
  })

  it('is the same in the casing of the API and in every other', () => {
    const { node } = nodeOf(
      JSON.stringify({
        name: 'jwt',
        issuer: RULE.Issuer,
        sub: 'robot',
        jwks: { keys: [ED_JWK] },
        tokenPosition: 'query',
        tokenName: 'jwt',
        token_pass: true,
      }),
    )
    const [rule] = readGatewayAuth([node], new Map())
    assert.deepEqual([rule?.location, rule?.keepToken], [{ in: 'query', name: 'jwt' }, true])
  })

  it('compares the subject with the issuer where none is given, and warns of that', () => {
    for (const Sub of ['', null]) {
      const { rule, problems } = read({ Sub })
      assert.equal(rule?.subject, RULE.Issuer)
      assert.match(
        problems.join(),
        /^1 warning: `Sub` is empty, so that `sub` in the token must be the text of `Issuer`/,
      )
    }
  })

  it('may have no prefix, if that is written', () => {
    assert.deepEqual(read({ TokenNamePrefix: '', TokenName: 'X-Token' }).rule?.location, {
      in: 'header',
      name: 'X-Token',
      prefix: '',
    })
    assert.deepEqual(read({ TokenNamePrefix: 'JWT ' }).rule?.location, {
      in: 'header',
      name: 'Authorization',
      prefix: 'JWT ',
    })
  })

  it('lists hosts and paths, exact or by their beginning', () => {
    const AuthResourceList = [
      { DomainName: '*.Example.com', Path: '/test', MatchType: 'EQUAL' },
      { DomainId: 7, Path: '/login/', MatchType: 'PRE' },
      { Domain: 'a.example', Path: '/b/*' },
    ]
    const conditions = [
      { host: '*.example.com', path: '/test' },
      { host: 'api.example.com', path: '/login/*' },
      { host: 'a.example', path: '/b/*' },
    ]
    assert.deepEqual(read({ IsWhite: true, AuthResourceList }).rule?.requirement, {
      mode: 'whitelist',
      conditions,
    })
    const black = read({ IsWhite: false, AuthResourceList: JSON.stringify(AuthResourceList) })
    assert.deepEqual(black.rule?.requirement, { mode: 'blacklist', conditions })
    assert.match(black.problems.join(), /warning: a blacklist is open by default/)
  })

  it('never lets more people in than the product: what would is an error', () => {
    assert.match(
      read({ IsWhite: false, AuthResourceList: [] }).problems.join(),
      /error: a blacklist without resources protects nothing/,
    )
    assert.match(
      read({ AuthResourceList: [{ DomainName: '*', Path: '/a' }] }).problems.join(),
      /error: `IsWhite` is missing/,
    )
    assert.match(
      listed({ AuthResourceHeaderList: [{ HeaderKey: 'x' }] }).problems.join(),
      /error: conditions on headers are not carried over/,
    )
    assert.match(
      listed({ IgnoreCase: true }, false).problems.join(),
      /error: `IgnoreCase` is not carried over/,
    )
    assert.match(
      listed({ MatchType: 'ERGULAR', Path: '/.*' }).problems.join(),
      /error: regular expressions are not carried over/,
    )
    assert.match(listed({ MatchType: 'SUFFIX' }).problems.join(), /error: `MatchType` must be EQUAL or PRE/)
    assert.match(
      listed({ Path: '/a*' }).problems.join(),
      /error: with `MatchType: EQUAL` a `\*` is no wildcard/,
    )
    assert.match(
      listed({ DomainName: null, DomainId: 8 }).problems.join(),
      /error: the product alone knows which domain `DomainId` 8 is/,
    )
    assert.match(listed({ Path: null }).problems.join(), /error: `Path` is missing/)
    assert.match(
      read({ AuthResourceConfig: '{}' }).problems.join(),
      /error: `AuthResourceConfig` cannot be read/,
    )
  })

  it('warns where more people will need a token than in the product', () => {
    assert.match(
      listed({ IgnoreCase: true }).problems.join(),
      /warning: `IgnoreCase` is not carried over: other spellings of the path need a token/,
    )
    assert.match(
      listed({ AuthResourceHeaderList: [{ HeaderKey: 'x' }] }, false).problems.join(),
      /warning: conditions on headers/,
    )
    assert.deepEqual(
      listed({ IgnoreCase: true, Path: '/1/2' }).problems,
      [],
      'a path without letters has one spelling',
    )
  })

  it('says true and false as such, or with a warning as text', () => {
    for (const name of ['Status', 'IsWhite', 'TokenPass']) {
      assert.match(
        read({ [name]: 'true' }).problems.join(),
        new RegExp(`^1 warning: \`${name}\` is the text \`true\`, which is read as what it says$`),
      )
      for (const value of ['TRUE', 'yes', 'on', '', 0, 1, [], {}])
        assert.match(read({ [name]: value }).problems.join(), /error: `\w+` must be true or false/)
    }
    assert.equal(read({ TokenPass: 'true' }).rule?.keepToken, true)
    assert.equal(read({ Status: 'false' }).rule?.enabled, false)
  })

  it('is refused with the words of other products, and with near misses of what opens', () => {
    for (const name of [
      'Enable',
      'enabled',
      'EnablePassthrough',
      'Passthrough',
      'token_pass_through',
      'Statuss',
    ])
      assert.match(read({ [name]: false }).problems.join(), new RegExp(`error: \`${name}\` is not read`))
    assert.match(listed({ DomainNam: 'a.example' }).problems.join(), /error: `DomainNam` is not read/)
  })

  it('may name a position as the console words it', () => {
    for (const [TokenPosition, place, warnings] of [
      ['Form Parameters', 'form', 1],
      ['query parameter', 'query', 1],
      ['Cookie', 'cookie', 0],
    ] as const) {
      const { rule, problems } = read({ TokenPosition, TokenName: 'jwt' })
      assert.deepEqual(rule?.location, { in: place, name: 'jwt' })
      assert.equal(problems.filter((problem) => problem.includes(`is read as \`${place}\``)).length, warnings)
    }
    assert.match(
      read({ TokenPosition: 'Parameters' }).problems.join(),
      /error: `Parameters` is not a position/,
    )
  })

  it('is refused where it is of another type, or says too little', () => {
    for (const more of [
      { Type: 'OIDC' },
      { Type: {} },
      { Issuer: '' },
      { Jwks: null },
      { Jwks: 'no JSON' },
      { TokenPosition: 'BODY' },
      { IsWhite: 'perhaps' },
      { Status: 2 },
    ]) {
      assert.match(read(more).problems.join(), /error/, JSON.stringify(more))
    }
  })
})
