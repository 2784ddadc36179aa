import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { briefly, ED_JWK, nodeOf } from '../../../test/support/dialects.ts'
import type { Compiled } from '../compiled.ts'
import { NameBook } from '../compiled.ts'
import { compileFunctionCompute, type FunctionPlacements } from './compile.ts'
import { readFunctionCompute } from './read.ts'

const JWT = { jwks: { keys: [ED_JWK] }, tokenLookup: 'header:Authorization:Bearer ' }
const ONE: FunctionPlacements = {
  byFunction: new Map(),
  other: { backend: 'app' },
  howTo: (name) => `name ${name}`,
}

function compile(value: unknown, placements = ONE): { compiled: Compiled; problems: readonly string[] } {
  const { node, problems } = nodeOf(JSON.stringify(value))
  const compiled = compileFunctionCompute(readFunctionCompute([node]), placements, new NameBook())
  return { compiled, problems: briefly(problems) }
}

const trigger = (authConfig: unknown, more: object = {}) =>
  compile({ functionName: 'f', triggerConfig: { authType: 'jwt', authConfig, ...more } })
const requirementOf = ({ compiled }: ReturnType<typeof compile>) =>
  compiled.routes[0]?.spec.guards[0]?.requirement

describe('an HTTP trigger', () => {
  it('is a route for every host and path, with the values of the product', () => {
    const { compiled, problems } = trigger(JWT)
    const [authentication] = compiled.authentications
    assert.deepEqual(authentication?.rules, {
      issuer: undefined,
      subject: undefined,
      audiences: [],
      clockSkewSeconds: 60,
      expRequired: false,
    })
    assert.deepEqual([authentication?.keepToken, authentication?.refusals], [true, 'function-compute'])
    const [route] = compiled.routes
    assert.deepEqual(
      [route?.spec.hosts, route?.spec.path, route?.spec.methods, route?.spec.backend],
      [['*'], '/*', undefined, 'app'],
    )
    assert.equal(route?.spec.refusals, 'function-compute')
    assert.deepEqual(problems, [
      '1 warning: `f/http-trigger` lets tokens without `exp` in, which never expire, as the product does',
    ])
  })

  it('may come as objects, as JSON text, and as JSON text in JSON text in JSON text', () => {
    const config = { authType: 'jwt', authConfig: JWT }
    const text = JSON.stringify
    const forms = [
      { triggerConfig: config },
      { triggerConfig: text(config) },
      { triggerConfig: text({ ...config, authConfig: text(JWT) }) },
      { triggerConfig: text({ ...config, authConfig: text({ ...JWT, jwks: text(JWT.jwks) }) }) },
      { TriggerConfig: { AuthType: 'JWT', AuthConfig: { JWKS: JWT.jwks, TokenLookup: JWT.tokenLookup } } },
      config,
      [{ triggers: [{ triggerConfig: config }] }],
    ]
    const [first, ...others] = forms.map((form) => {
      const { compiled } = compile(form)
      return compiled.authentications.map(({ keys, locations }) => [
        keys.map(({ label }) => label),
        locations,
      ])
    })
    assert.equal(first?.length, 1)
    for (const other of others) assert.deepEqual(other, first)
  })

  it('needs a token for everything, for all but a whitelist, or for a blacklist alone', () => {
    assert.deepEqual(requirementOf(trigger(JWT)), { mode: 'all' })
    const conditions = [
      { host: '*', path: '/login/*' },
      { host: '*', path: '/a' },
    ]
    for (const name of ['whitelist', 'whiteList', 'Whitelist']) {
      assert.deepEqual(requirementOf(trigger({ ...JWT, [name]: ['/login/*', '/a'] })), {
        mode: 'whitelist',
        conditions,
      })
    }
    assert.deepEqual(requirementOf(trigger({ ...JWT, blackList: ['/login/*', '/a'] })), {
      mode: 'blacklist',
      conditions,
    })
  })

  it('needs a token for everything where a list is empty', () => {
    for (const lists of [{ whitelist: [] }, { blacklist: [] }, { whitelist: [], blacklist: [] }]) {
      assert.deepEqual(requirementOf(trigger({ ...JWT, ...lists })), { mode: 'all' })
    }
    assert.deepEqual(requirementOf(trigger({ ...JWT, whitelist: [], blacklist: ['/a'] }))?.mode, 'blacklist')
  })

  it('cannot have both lists', () => {
    const { compiled, problems } = trigger({ ...JWT, whitelist: ['/a'], blacklist: ['/b'] })
    assert.match(problems.join(), /error: `whitelist` and `blacklist` exclude each other/)
    assert.deepEqual(compiled.authentications, [])
  })

  it('is open on purpose where it is anonymous, and an error where it asks for anything else', () => {
    const { compiled } = compile({ triggerConfig: { authType: 'anonymous' } })
    assert.deepEqual(
      compiled.routes.map(({ openOnPurpose, spec }) => [openOnPurpose, spec.guards]),
      [[true, []]],
    )
    assert.match(
      compile({ triggerConfig: { authType: 'function' } }).problems.join(),
      /error: .* AK\/SK signatures, which are not verified here/,
    )
    for (const authType of ['basic', 'bearer', '', 5, {}])
      assert.match(compile({ triggerConfig: { authType } }).problems.join(), /error/)
    assert.match(
      compile({ triggerConfig: { methods: ['GET'] } }).problems.join(),
      /error: `authType` is missing/,
    )
  })

  it('takes the methods that it lists', () => {
    assert.deepEqual(trigger(JWT, { methods: ['get', 'POST', 'GET'] }).compiled.routes[0]?.spec.methods, [
      'GET',
      'POST',
    ])
    assert.equal(trigger(JWT, { methods: [] }).compiled.routes[0]?.spec.methods, undefined)
    assert.match(
      trigger(JWT, { methods: ['CONNECT', 'a b'] }).problems.join(),
      /error: `CONNECT` .*error: `A B`/,
    )
  })

  it('goes to the backend of its function, at the host and path that are given for it', () => {
    const placements = {
      ...ONE,
      byFunction: new Map([['f', { backend: 'own', host: 'f.example', path: '/f/*' }]]),
    }
    const { compiled } = compile({ functionName: 'f', triggerConfig: { authType: 'anonymous' } }, placements)
    assert.deepEqual(
      compiled.routes.map(({ spec }) => [spec.backend, spec.hosts, spec.path]),
      [['own', ['f.example'], '/f/*']],
    )
  })

  it('is an error without a backend', () => {
    const { problems } = compile(
      { functionName: 'f', triggerConfig: { authType: 'anonymous' } },
      { ...ONE, other: undefined },
    )
    assert.deepEqual(problems, ['1 error: there is no backend for the function `f`'])
  })
})

