import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildPlan } from '../../../src/plan/build.ts'
import type { Plan } from '../../../src/plan/plan.ts'
import { bearer, forwardedOf, requestOf, valuesOf, type TestRequest } from '../../support/decision.ts'
import {
  answerTo,
  authentication,
  DENIED,
  ISSUER,
  meshIssuer,
  meshPlan,
  meshToken,
  policy,
} from '../../support/mesh.ts'

/** A policy of a backend sees the request that the gateway would send, as a sidecar does. */

interface Gateway {
  /** Fields of the authentication of the route; none where it has no guard. */
  readonly guard?: string
  /** More of the backend. */
  readonly backend?: string
  readonly url?: string
  readonly more?: string
}

/** A native gateway with the resources; those of `foo` are the backend's. */
function gateway({ guard, backend = '', url = 'http://127.0.0.1:9000', more = '' }: Gateway): string {
  const jwks = JSON.stringify({ keys: [meshIssuer.signer.jwk] })
  return `
version: 1
backends: { b: { url: ${url}, namespace: foo${backend} } }
${guard === undefined ? '' : `authentications: { a: { issuer: ${ISSUER}, keys: { jwks: ${jwks} }${guard} } }`}
routes: [{ path: /*, backend: b, auth: ${guard === undefined ? 'none' : 'a'} }]
import: [{ mesh: mesh.yaml }]
${more}`
}

const atBackend = (document: string): string =>
  document.replace('namespace: istio-system', 'namespace: foo').replace(/ {2}selector: .*\n/, '')

const when = (key: string, values: string): string => `[{ when: [{ key: '${key}', values: ${values} }] }]`

async function planOf(setting: Gateway, ...documents: readonly string[]): Promise<Plan> {
  return meshPlan(documents, { native: gateway(setting) })
}

describe('tokens that the gateway has verified itself', () => {
  const rules = [
    atBackend(authentication('', 'later')),
    atBackend(policy('ALLOW', "[{ from: [{ source: { requestPrincipals: ['*'] } }] }]")),
  ]

  it('are seen where they go on, and nowhere else', async () => {
    const request = { headers: bearer(meshToken()) }
    assert.equal(answerTo(await planOf({ guard: ', keepToken: true' }, ...rules), request), '200')
    assert.equal(answerTo(await planOf({ guard: '' }, ...rules), request), DENIED)
  })

  it('are seen by the policies of the gateway in any case', async () => {
    const plan = await planOf(
      { guard: '' },
      authentication(),
      policy('ALLOW', "[{ from: [{ source: { requestPrincipals: ['*'] } }] }]"),
    )
    assert.equal(answerTo(plan, { headers: bearer(meshToken()) }), '200')
  })

  it('and nothing else at their places either', async () => {
    const guard = ', tokenFrom: [{ query: jwt }, { cookie: jwt }]'
    const places = [
      atBackend(authentication('fromParams: [jwt]\nfromCookies: [jwt]', 'later')),
      atBackend(policy('DENY', "[{ from: [{ source: { requestPrincipals: ['*'] } }] }]")),
    ]
    const plan = await planOf({ guard }, ...places)
    const request = { target: `/?jwt=${meshToken()}`, headers: ['Cookie', `jwt=${meshToken()}`] }
    assert.equal(answerTo(plan, request), '200')
  })
})

describe('what the gateway says of a token', () => {
  const guard = ', forward: [{ claim: sub, header: X-User }, { claim: sub, query: user }]'

  it('is there for the policies of the backend, and a client cannot say it', async () => {
    const plan = await planOf(
      { guard },
      atBackend(policy('DENY', when('request.headers[x-user]', '[guest]'))),
    )
    const from = (sub: string, ...forged: readonly string[]): string =>
      answerTo(plan, { headers: [...bearer(meshToken({ sub })), ...forged] })
    assert.deepEqual([from('user'), from('guest')], ['200', DENIED])
    assert.deepEqual([from('user', 'X-User', 'guest'), from('guest', 'X-User', 'user')], ['200', DENIED])
  })

  it('is refused where it cannot be carried, whatever the policies would say', async () => {
    const plan = await planOf({ guard }, atBackend(policy('ALLOW', '[{}]')))
    assert.match(answerTo(plan, { headers: bearer(meshToken({ sub: 'a\nb' })) }), /^401 /)
  })
})

