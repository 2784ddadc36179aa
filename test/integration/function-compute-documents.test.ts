import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { lacksPyJwt, tokenByDocumentScript } from '../support/pyjwt.ts'
import { headerOf, startRecordingBackend, type RecordingBackend } from '../support/recording-backend.ts'
import { createIssuer } from '../support/tokens.ts'

/** The two documents of Function Compute, replayed: settings, keys, tokens, answers and messages as printed there. */

interface Printed {
  readonly jwks: { readonly keys: readonly object[] }
  readonly token: string
}

const printed = JSON.parse(
  readFileSync(new URL('../fixtures/function-compute-document.json', import.meta.url), 'utf8'),
) as Printed

interface FunctionComputeAnswer {
  readonly RequestId: string
  readonly Code: string
  readonly Message: string
}

/** The settings of the console's pictures: header Authentication, prefix Bearer, claim name as nametofunction. */
function trigger(jwks: object, more: object = {}): string {
  return JSON.stringify({
    triggerName: 'http',
    functionName: 'hello',
    triggerConfig: {
      authType: 'jwt',
      methods: ['GET', 'POST'],
      authConfig: JSON.stringify({
        jwks,
        tokenLookup: 'header:Authentication:Bearer ',
        claimPassBy: 'header:name:nametofunction',
        ...more,
      }),
    },
  })
}

function customDomain(jwks: object, more: object = {}): string {
  return JSON.stringify({
    domainName: 'api.example.com',
    protocol: 'HTTP',
    authConfig: {
      authType: 'jwt',
      authInfo: JSON.stringify({
        jwks,
        tokenLookup: 'header:Authentication:Bearer ,query:token,cookie:token',
        claimPassBy: 'header:name:nametofunction,query:sub:sub',
        ...more,
      }),
    },
    routeConfig: { routes: [{ path: '/*', functionName: 'hello', methods: ['GET', 'POST'] }] },
  })
}

