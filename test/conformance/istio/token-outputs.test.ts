import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bearer, forwardedOf, hmacIssuer, valuesOf, type TestRequest } from '../../support/decision.ts'
import { answerTo, authentication, DENIED, meshPlan, meshToken, policy } from '../../support/mesh.ts'

/** The values of one header as the backend gets them. */
async function output(fields: string, header: string, request: TestRequest): Promise<readonly string[]> {
  return valuesOf(forwardedOf(await meshPlan([authentication(fields)]), request).headers, header)
}

describe('outputPayloadToHeader', () => {
  const fields = 'outputPayloadToHeader: x-payload'
  const token = meshToken({ a: 1 })

  it('is the payload part as it stands in the token', async () => {
    assert.deepEqual(await output(fields, 'x-payload', { headers: bearer(token) }), [token.split('.')[1]])
  })

  it('is nothing without a token, whatever the client says', async () => {
    for (const name of ['x-payload', 'X-Payload', 'x_payload'])
      assert.deepEqual(await output(fields, name, { headers: [name, 'forged'] }), [], name)
  })

  it('takes the place of what the client says', async () => {
    assert.deepEqual(
      await output(fields, 'x-payload', { headers: ['X-Payload', 'forged', ...bearer(token)] }),
      [token.split('.')[1]],
    )
  })
})

describe('outputClaimToHeaders', () => {
  const claim = async (value: unknown, name = 'a', path = 'a'): Promise<readonly string[]> =>
    output(`outputClaimToHeaders: [{ header: x-a, claim: ${path} }]`, 'x-a', {
      headers: bearer(meshToken({ [name]: value })),
    })

  for (const [value, text] of [
    ['text', 'text'],
    [7, '7'],
    [-5, '-5'],
    [1.5, '1.5'],
    [true, 'true'],
    [['a', 'b'], Buffer.from('["a","b"]').toString('base64')],
    [{ b: 'c' }, Buffer.from('{"b":"c"}').toString('base64')],
  ] as const) {
    it(`${JSON.stringify(value)} is ${text}`, async () => assert.deepEqual(await claim(value), [text]))
  }

  for (const value of [null, '', undefined]) {
    it(`${JSON.stringify(value)} is no header`, async () => assert.deepEqual(await claim(value), []))
  }

  it('a dot goes down into an object', async () => {
    assert.deepEqual(await claim({ b: 'c' }, 'a', 'a.b'), ['c'])
    assert.deepEqual(await claim('c', 'a.b', 'a.b'), [])
  })

  it('a claim that a header cannot carry refuses the request', async () => {
    const plan = await meshPlan([authentication('outputClaimToHeaders: [{ header: x-a, claim: a }]')])
    assert.equal(
      answerTo(plan, { headers: bearer(meshToken({ a: 'x\r\nx-admin: 1' })) }),
      '401 Jwt verification fails',
    )
  })

  it('policies see what was set, and never what the client says', async () => {
    const allow = policy('ALLOW', '[{ when: [{ key: "request.headers[x-a]", values: [admin] }] }]')
    const plan = await meshPlan([authentication('outputClaimToHeaders: [{ header: x-a, claim: a }]'), allow])
    assert.equal(answerTo(plan, { headers: bearer(meshToken({ a: 'admin' })) }), '200')
    assert.equal(answerTo(plan, { headers: ['x-a', 'admin'] }), DENIED)
    assert.equal(answerTo(plan, { headers: ['x-a', 'admin', ...bearer(meshToken({ a: 'user' }))] }), DENIED)
  })
})