describe('the host and the path', () => {
  it('are those under which the backend is asked', async () => {
    const url = 'http://app.example:9000/base/'
    const to = (operation: string): string =>
      atBackend(policy('ALLOW', `[{ to: [{ operation: ${operation} }] }]`))
    const answer = async (operation: string, backend = ''): Promise<string> =>
      answerTo(await planOf({ url, backend }, to(operation)), { target: '/a?b' })
    assert.equal(await answer('{ paths: [/base/a] }'), '200')
    assert.equal(await answer('{ paths: [/a] }'), DENIED)
    assert.equal(await answer('{ hosts: [api.example.com] }'), '200')
    assert.equal(await answer('{ hosts: ["app.example:9000"] }', ', hostHeader: backend'), '200')
    assert.equal(await answer('{ hosts: [api.example.com] }', ', hostHeader: backend'), DENIED)
  })

  it('are those of the client at the gateway', async () => {
    const url = 'http://app.example:9000/base'
    const rule = '[{ to: [{ operation: { paths: [/a], hosts: [api.example.com] } }] }]'
    const plan = await planOf({ url, backend: ', hostHeader: backend' }, policy('ALLOW', rule))
    assert.equal(answerTo(plan, { target: '/a' }), '200')
  })

  it('the path is the one that it is rewritten to', async () => {
    const { spec } = await planOf(
      {},
      atBackend(policy('DENY', '[{ to: [{ operation: { paths: [/new/x] } }] }]')),
    )
    const plan = buildPlan({
      ...spec,
      routes: spec.routes.map((route) => ({
        ...route,
        pathRewrites: [{ kind: 'wildcard', match: '/old/*', replacement: '/new/$1' }] as const,
      })),
    })
    assert.equal(answerTo(plan, { target: '/old/x' }), DENIED)
    assert.equal(answerTo(plan, { target: '/old/y' }), '200')
  })
})

describe('where a request came from', () => {
  const FORGED = ['X-Forwarded-Proto', 'https', 'X-Forwarded-For', '10.1.1.1']
  const plain: TestRequest = {}
  const forged: TestRequest = { headers: FORGED }
  const secure: TestRequest = { peer: { address: '10.1.1.1', tls: true } }

  for (const [place, at] of [
    ['gateway', (document: string) => document],
    ['backend', atBackend],
  ] as const) {
    it(`is what the gateway says of it, and no client (${place})`, async () => {
      for (const rule of [
        when('request.headers[x-forwarded-proto]', '[https]'),
        when('request.headers[x-forwarded-for]', '[10.1.1.1]'),
      ]) {
        const plan = await planOf({}, at(policy('ALLOW', rule)))
        assert.deepEqual(
          [plain, forged, secure].map((request) => answerTo(plan, request)),
          [DENIED, DENIED, '200'],
          rule,
        )
      }
    })
  }

  it('is what counted proxies say, at the gateway', async () => {
    const rule = policy('ALLOW', when('request.headers[x-forwarded-proto]', '[https]'))
    const plan = await planOf({ more: 'mesh: { numTrustedProxies: 1 }' }, rule)
    assert.deepEqual([answerTo(plan, forged), answerTo(plan, plain)], ['200', DENIED])
  })

  it('is what trusted peers say', async () => {
    const rule = when('request.headers[x-forwarded-proto]', '[https]')
    const plan = await planOf(
      { more: 'trustedProxies: [192.0.2.0/24]' },
      policy('ALLOW', rule, 'a'),
      atBackend(policy('ALLOW', rule, 'b')),
    )
    assert.deepEqual([answerTo(plan, forged), answerTo(plan, plain)], ['200', DENIED])
  })
})

it('all in all the fields that a backend gets are those that its policies have seen', async () => {
  const fields = [
    'fromHeaders: [{ name: X-Token }]',
    'outputPayloadToHeader: X-Payload',
    'outputClaimToHeaders: [{ header: X-Subject, claim: sub }]',
  ].join('\n')
  const guard = ', forward: [{ claim: sub, header: X-User }, { claim: sub, cookie: user }]'
  const client = `X-Token: ${meshToken({ sub: 'other' })}
X-Payload: forged
X_Payload: forged
x-user: forged
X-Forwarded-Host: forged
Connection: X-Listed
X-Listed: gone
Cookie: a=b; user=forged
X-Kept: one
X-Kept: two`
  const request: TestRequest = {
    headers: [...bearer(meshToken()), ...client.split('\n').flatMap((line) => line.split(': '))],
  }
  const names = ['Authorization', 'X-Token', 'X-Payload', 'X_Payload', 'X-User', 'X-Subject']
  const more = ['X-Forwarded-Host', 'X-Forwarded-For', 'X-Listed', 'Cookie', 'X-Kept', 'X-Request-Id', 'Host']
  const plan = await planOf({ guard }, authentication(fields))
  const got = forwardedOf(plan, request).headers
  for (const name of [...names, ...more]) {
    const values = name === 'Host' ? [requestOf(request).authority] : valuesOf(got, name)
    const rule = when(`request.headers[${name}]`, "['*']")
    const present = await planOf({ guard }, authentication(fields), atBackend(policy('ALLOW', rule)))
    assert.equal(answerTo(present, request), values.length > 0 ? '200' : DENIED, name)
    for (const value of values) {
      const exact = atBackend(policy('ALLOW', when(`request.headers[${name}]`, JSON.stringify([value]))))
      assert.equal(answerTo(await planOf({ guard }, authentication(fields), exact), request), '200', name)
    }
  }
})
