import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { resolve } from 'node:path'
import { readConfiguration } from '../../src/config/index.ts'
import type { Problem } from '../../src/errors/problem.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { rawAnswer, rawRequest, type RawAnswer } from '../support/raw-answer.ts'
import { headerOf, startRecordingBackend, type RecordingBackend } from '../support/recording-backend.ts'
import { createIssuer, type TestIssuer } from '../support/tokens.ts'

/**
 * The documents of the API gateway and the AI gateway, replayed: global rules as `AddGatewayAuth` takes them, imported
 * by a native configuration whose routes they guard.
 */

/** The key set of both documents, letter for letter: PDF and console have put line breaks and spaces into `n`. */
const PRINTED_JWKS = `{
    "keys":[
         {
        "e":"AQAB",
        "kid":"DHFbpoIUqrY8t2zpA2qXfCmr5VO5ZEr4RzHU_-envvQ",
        "kty":"RSA",
        "n":"xAE7eB6qugXyCAG3yhh7pkDkT65pHymX-
P7KfIupjf59vsdo91bSP9C8H07pSAGQO1MV_xFj9VswgsCg4R6otmg5PV2
He95lZdHtOcU5DXIg_pbhLdKXbi66Gl
VeK6ABZOUW3WYtnNHD-91gVuoeJT_DwtGGcp4ignkgXfkiEm4sw-
4sfb4qdt5oLbyVpmW6x9cfa7vs2WTfURiCrBoUqgBo_-4WTiULmmHSG
ZHOjzwa8WtrtOQGsAFjIbno85jp6MnGGGZ
PYZbDAa_b3y5u-YpW7ypZrvD8BgtKVjgtQgZhLAGezMt0ua3D
RrWnKqTZ0BJ_EyxOGuHJrLsn00fnMQ"
          }
       ]
}`

const native = (url: string): string => `version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends:
  api: { url: ${url} }
  web: { url: ${url} }
routes:
  - { name: api, hosts: [api.example.com], path: /*, backend: api, auth: none }
  - { name: web, hosts: ['*'], path: /*, backend: web, auth: none }
import:
  - { gatewayAuth: rule.json, domains: { 12: api.example.com } }
`

/** A rule as the console's form fills it in. */
function ruleOf(issuer: TestIssuer, more: object = {}): object {
  return {
    GatewayUniqueId: 'gw-1',
    Name: 'jwt',
    Type: 'JWT',
    Status: true,
    Issuer: 'https://issuer.example',
    Sub: 'user-1',
    Jwks: JSON.stringify(issuer.jwks),
    TokenPosition: 'HEADER',
    TokenName: 'Authorization',
    TokenNamePrefix: 'Bearer',
    TokenPass: false,
    IsWhite: true,
    AuthResourceMode: 1,
    ...more,
  }
}

const resource = (host: string | number, path: string, more: object = {}): object => ({
  ...(typeof host === 'number' ? { DomainId: host } : { DomainName: host }),
  Path: path,
  MatchType: 'EQUAL',
  IgnoreCase: false,
  ...more,
})

async function problemsOf(rule: object | string): Promise<readonly Problem[]> {
  const files: Readonly<Record<string, string>> = {
    [resolve('/virtual/claimgate.yaml')]: native('http://127.0.0.1:1'),
    [resolve('/virtual/rule.json')]: typeof rule === 'string' ? rule : JSON.stringify(rule, null, 2),
  }
  const { problems } = await readConfiguration(
    { file: resolve('/virtual/claimgate.yaml') },
    { readFile: async (path) => files[path] ?? assert.fail(path) },
  )
  return problems
}

