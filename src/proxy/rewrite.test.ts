import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  authenticationSpec,
  forwardedOf,
  guardSpec,
  hmacIssuer,
  planOf,
  planSpec,
  routeSpec,
  valuesOf,
  type TestRequest,
} from '../../test/support/decision.ts'
import type { Plan } from '../plan/plan.ts'
import type { AuthenticationSpec, ClaimMapping, RequirementSpec, TokenLocation } from '../plan/spec.ts'
import type { UpstreamRequest } from './upstream.ts'

const issuer = hmacIssuer()
const token = issuer.token({ sub: 'jon', name: 'Jürgen & Söhne; 100%' })

const BEARER: TokenLocation = { in: 'header', name: 'Authorization', prefix: 'Bearer ' }
const URLENCODED = ['Content-Type', 'application/x-www-form-urlencoded']

function plan(more: Partial<AuthenticationSpec>, requirement: RequirementSpec = { mode: 'all' }): Plan {
  return planOf({
    authentications: [authenticationSpec('main', { keys: issuer.keys, ...more })],
    routes: [routeSpec({ guards: [guardSpec('main', requirement)] })],
  })
}

const to = (place: ClaimMapping['in'], name: string, claim = 'sub'): ClaimMapping => ({
  claim: [claim],
  in: place,
  name,
})

const OPEN: RequirementSpec = { mode: 'whitelist', conditions: [{ host: '*', path: '/*' }] }

function forwarded(of: Plan, request: TestRequest, withToken = true): UpstreamRequest {
  const headers = [...(withToken ? ['Authorization', `Bearer ${token}`] : []), ...(request.headers ?? [])]
  return forwardedOf(of, { ...request, headers })
}

describe('headers', () => {
  const SPELLINGS = [
    'X-User',
    'x-user',
    'X_User',
    'x.user',
    'X!User',
    'X-USER',
    'x_USER',
    'X~user',
    'X+user',
    "X'user",
  ]

  it('the client’s own is removed in every spelling, and the claim is the only one', () => {
    const headers = SPELLINGS.flatMap((name) => [name, 'mallory'])
    const upstream = forwarded(plan({ forward: [to('header', 'X-User')] }), { headers })
    const named = upstream.headers.filter((text, i) => i % 2 === 0 && /^x.user$/i.test(text))
    assert.deepEqual(named, ['X-User'])
    assert.deepEqual(valuesOf(upstream.headers, 'x-user'), ['jon'])
    assert.ok(!upstream.headers.includes('mallory'))
  })

  it('a claim that the token does not have leaves nothing, the client’s own neither', () => {
    const headers = SPELLINGS.flatMap((name) => [name, 'mallory'])
    const upstream = forwarded(plan({ forward: [to('header', 'X-User', 'absent')] }), { headers })
    assert.ok(!upstream.headers.some((text) => /^x.user$|mallory/i.test(text)))
  })

  it('a request that needs no token, and one of an optional route, lose it too', () => {
    for (const requirement of [OPEN, { mode: 'optional' } as const]) {
      const headers = SPELLINGS.flatMap((name) => [name, 'mallory'])
      const upstream = forwarded(plan({ forward: [to('header', 'X-User')] }, requirement), { headers }, false)
      assert.ok(!upstream.headers.includes('mallory'))
    }
  })

  it('what a global rule forwards is reserved on every route', () => {
    const of = planOf({
      authentications: [
        authenticationSpec('main', {
          keys: issuer.keys,
          forward: [to('header', 'X-User'), to('cookie', 'uid')],
        }),
      ],
      guards: [guardSpec('main', { mode: 'blacklist', conditions: [{ host: '*', path: '/closed' }] })],
    })
    const upstream = forwardedOf(of, {
      target: '/open',
      headers: ['X_USER', 'mallory', 'Cookie', 'UID=mallory; a=1'],
    })
    assert.ok(!upstream.headers.includes('mallory'))
    assert.deepEqual(valuesOf(upstream.headers, 'cookie'), ['a=1'])
  })

  it('Connection cannot remove what the gateway sets, nor what a trusted peer said', () => {
    const names = [
      'X-User',
      'X-Forwarded-For',
      'X-Forwarded-Proto',
      'X-Forwarded-Host',
      'Forwarded',
      'X-Request-Id',
      'Cookie',
    ]
    const upstream = forwarded(plan({ forward: [to('header', 'X-User'), to('cookie', 'uid')] }), {
      headers: ['Connection', names.join(', '), 'Cookie', 'a=1'],
    })
    for (const name of names) assert.equal(valuesOf(upstream.headers, name).length, 1, name)
    assert.deepEqual(valuesOf(upstream.headers, 'connection'), [])
  })

  it('what is about one connection stops here, and so does what Connection lists', () => {
    const upstream = forwarded(plan({}), {
      headers: [
        'Connection',
        'X-Hop, close',
        'X-Hop',
        '1',
        'Keep-Alive',
        'timeout=5',
        'TE',
        'gzip',
        'HTTP2-Settings',
        'x',
        'X-End',
        '2',
      ],
    })
    for (const name of ['connection', 'x-hop', 'keep-alive', 'te', 'http2-settings']) {
      assert.deepEqual(valuesOf(upstream.headers, name), [], name)
    }
    assert.deepEqual(valuesOf(upstream.headers, 'x-end'), ['2'])
  })

  it('the request id is the gateway’s, in every spelling', () => {
    const upstream = forwarded(plan({}), {
      headers: ['X-Request-Id', 'mine', 'X_Request_Id', 'mine', 'x.request-id', 'mine'],
    })
    assert.deepEqual(valuesOf(upstream.headers, 'x-request-id'), ['request-1'])
    assert.ok(!upstream.headers.includes('mine'))
  })

  it('everything else goes on in its order, with its case and its repetitions', () => {
    const own = [
      'Accept',
      '*/*',
      'x-custom',
      '1',
      'X-Custom',
      '2',
      'User_Agent',
      'x',
      'X-Users',
      'y',
      'XUser',
      'z',
    ]
    const upstream = forwarded(plan({ forward: [to('header', 'X-User')] }), { headers: own })
    assert.deepEqual(upstream.headers.slice(2, 2 + own.length), own)
  })
})