describe('the documents of Function Compute', () => {
  let backend: RecordingBackend
  before(async () => {
    backend = await startRecordingBackend()
  })
  after(() => backend.close())

  async function withGateway(text: string, use: (gateway: TestGateway) => Promise<void>): Promise<void> {
    const gateway = await startTestGateway(text, { name: 'function-compute.json', backends: [backend.url] })
    try {
      await use(gateway)
    } finally {
      await gateway.close()
    }
  }

  async function refusal(response: Response): Promise<string> {
    assert.equal(response.status, 401)
    assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer realm=/)
    const answer = (await response.json()) as FunctionComputeAnswer
    assert.ok(answer.RequestId.length > 0)
    return answer.Message
  }

  it('HTTP trigger: the token printed in the document verifies with the key set printed there', () =>
    withGateway(trigger(printed.jwks), async (gateway) => {
      const response = await fetch(`${gateway.url}/hello`, {
        headers: { Authentication: `Bearer ${printed.token}` },
      })
      assert.equal(response.status, 200)
      assert.deepEqual(headerOf(backend.last(), 'nametofunction'), ['Jon Snow'])
      assert.deepEqual(
        headerOf(backend.last(), 'Authentication'),
        [`Bearer ${printed.token}`],
        'Function Compute leaves the token where it was',
      )
    }))

  it('HTTP trigger: without a token the answer is `the jwt token is missing`', () =>
    withGateway(trigger(printed.jwks), async (gateway) => {
      assert.equal(await refusal(await fetch(`${gateway.url}/hello`)), 'the jwt token is missing')
      const elsewhere = await fetch(`${gateway.url}/hello`, {
        headers: { Authorization: `Bearer ${printed.token}` },
      })
      assert.equal(await refusal(elsewhere), 'the jwt token is missing')
    }))

  it('HTTP trigger: a value without the configured prefix and its space is `invalid or expired jwt`', () =>
    withGateway(trigger(printed.jwks), async (gateway) => {
      for (const value of [
        printed.token,
        `Bearer${printed.token}`,
        `bearer ${printed.token}`,
        `Bearer  ${printed.token}`,
        'Bearer',
        'Basic dXNlcg==',
      ]) {
        const response = await fetch(`${gateway.url}/hello`, { headers: { Authentication: value } })
        assert.equal(await refusal(response), 'invalid or expired jwt', value.slice(0, 12))
      }
    }))

  it('HTTP trigger: a forged, changed, expired or unknown token is `invalid or expired jwt`', async () => {
    const issuer = await createIssuer('RS256', 'key-1')
    const stranger = await createIssuer('RS256', 'key-1')
    const other = await createIssuer('RS256', 'key-2')
    const past = Math.floor(Date.now() / 1000) - 3600
    const bad = {
      forged: await stranger.token(),
      'of an unknown kid': await other.token(),
      expired: await issuer.token({ exp: past }),
      changed: (await issuer.token()).replace(/\.[^.]{16}/, '.eyJzdWIiOiJhZG1p'),
      empty: 'e30.e30.',
    }
    await withGateway(trigger(issuer.jwks), async (gateway) => {
      for (const [what, token] of Object.entries(bad)) {
        const response = await fetch(`${gateway.url}/hello`, {
          headers: { Authentication: `Bearer ${token}` },
        })
        assert.equal(await refusal(response), 'invalid or expired jwt', what)
      }
      const reasons = gateway.entries.map((entry) => entry.reason)
      assert.deepEqual(reasons.slice(0, 3), ['signature-mismatch', 'kid-unknown', 'expired'])
    })
  })

  it('HTTP trigger, whitelist: /a and /login/* need no token, everything else does', () =>
    withGateway(trigger(printed.jwks, { whitelist: ['/a', '/login/*'] }), async (gateway) => {
      for (const path of ['/a', '/login/', '/login/a', '/login/b/c/d', '/a?x=1']) {
        assert.equal((await fetch(gateway.url + path)).status, 200, path)
      }
      for (const path of ['/a/', '/login', '/', '/b', '/A', '/a/b']) {
        assert.equal((await fetch(gateway.url + path)).status, 401, path)
      }
    }))

  it('HTTP trigger, blacklist: /a and /login/* need a token, everything else does not', () =>
    withGateway(trigger(printed.jwks, { blacklist: ['/a', '/login/*'] }), async (gateway) => {
      for (const path of ['/a', '/login/a', '/login/b/c/d', '/./a', '/b/../a', '/%61', '//a']) {
        assert.equal(await rawStatus(gateway.url, path), 401, path)
      }
      for (const path of ['/a/', '/login', '/']) {
        assert.equal(await rawStatus(gateway.url, path), 200, path)
      }
    }))

  it('custom domain: token from header, query or cookie; claims as header and query parameter', async () => {
    const issuer = await createIssuer('ES256', 'key-1')
    const token = await issuer.token({ name: 'Jürgen', sub: '1234567890' })
    await withGateway(customDomain(issuer.jwks), async (gateway) => {
      const host = { Host: 'api.example.com' }
      const requests: [string, Record<string, string>][] = [
        ['/x', { Authentication: `Bearer ${token}` }],
        [`/x?token=${token}`, {}],
        ['/x', { Cookie: `token=${token}` }],
      ]
      for (const [path, headers] of requests) {
        assert.equal(await rawStatus(gateway.url, path, { ...host, ...headers }), 200)
        assert.deepEqual(headerOf(backend.last(), 'nametofunction'), ['Jürgen'])
        assert.equal(new URL(backend.last().url, 'http://h').searchParams.get('sub'), '1234567890')
      }
      assert.equal(await rawStatus(gateway.url, '/x', host), 401)
      assert.equal(await rawStatus(gateway.url, '/x', { Host: 'other.example.com' }), 404)
    })
  })

  it(
    'the token of the document’s own PyJWT script goes through',
    { skip: lacksPyJwt() ?? false },
    async () => {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }] }
      const token = tokenByDocumentScript(String(privateKey.export({ type: 'pkcs8', format: 'pem' })))
      await withGateway(trigger(jwks), async (gateway) => {
        const response = await fetch(`${gateway.url}/`, { headers: { Authentication: `Bearer ${token}` } })
        assert.equal(response.status, 200)
        assert.deepEqual(headerOf(backend.last(), 'nametofunction'), ['John Snow'])
      })
    },
  )
})

/** `fetch` resolves dot segments and sets Host itself; this sends exactly what is given. */
async function rawStatus(base: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  const { request } = await import('node:http')
  const { hostname, port } = new URL(base)
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers }, (response) => {
      response.resume()
      resolve(response.statusCode!)
    })
      .on('error', reject)
      .end()
  })
}