describe('a setting of the authentication that is not read', () => {
  const routeConfig = { routes: [{ path: '/*', functionName: 'f' }] }
  const errors = (value: unknown) => compile(value).problems.filter((problem) => problem.includes(' error: '))

  it('is an error in a domain, which would be open without it', () => {
    for (const name of [
      'authConf',
      'atuhConfig',
      'auth',
      'authType',
      'authInfo',
      'jwtConfig',
      'authentication',
      'jwks',
    ])
      assert.match(
        errors({ domainName: 'a.example', [name]: JWT, routeConfig }).join(),
        new RegExp(`error: \`${name}\` is not read, and looks like a setting of the authentication`),
      )
    for (const name of ['authconfig', 'AUTH_CONFIG'])
      assert.deepEqual(
        errors({ domainName: 'a.example', [name]: { authType: 'jwt', authInfo: JWT }, routeConfig }),
        [],
      )
    for (const name of ['routeConf', 'colour'])
      assert.deepEqual(errors({ domainName: 'a.example', [name]: {}, routeConfig }), [])
  })

  it('is an error in a trigger, and on a level where it does not belong', () => {
    assert.match(
      errors({ functionName: 'f', triggerConfig: { authtype: 'anonymous', authInf: {} } }).join(),
      /`authInf`/,
    )
    assert.match(
      errors({ functionName: 'f', authConfig: JWT, triggerConfig: { authType: 'anonymous' } }).join(),
      /`authConfig` is not read/,
    )
    assert.match(
      errors({ domainName: 'a.example', routeConfig: { routes: [{ path: '/*', authConfig: {} }] } }).join(),
      /`authConfig` is not read/,
    )
    assert.match(
      errors({
        functionName: 'f',
        triggerConfig: { authType: 'jwt', authConfig: { ...JWT, claimPasBy: '' } },
      }).join(),
      /`claimPasBy` is not read/,
    )
  })

  it('is missing where it is null and a token is asked for', () => {
    assert.match(
      errors({ triggerConfig: { authType: 'jwt', authConfig: null } }).join(),
      /settings of the JWT authentication are missing/,
    )
    const domain = (authConfig: unknown) => errors({ domainName: 'a.example', authConfig, routeConfig })
    assert.match(
      domain({ authType: 'jwt', authInfo: null }).join(),
      /settings of the JWT authentication are missing/,
    )
    assert.match(domain({ authType: null }).join(), /`authType` is missing/)
    assert.deepEqual(domain(null), [])
  })

  it('as the console words it is one error with an example', () => {
    const authConfig = { jwks: JWT.jwks, readPosition: 'Header', parameterName: 'A', removePrefix: 'Bearer' }
    assert.deepEqual(errors({ triggerConfig: { authType: 'jwt', authConfig } }), [
      '1 error: `readPosition` stands in `tokenLookup`, and not by itself',
    ])
    const mapping = { ...JWT, mappingParameterPosition: 'Header', claimName: 'sub' }
    assert.deepEqual(errors({ triggerConfig: { authType: 'jwt', authConfig: mapping } }), [
      '1 error: `mappingParameterPosition` stands in `claimPassBy`, and not by itself',
    ])
  })
})

