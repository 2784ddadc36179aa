import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { bearer, forwardedOf, NOW_SECONDS, valuesOf, type TestRequest } from '../../support/decision.ts'
import {
  answerTo,
  authentication,
  DENIED,
  meshIssuer,
  ISSUER,
  meshPlan,
  meshToken,
  policy,
} from '../../support/mesh.ts'

/** What differs from Istio on purpose; docs/istio-differences.md has the reasons. */

it('the page about differences names tests that are there', () => {
  const root = resolve(import.meta.dirname, '../../..')
  const page = readFileSync(join(root, 'docs/istio-differences.md'), 'utf8')
  const named = [...page.matchAll(/`(test\/[^`]+\.[a-z]+)`/g)].map((match) => match[1]!)
  assert.ok(named.length > 15)
  for (const file of named) assert.ok(existsSync(join(root, file)), file)
})

const GOOD = meshToken()
const ONLY_PRINCIPALS = policy('ALLOW', "[{ from: [{ source: { requestPrincipals: ['*'] } }] }]")

async function answer(
  fields: string,
  request: TestRequest,
  ...documents: readonly string[]
): Promise<string> {
  return answerTo(await meshPlan([authentication(fields), ...documents]), request)
}

describe('tokens', () => {
  it('a prefix that does not begin the header makes no token', async () => {
    assert.equal(
      await answer('', { headers: ['Authorization', `X Bearer ${GOOD}`] }, ONLY_PRINCIPALS),
      DENIED,
    )
  })

  it('every value of a repeated parameter has to be good', async () => {
    assert.match(await answer('', { target: `/?access_token=${GOOD}&access_token=a.b` }), /^401 /)
    assert.match(await answer('', { target: `/?access_token=a.b&access_token=${GOOD}` }), /^401 /)
  })

  it('and of a repeated cookie', async () => {
    const cookie = (value: string): TestRequest => ({ headers: ['Cookie', value] })
    assert.match(await answer('fromCookies: [s]', cookie(`s=${GOOD}; s=a.b`)), /^401 /)
  })

  it('nine tokens are too many', async () => {
    const headers = Array.from({ length: 9 }, (_, index) => bearer(meshToken({ n: index }))).flat()
    assert.equal(await answer('', { headers: headers.slice(0, 16) }), '200')
    assert.equal(await answer('', { headers }), '401 Found multiple Jwt tokens')
  })

  it('a token without a kid is tried with sixteen keys at most', async () => {
    const keys = (others: number): string => {
      const jwks = Array.from({ length: others }, (_, index) => ({
        kty: 'oct',
        kid: String(index),
        alg: 'HS256',
        k: Buffer.alloc(32, index + 1).toString('base64url'),
      }))
      return authentication().replace(
        /jwks: '.*'/,
        `jwks: '${JSON.stringify({ keys: [...jwks, meshIssuer.signer.jwk] })}'`,
      )
    }
    const request = { headers: bearer(GOOD) }
    assert.equal(answerTo(await meshPlan([keys(15)]), request), '200')
    assert.equal(answerTo(await meshPlan([keys(16)]), request), '401 Jwt verification fails')
  })

  it('a fraction in exp is no 0', async () => {
    assert.equal(await answer('', { headers: bearer(meshToken({ exp: 0.9 })) }), '401 Jwt is expired')
    assert.equal(await answer('', { headers: bearer(meshToken({ exp: NOW_SECONDS + 0.5 })) }), '200')
  })

  it('two good tokens set an output header once', async () => {
    const plan = await meshPlan([authentication('outputClaimToHeaders: [{ header: x-a, claim: sub }]')])
    const request = {
      target: `/?access_token=${meshToken({ sub: 'query' })}`,
      headers: bearer(meshToken({ sub: 'header' })),
    }
    assert.deepEqual(valuesOf(forwardedOf(plan, request).headers, 'x-a'), ['header'])
  })

  it('output headers are taken off a preflight', async () => {
    const plan = await meshPlan([authentication('outputClaimToHeaders: [{ header: x-a, claim: sub }]')])
    const headers = ['X-A', 'forged', 'Origin', 'https://a.test', 'Access-Control-Request-Method', 'GET']
    assert.deepEqual(valuesOf(forwardedOf(plan, { method: 'OPTIONS', headers }).headers, 'x-a'), [])
  })

  it('and off a request that another rule has let in', async () => {
    const plan = await meshPlan([
      authentication('fromHeaders: [{ name: a }]', 'a'),
      authentication(
        'fromHeaders: [{ name: b }]\noutputClaimToHeaders: [{ header: x-a, claim: sub }]',
        'b',
        `${ISSUER}/b`,
      ),
    ])
    assert.deepEqual(
      valuesOf(forwardedOf(plan, { headers: ['a', GOOD, 'x-a', 'forged'] }).headers, 'x-a'),
      [],
    )
  })
})

describe('policies', () => {
  const NATIVE = `
version: 1
backends: { b: { url: http://127.0.0.1:9000, namespace: foo } }
routes: [{ path: /*, backend: b, auth: none }]
import: [{ mesh: mesh.yaml }]
mesh: { extensionProviders: { a: { url: http://127.0.0.1:1 }, b: { url: http://127.0.0.1:2 } } }`
  const custom = (provider: string): string =>
    policy('CUSTOM', '[{}]', provider).replace(
      'action: CUSTOM',
      `action: CUSTOM\n  provider: { name: ${provider} }`,
    )

  it('two providers at one workload are an error', async () => {
    await meshPlan([custom('a')], { native: NATIVE })
    await assert.rejects(meshPlan([custom('a'), custom('b')], { native: NATIVE }), /two providers/)
    await assert.rejects(meshPlan([custom('c')], { native: NATIVE }), /there is no extension provider `c`/)
  })

  it('keys of filters of Envoy are an error', async () => {
    const rule = '[{ when: [{ key: "experimental.envoy.filters.network.mysql_proxy[db]", values: [a] }] }]'
    await assert.rejects(meshPlan([policy('DENY', rule)]), /of a filter of Envoy/)
  })

  it('no block of addresses holds the peer of a backend', async () => {
    const atBackend = (action: string, field: string): string =>
      policy(action, `[{ from: [{ source: { ${field}: ['0.0.0.0/0', '::/0'] } }] }]`)
        .replace('istio-system', 'foo')
        .replace(/ {2}selector: .*\n/, '')
    const at = async (document: string): Promise<string> =>
      answerTo(await meshPlan([authentication(), document], { native: NATIVE }), {})
    assert.equal(await at(atBackend('ALLOW', 'ipBlocks')), DENIED)
    assert.equal(await at(atBackend('DENY', 'notIpBlocks')), DENIED)
    assert.equal(await at(atBackend('ALLOW', 'remoteIpBlocks')), '200')
  })
})