describe('forwardOriginalToken', () => {
  const token = meshToken()

  it('is false: a token that was verified is taken off', async () => {
    assert.deepEqual(await output('', 'authorization', { headers: bearer(token) }), [])
    const upstream = forwardedOf(await meshPlan([authentication()]), {
      target: `/a?x=%26&access_token=${token}&flag`,
    })
    assert.equal(upstream.target, '/a?x=%26&flag')
  })

  it('with all lines of its field, also those that only look like one', async () => {
    for (const other of ['bearer forged', 'Basic YTpi', 'BEARER forged', `Bearer ${token}`])
      for (const lines of [
        [...bearer(token), 'Authorization', other],
        ['Authorization', other, ...bearer(token)],
      ])
        assert.deepEqual(await output('', 'authorization', { headers: lines }), [], other)
    const basic = { headers: ['Authorization', 'Basic YTpi'], target: `/?access_token=${token}` }
    assert.deepEqual(await output('', 'authorization', basic), ['Basic YTpi'])
  })

  it('with what backends take for its field', async () => {
    const headers = ['X-Token', token, 'X_Token', 'forged', 'x_token', 'forged']
    const fields = 'fromHeaders: [{ name: X-Token }]'
    for (const name of ['x-token', 'x_token']) assert.deepEqual(await output(fields, name, { headers }), [])
  })

  it('cookies too', async () => {
    const cookies = await output('fromCookies: [s]', 'cookie', {
      headers: ['Cookie', `a=b; s=${token}; c=d`],
    })
    assert.deepEqual(cookies, ['a=b; c=d'])
  })

  it('true leaves it where it is', async () => {
    const fields = 'forwardOriginalToken: true'
    assert.deepEqual(await output(fields, 'authorization', { headers: bearer(token) }), [`Bearer ${token}`])
  })
})

describe('tokens of other rules', () => {
  const issuer = hmacIssuer()
  const OTHER = 'https://z.example'
  const other = (claims = {}): string => issuer.token({ iss: OTHER, ...claims })
  const plan = (more: string) =>
    meshPlan([
      authentication('fromHeaders: [{ name: a }]', 'first'),
      authentication(`fromHeaders: [{ name: b }]\n${more}`, 'second', OTHER, issuer),
    ])
  const request = (token: string): TestRequest => ({ headers: ['a', meshToken(), 'b', token] })

  it('which nobody has verified do not go on', async () => {
    assert.deepEqual(valuesOf(forwardedOf(await plan(''), request(other({ exp: 1 }))).headers, 'b'), [])
  })

  it('not even if their rule lets tokens go on', async () => {
    const forwarding = await plan('forwardOriginalToken: true')
    assert.deepEqual(valuesOf(forwardedOf(forwarding, request(other({ exp: 1 }))).headers, 'b'), [])
  })

  it('those do that it has verified', async () => {
    const forwarding = await plan('forwardOriginalToken: true')
    const token = other()
    assert.deepEqual(valuesOf(forwardedOf(forwarding, request(token)).headers, 'b'), [token])
  })
})

describe('gateway and backend one after the other', () => {
  const backend = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: a, namespace: foo }
spec: { rules: [{ from: [{ source: { requestPrincipals: ['*'] } }] }] }`
  const atBackend = (fields = ''): string =>
    authentication(fields, 'backend')
      .replace('istio-system', 'foo')
      .replace(/ {2}selector: .*\n/, '')

  it('the gateway takes the token off, so that the backend sees nobody', async () => {
    const plan = await meshPlan([authentication(), atBackend(), backend])
    assert.equal(answerTo(plan, { headers: bearer(meshToken()) }), DENIED)
  })

  it('a gateway that lets it go on lets the backend see it', async () => {
    const plan = await meshPlan([authentication('forwardOriginalToken: true'), atBackend(), backend])
    assert.equal(answerTo(plan, { headers: bearer(meshToken()) }), '200')
    assert.deepEqual(
      valuesOf(forwardedOf(plan, { headers: bearer(meshToken()) }).headers, 'authorization'),
      [],
    )
  })

  it('what the gateway sets the backend sees, and may set anew', async () => {
    const output = 'outputClaimToHeaders: [{ header: x-a, claim: sub }]'
    const plan = await meshPlan([
      authentication(`${output}\nforwardOriginalToken: true`),
      atBackend('outputClaimToHeaders: [{ header: x-a, claim: iss }]'),
    ])
    assert.deepEqual(valuesOf(forwardedOf(plan, { headers: bearer(meshToken()) }).headers, 'x-a'), [
      'https://issuer.example',
    ])
  })
})