describe('a custom domain', () => {
  const domain = (more: object, authType = 'jwt') =>
    compile({
      domainName: 'API.example.com',
      authConfig: { authType, authInfo: JSON.stringify(JWT) },
      ...more,
    })

  it('is a host with routes that share one authentication', () => {
    const { compiled } = domain({
      routeConfig: {
        routes: [
          { path: '/a/*', functionName: 'f', methods: ['GET'] },
          { path: '/b', functionName: 'g' },
        ],
      },
    })
    assert.deepEqual(
      compiled.routes.map(({ spec }) => [
        spec.name,
        spec.hosts,
        spec.path,
        spec.methods,
        spec.guards[0]?.authentication,
      ]),
      [
        ['api.example.com/a/*', ['api.example.com'], '/a/*', ['GET'], 'api.example.com'],
        ['api.example.com/b', ['api.example.com'], '/b', undefined, 'api.example.com'],
      ],
    )
    assert.equal(compiled.authentications.length, 1)
  })

  it('is open without authConfig, which is then warned of as with any route', () => {
    const { compiled } = compile({
      domainName: 'a.example',
      routeConfig: { routes: [{ path: '/*', functionName: 'f' }] },
    })
    assert.deepEqual(
      compiled.routes.map(({ spec }) => spec.guards),
      [[]],
    )
  })

  it('that is open is warned of where the trigger of its function is not', () => {
    const { problems } = compile([
      { functionName: 'f', triggerConfig: { authType: 'jwt', authConfig: JWT } },
      {
        domainName: 'a.example',
        authConfig: { authType: 'anonymous' },
        routeConfig: { routes: [{ path: '/*', functionName: 'f' }] },
      },
    ])
    assert.match(problems.join(), /warning: `a.example` needs no token, while the trigger of `f` does/)
  })

  it('whose list names a path that none of its routes has is warned of', () => {
    const authInfo = { ...JWT, whitelist: ['/a/open', '/elsewhere'] }
    const { problems } = compile({
      domainName: 'a.example',
      authConfig: { authType: 'jwt', authInfo },
      routeConfig: { routes: [{ path: '/a/*' }, { path: '/b/*' }] },
    })
    assert.deepEqual(
      problems.filter((problem) => problem.includes('lists nothing')),
      ['1 warning: `/elsewhere` lists nothing, because no route of `a.example` has it'],
    )
  })
})