describe('the token', () => {
  it('is removed from the header where it stood, however often', () => {
    const upstream = forwarded(plan({}), { headers: ['authorization', `Bearer ${token}`] })
    assert.deepEqual(valuesOf(upstream.headers, 'authorization'), [])
  })

  it('is passed through where that is configured', () => {
    const upstream = forwarded(plan({ keepToken: true }), {})
    assert.deepEqual(valuesOf(upstream.headers, 'authorization'), [`Bearer ${token}`])
  })

  it('leaves query, form and cookies byte for byte as they were but for itself', () => {
    const at = (location: TokenLocation): Plan => plan({ locations: [location] })
    const query = forwardedOf(at({ in: 'query', name: 'jwt' }), {
      target: `/p?a=%7e&b&&jwt=${token}&c=+%20#`.slice(0, -1),
    })
    assert.equal(query.target, '/p?a=%7e&b&&c=+%20')
    const cookie = forwardedOf(at({ in: 'cookie', name: 'jwt' }), {
      headers: ['Cookie', `a="1; jwt=${token};  b=2`, 'Cookie', `jwt=${token}`, 'Cookie', 'jwt2=x; xjwt=y'],
    })
    assert.deepEqual(valuesOf(cookie.headers, 'cookie'), ['a="1;  b=2', 'jwt2=x; xjwt=y'])
    const form = forwardedOf(at({ in: 'form', name: 'jwt' }), {
      method: 'POST',
      headers: URLENCODED,
      body: `a=%7e&jwt=${token}&b=+`,
    })
    assert.equal(form.body?.toString(), 'a=%7e&b=+')
    assert.deepEqual(valuesOf(form.headers, 'content-length'), [])
  })

  it('that stood alone in the query goes with the question mark', () => {
    const of = plan({ locations: [{ in: 'query', name: 'jwt' }] })
    assert.equal(forwardedOf(of, { target: `/p?jwt=${token}` }).target, '/p')
    assert.equal(forwardedOf(plan({}, OPEN), { target: '/p?' }).target, '/p?')
  })

  it('has no second in another spelling of its header, where it is passed through neither', () => {
    for (const keepToken of [true, false]) {
      const of = plan({ keepToken, locations: [{ in: 'header', name: 'X-Auth-Token', prefix: '' }] })
      const upstream = forwardedOf(of, {
        headers: ['X_Auth_Token', 'forged', 'X-Auth-Token', token, 'x.auth-token', 'forged'],
      })
      assert.ok(!upstream.headers.includes('forged'))
      assert.deepEqual(valuesOf(upstream.headers, 'x-auth-token'), keepToken ? [token] : [])
    }
  })

  it('is not touched on a request that needs none', () => {
    const upstream = forwarded(plan({}, OPEN), {})
    assert.deepEqual(valuesOf(upstream.headers, 'authorization'), [`Bearer ${token}`])
  })
})