describe('the documents of the gateways', () => {
  let issuer: TestIssuer
  let backend: RecordingBackend
  let token: string
  before(async () => {
    issuer = await createIssuer('RS256', 'key-1')
    backend = await startRecordingBackend()
    token = await issuer.token({ iss: 'https://issuer.example', sub: 'user-1' })
  })
  after(() => backend.close())

  async function withRule(rule: object, use: (gateway: TestGateway) => Promise<void>): Promise<void> {
    const gateway = await startTestGateway(native(backend.url), {
      files: { 'rule.json': JSON.stringify(rule) },
    })
    try {
      await use(gateway)
    } finally {
      await gateway.close()
    }
  }

  const send = (
    gateway: TestGateway,
    host: string,
    target: string,
    fields: readonly string[] = [],
  ): Promise<RawAnswer> => rawAnswer(gateway.url, rawRequest({ host, target, fields }))

  const withToken = (): readonly string[] => [`Authorization: Bearer ${token}`]

  it('whitelist: what the rule conditions list by domain and path passes, all others need a token', () =>
    withRule(
      ruleOf(issuer, {
        IsWhite: true,
        AuthResourceList: [
          resource('example.com', '/users/list'),
          resource(12, '/login/', { MatchType: 'PRE' }),
          resource('*.static.example.com', '/', { MatchType: 'PRE' }),
        ],
      }),
      async (gateway) => {
        for (const [host, path] of [
          ['example.com', '/users/list'],
          ['EXAMPLE.com:80', '/users/./list?x=1'],
          ['api.example.com', '/login/a/b'],
          ['a.static.example.com', '/anything'],
        ] as const) {
          assert.equal((await send(gateway, host, path)).status, 200, host + path)
        }
        for (const [host, path] of [
          ['example.com', '/users/list/'],
          ['example.com', '/login/a'],
          ['api.example.com', '/users/list'],
          ['api.example.com', '/login'],
          ['static.example.com', '/anything'],
          ['other.example', '/'],
        ] as const) {
          assert.equal((await send(gateway, host, path)).status, 401, host + path)
          assert.equal((await send(gateway, host, path, withToken())).status, 200, host + path)
        }
      },
    ))

  it('blacklist: what the rule conditions list needs a token, all others pass', () =>
    withRule(
      ruleOf(issuer, {
        IsWhite: false,
        // As the API sends it: JSON in JSON.
        AuthResourceList: JSON.stringify([
          resource('example.com', '/users/list'),
          resource(12, '/admin', { MatchType: 'PRE' }),
        ]),
      }),
      async (gateway) => {
        for (const [host, path] of [
          ['example.com', '/users/list'],
          ['example.com', '/users//list'],
          ['example.com', '/users/%6cist'],
          ['api.example.com', '/admin'],
          ['api.example.com', '/administration/x'],
        ] as const) {
          assert.equal((await send(gateway, host, path)).status, 401, host + path)
          assert.equal((await send(gateway, host, path, withToken())).status, 200, host + path)
        }
        for (const [host, path] of [
          ['example.com', '/users/list/1'],
          ['example.com', '/admin'],
          ['api.example.com', '/users/list'],
          ['other.example', '/'],
        ] as const) {
          assert.equal((await send(gateway, host, path)).status, 200, host + path)
        }
      },
    ))

  it('no conditions: every request of every route needs a token of this issuer and subject', () =>
    withRule(ruleOf(issuer), async (gateway) => {
      for (const host of ['api.example.com', 'other.example']) {
        assert.equal((await send(gateway, host, '/')).status, 401)
        assert.equal((await send(gateway, host, '/', withToken())).status, 200)
      }
      for (const claims of [
        { iss: 'https://other.example', sub: 'user-1' },
        { iss: 'https://issuer.example', sub: 'user-2' },
        { iss: 'https://issuer.example', sub: undefined },
        { iss: 'https://issuer.example', sub: 'user-1', exp: 1 },
      ]) {
        const bad = await issuer.token(claims as { iss: string })
        const answer = await send(gateway, 'api.example.com', '/', [`Authorization: Bearer ${bad}`])
        assert.equal(answer.status, 401)
        assert.equal(answer.headers['content-type'], 'application/problem+json')
      }
      const eternal = await issuer.token({ iss: 'https://issuer.example', sub: 'user-1', exp: undefined } as {
        iss: string
      })
      assert.equal(
        (await send(gateway, 'api.example.com', '/', [`Authorization: Bearer ${eternal}`])).status,
        200,
      )
    }))

  it('TokenPass decides whether the backend gets the token', async () => {
    for (const [TokenPass, expected] of [
      [true, [`Bearer ${token}`]],
      [false, []],
      [undefined, []],
      ['true', [`Bearer ${token}`]],
    ] as const) {
      await withRule(ruleOf(issuer, { TokenPass }), async (gateway) => {
        assert.equal((await send(gateway, 'api.example.com', '/', withToken())).status, 200)
        assert.deepEqual(headerOf(backend.last(), 'authorization'), expected, String(TokenPass))
      })
    }
  })

  it('the token may stand in a query parameter, and goes from there', () =>
    withRule(
      ruleOf(issuer, { TokenPosition: 'QUERY', TokenName: 'jwt', TokenNamePrefix: '' }),
      async (gateway) => {
        assert.equal((await send(gateway, 'a.example', `/p?a=1&jwt=${token}`)).status, 200)
        assert.equal(backend.last().url, '/p?a=1')
        assert.equal((await send(gateway, 'a.example', '/p?a=1', withToken())).status, 401)
      },
    ))

  it('a header named otherwise, and a prefix of another name', () =>
    withRule(ruleOf(issuer, { TokenName: 'X-Token', TokenNamePrefix: 'JWT' }), async (gateway) => {
      assert.equal((await send(gateway, 'a.example', '/', [`X-Token: JWT ${token}`])).status, 200)
      assert.equal((await send(gateway, 'a.example', '/', [`X-Token: Bearer ${token}`])).status, 401)
      assert.equal((await send(gateway, 'a.example', '/', [`X-Token: ${token}`])).status, 401)
    }))

  it('a rule that is switched off guards nothing, and beside one that is on it changes nothing', async () => {
    await withRule(ruleOf(issuer, { Status: false }), async (gateway) => {
      assert.equal((await send(gateway, 'a.example', '/')).status, 200)
    })
    await withRule(
      [ruleOf(issuer, { Status: false, Name: 'off' }), ruleOf(issuer, { Name: 'on' })],
      async (gateway) => {
        assert.equal((await send(gateway, 'a.example', '/')).status, 401)
        assert.equal((await send(gateway, 'a.example', '/', withToken())).status, 200)
      },
    )
  })

  it('two rules of two issuers stand side by side', async () => {
    const second = await createIssuer('ES256', 'key-2')
    const rules = [
      ruleOf(issuer, { Name: 'one' }),
      ruleOf(second, { Name: 'two', Issuer: 'https://two.example', Sub: 'user-2' }),
    ]
    await withRule(rules, async (gateway) => {
      const other = await second.token({ iss: 'https://two.example', sub: 'user-2' })
      const crossed = await second.token({ iss: 'https://issuer.example', sub: 'user-1' })
      assert.equal((await send(gateway, 'a.example', '/', withToken())).status, 200)
      assert.equal((await send(gateway, 'a.example', '/', [`Authorization: Bearer ${other}`])).status, 200)
      assert.equal((await send(gateway, 'a.example', '/', [`Authorization: Bearer ${crossed}`])).status, 401)
      assert.equal((await send(gateway, 'a.example', '/')).status, 401)
    })
  })

  it('an empty Sub means the issuer, as in the product, and is warned of', async () => {
    for (const Sub of ['', undefined]) {
      const warnings = await problemsOf(ruleOf(issuer, { Sub }))
      const warning = warnings.find(({ message }) => message.startsWith('`Sub` is empty'))
      assert.equal(warning?.severity, 'warning')
      assert.match(warning?.file ?? '', /rule\.json$/)
      await withRule(ruleOf(issuer, { Sub }), async (gateway) => {
        assert.equal((await send(gateway, 'a.example', '/', withToken())).status, 401)
        const itself = await issuer.token({ iss: 'https://issuer.example', sub: 'https://issuer.example' })
        assert.equal((await send(gateway, 'a.example', '/', [`Authorization: Bearer ${itself}`])).status, 200)
      })
    }
  })

  it('the key set of the documents, with its line breaks, is an error that tells the place and the way out', async () => {
    const rule = JSON.stringify(ruleOf(issuer, { Jwks: PRINTED_JWKS }), null, 2)
    const errors = (await problemsOf(rule)).filter(({ severity }) => severity === 'error')
    assert.ok(errors.length > 0)
    const [error] = errors
    assert.match(error?.file ?? '', /rule\.json$/)
    assert.equal(error?.line, rule.split('\n').findIndex((line) => line.includes('"Jwks"')) + 1)
    const said = `${error?.message}\n${error?.hint}`
    assert.match(said, /line break|space/)
    assert.match(said, /\bn\b/)
    // A modulus is not secret, and still nothing of a key is ever printed.
    assert.ok(!said.includes('P7KfIupjf59'))
  })

  it('the same key set as it was before the console broke it is read', async () => {
    const joined = PRINTED_JWKS.replace(/"n":"[^"]*"/, (n) => n.replace(/\s/g, ''))
    const problems = await problemsOf(ruleOf(issuer, { Jwks: joined }))
    assert.deepEqual(
      problems.filter(({ severity }) => severity === 'error'),
      [],
    )
  })

  it('a domain that only the product knows by its number is an error that says what to write', async () => {
    const problems = await problemsOf(ruleOf(issuer, { AuthResourceList: [resource(99, '/x')] }))
    const error = problems.find(({ severity }) => severity === 'error')
    assert.match(error?.message ?? '', /`DomainId` 99/)
    assert.match(error?.hint ?? '', /domains: \{ "99"/)
  })
})