describe('query, form and cookies', () => {
  it('query: the claim comes encoded behind the client’s own, whose reserved names are removed in every reading', () => {
    const of = plan({ forward: [to('query', 'user-name', 'name')] })
    const spoofs = [
      'user-name=m',
      'User_Name=m',
      'user.name=m',
      'user-name[]=m',
      'user-name[a][b]=m',
      'user%2dname=m',
      'user-name',
      '%75ser-name=m',
      'a=1;user-name=m',
      'user-name%00x=m',
      '%20user-name=m',
      '%u0075ser-name=m',
    ]
    const { target } = forwarded(of, { target: `/p?a=%20b&${spoofs.join('&')}&c` })
    assert.equal(target, '/p?a=%20b&c&user-name=J%C3%BCrgen%20%26%20S%C3%B6hne%3B%20100%25')
  })

  it('query: a request without one gets one', () => {
    assert.equal(forwarded(plan({ forward: [to('query', 'uid')] }), { target: '/p' }).target, '/p?uid=jon')
    assert.equal(forwarded(plan({ forward: [to('query', 'uid')] }), { target: '/p?' }).target, '/p?uid=jon')
  })

  it('cookie: the claim stands before the client’s own, in the first Cookie field', () => {
    const of = plan({ forward: [to('cookie', 'uid', 'name')] })
    const upstream = forwarded(of, {
      headers: ['Cookie', 'a="x; uid=m', 'cookie', 'UID=m; u%69d=m; uid[]=m; b=2', 'Cookie', 'uid=m'],
    })
    assert.deepEqual(valuesOf(upstream.headers, 'cookie'), [
      'uid=J%C3%BCrgen%20%26%20S%C3%B6hne%3B%20100%25; a="x',
      'b=2',
    ])
    assert.deepEqual(valuesOf(forwarded(of, {}).headers, 'cookie'), [
      'uid=J%C3%BCrgen%20%26%20S%C3%B6hne%3B%20100%25',
    ])
  })

  it('form: the claim comes behind the client’s own, whose reserved names are removed', () => {
    const of = plan({ forward: [to('form', 'uid', 'name')] })
    const upstream = forwarded(of, {
      method: 'POST',
      headers: URLENCODED,
      body: 'uid=m&a=1&UID=m&uid[]=m&u%69d=m',
    })
    assert.equal(upstream.body?.toString(), 'a=1&uid=J%C3%BCrgen%20%26%20S%C3%B6hne%3B%20100%25')
    assert.deepEqual(valuesOf(upstream.headers, 'content-type'), [URLENCODED[1]])
  })

  it('a body that is no form is not touched and not waited for', () => {
    const of = plan({ forward: [to('form', 'uid')] })
    const upstream = forwarded(of, {
      method: 'POST',
      headers: ['Content-Type', 'application/json', 'Content-Length', '9'],
      body: '{"uid":1}',
    })
    assert.equal(upstream.body, undefined)
    assert.deepEqual(valuesOf(upstream.headers, 'content-type'), ['application/json'])
  })

  it('a form on a route that has nothing to do with forms is not read', () => {
    const upstream = forwarded(plan({ forward: [to('header', 'X-User')] }), {
      method: 'POST',
      headers: URLENCODED,
      body: 'a=1',
    })
    assert.equal(upstream.body, undefined)
    assert.deepEqual(valuesOf(upstream.headers, 'content-type'), [URLENCODED[1]])
  })

  it('a GET without a body gets no form', () => {
    const upstream = forwarded(plan({ forward: [to('form', 'uid')] }), { headers: URLENCODED })
    assert.equal(upstream.body, undefined)
  })
})

describe('the target', () => {
  it('is the canonical path that was matched, with the query as it came', () => {
    const of = plan({})
    assert.equal(forwarded(of, { target: '/a/./b/../%7Ec//d?x=/../%2e' }).target, '/a/~c/d?x=/../%2e')
  })

  it('is rewritten as the route says, and the query stays', () => {
    const of = planOf({
      ...planSpec(),
      routes: [routeSpec({ pathRewrites: [{ kind: 'wildcard', match: '/api/*', replacement: '/v1/$1' }] })],
    })
    assert.equal(forwardedOf(of, { target: '/x/../api/users?a=/api/b' }).target, '/v1/users?a=/api/b')
  })
})

it('no token goes on from any place where tokens are looked for, and other credentials stay', () => {
  const cookie = { in: 'cookie', name: 'jwt' } as const
  const of = plan({ locations: [cookie, BEARER, { in: 'query', name: 'jwt' }] })
  const sent = (target: string, authorization: string): UpstreamRequest =>
    forwarded(of, { target, headers: ['Cookie', `jwt=${token}`, 'Authorization', authorization] }, false)
  const basic = sent('/p?jwt=forged&JWT=forged&a=1', 'Basic eA==')
  assert.deepEqual([basic.target, valuesOf(basic.headers, 'authorization')], ['/p?a=1', ['Basic eA==']])
  assert.deepEqual(valuesOf(basic.headers, 'cookie'), [])
  assert.deepEqual(valuesOf(sent('/p', 'Bearer forged').headers, 'authorization'), [])
})
