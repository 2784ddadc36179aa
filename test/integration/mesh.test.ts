import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import { hmacIssuer } from '../support/decision.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { authentication, ISSUER, policy } from '../support/mesh.ts'
import { createSigner, mint } from '../support/signer.ts'
import { headerOf, startRecordingBackend, type RecordingBackend } from '../support/recording-backend.ts'

const SECONDS = Math.floor(Date.now() / 1000)
const issuer = hmacIssuer()
const token = (claims: object = {}): string => issuer.token({ iss: ISSUER, exp: SECONDS + 600, ...claims })

interface Both extends AsyncDisposable {
  readonly gateway: TestGateway
  readonly backend: RecordingBackend
}

async function serving(...documents: readonly string[]): Promise<Both> {
  const backend = await startRecordingBackend()
  const gateway = await startTestGateway(documents.join('\n---\n'), { backends: [backend.url] })
  return bothOf(gateway, backend)
}

function bothOf(gateway: TestGateway, backend: RecordingBackend): Both {
  return {
    gateway,
    backend,
    [Symbol.asyncDispose]: async () => {
      await gateway.close()
      await backend.close()
    },
  }
}

describe('a mesh that is served', () => {
  it('lets good tokens in and answers bad ones in the words of Envoy', async () => {
    await using both = await serving(authentication('', 'jwt', ISSUER, issuer))
    const get = (value?: string) =>
      fetch(
        `${both.gateway.url}/a?b=c`,
        value === undefined ? {} : { headers: { authorization: `Bearer ${value}` } },
      )
    assert.equal((await get()).status, 200)
    assert.equal((await get(token())).status, 200)
    assert.deepEqual(headerOf(both.backend.last(), 'authorization'), [])
    const refused = await get(token({ exp: 1 }))
    assert.equal(refused.status, 401)
    assert.equal(await refused.text(), 'Jwt is expired')
    assert.equal(
      refused.headers.get('www-authenticate'),
      `Bearer realm="${both.gateway.url}/a", error="invalid_token"`,
    )
    const entry = both.gateway.entries.at(-1)
    assert.equal(entry?.code, 'GW_TOKEN_EXPIRED')
    assert.equal(entry?.reason, 'expired')
    assert.equal(entry?.by, 'istio-system/jwt[0]')
  })

  it('GW_POLICY_DENIED: what a policy denies never reaches the backend', async () => {
    await using both = await serving(policy('DENY', '[{ to: [{ operation: { paths: [/admin] } }] }]'))
    const denied = await fetch(`${both.gateway.url}/admin`)
    assert.equal(denied.status, 403)
    assert.equal(await denied.text(), 'RBAC: access denied')
    assert.equal(both.backend.requests.length, 0)
    const entry = both.gateway.entries.at(-1)
    assert.equal(entry?.code, 'GW_POLICY_DENIED')
    assert.equal(entry?.reason, 'policy-denies')
    assert.equal(entry?.by, 'istio-system/policy')
    assert.equal((await fetch(`${both.gateway.url}/open`)).status, 200)
  })

  it('answers HEAD without a body', async () => {
    await using both = await serving(policy('DENY', '[{}]'))
    const denied = await fetch(both.gateway.url, { method: 'HEAD' })
    assert.equal(denied.status, 403)
    assert.equal(denied.headers.get('content-length'), '19')
    assert.equal(await denied.text(), '')
  })

  it('answers gRPC calls with a gRPC status', async () => {
    await using both = await serving(policy('DENY', '[{}]'))
    const denied = await fetch(both.gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc' },
      body: 'x',
    })
    assert.equal(denied.status, 200)
    assert.equal(denied.headers.get('grpc-status'), '7')
    assert.equal(denied.headers.get('grpc-message'), 'RBAC%3A%20access%20denied')
  })

  it('tells of AUDIT policies and those that are tried out in the access log', async () => {
    await using both = await serving(policy('AUDIT', '[{}]', 'seen'))
    assert.equal((await fetch(both.gateway.url)).status, 200)
    await both.gateway.close()
    assert.deepEqual(both.gateway.entries.at(-1)?.policies, ['AUDIT istio-system/seen'])
  })

  it('tells of them for requests that are refused, too: at the same place or a later one', async () => {
    const tried = policy('DENY', '[{}]', 'tried').replace(
      'namespace: istio-system }',
      'namespace: istio-system, annotations: { istio.io/dry-run: "true" } }',
    )
    const denied = policy('DENY', '[{ to: [{ operation: { paths: [/gateway] } }] }]', 'no')
    const deniedLater = policy('DENY', '[{ to: [{ operation: { paths: [/backend] } }] }]', 'no')
      .replace('istio-system', 'foo')
      .replace(/ {2}selector: .*\n/, '')
    const audited = policy('AUDIT', '[{}]', 'seen').replace(/ {2}selector: .*\n/, '')
    await using both = await serving(
      tried,
      denied,
      deniedLater,
      audited,
      authentication('', 'jwt', ISSUER, issuer),
    )
    const bad = { headers: { authorization: 'Bearer a.b.c' } }
    for (const [path, init] of [['/gateway'], ['/backend'], ['/open'], ['/open', bad]] as const)
      await (await fetch(both.gateway.url + path, init)).text()
    await both.gateway.close()
    const atGateway = ['AUDIT istio-system/seen', 'would DENY istio-system/tried']
    assert.deepEqual(
      both.gateway.entries.map(({ status, policies }) => [status, policies]),
      [
        [403, atGateway],
        [403, [...atGateway, 'AUDIT istio-system/seen']],
        [200, [...atGateway, 'AUDIT istio-system/seen']],
        // Tokens come before the policies, which never saw the request.
        [401, undefined],
      ],
    )
  })

  it('checks slow signatures of several tokens of a request, and of several keys', async () => {
    const signers = ['a', 'b'].map(() => createSigner('ES384'))
    const jwks = JSON.stringify({ keys: signers.map(({ jwk }) => jwk) })
    const rule = authentication('', 'jwt', ISSUER, issuer).replace(/jwks: '.*'/, `jwks: '${jwks}'`)
    await using both = await serving(rule)
    const [first, second] = signers.map((signer, index) =>
      mint(signer, { iss: ISSUER, sub: String(index), exp: SECONDS + 600 }),
    )
    const get = async (query = '', header = ''): Promise<string> => {
      const answer = await fetch(`${both.gateway.url}/?access_token=${query}`, {
        headers: { authorization: `Bearer ${header}` },
      })
      return `${answer.status} ${await answer.text()}`
    }
    const forged = mint(createSigner('ES384'), { iss: ISSUER, exp: SECONDS + 600 })
    const answers = await Promise.all([get(first, second), get(second, first), get(first, forged)])
    assert.deepEqual(answers, ['200 ok', '200 ok', '401 Jwt verification fails'])
    assert.deepEqual(await get(second, first), '200 ok')
  })

  it('knows the port that a request came in at', async () => {
    const backend = await startRecordingBackend()
    const rule = (port: string): string => `[{ to: [{ operation: { ports: ['${port}'] } }] }]`
    const wrong = await startTestGateway(policy('ALLOW', rule('1')), { backends: [backend.url] })
    await using both = bothOf(wrong, backend)
    assert.equal((await fetch(both.gateway.url)).status, 403)
    const port = new URL(wrong.url).port
    await using right = await serving(policy('DENY', `[{ to: [{ operation: { notPorts: ['${port}'] } }] }]`))
    assert.equal((await fetch(right.gateway.url)).status, 403)
  })
})

/** An external authorizer, as somebody would write one. */
async function startAuthorizer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ url: string; seen: IncomingMessage[]; [Symbol.asyncDispose](): Promise<void> }> {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    answer(request, response)
  })
  server.unref()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

describe('an external authorizer', () => {
  const CUSTOM = policy('CUSTOM', '[{ to: [{ operation: { paths: [/asked] } }] }]', 'ask').replace(
    'action: CUSTOM',
    'action: CUSTOM\n  provider: { name: auth }',
  )

  async function asking(url: string, more: string, ...documents: readonly string[]): Promise<Both> {
    const backend = await startRecordingBackend()
    const native = `
version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends: { b: { url: ${backend.url} } }
routes: [{ path: /*, backend: b, auth: none }]
import: [{ mesh: mesh.yaml }]
mesh:
  extensionProviders:
    auth: { url: ${url}, forwardHeaders: [x-user, authorization]${more} }`
    const mesh = [CUSTOM, ...documents].join('\n---\n')
    return bothOf(await startTestGateway(native, { files: { 'mesh.yaml': mesh } }), backend)
  }

  it('is asked only about what the policy is for, and lets in', async () => {
    await using authorizer = await startAuthorizer((_, response) =>
      response.writeHead(200, { 'x-user': 'u1' }).end(),
    )
    await using both = await asking(`${authorizer.url}/check`, '')
    assert.equal((await fetch(`${both.gateway.url}/open`)).status, 200)
    assert.equal(authorizer.seen.length, 0)
    const answer = await fetch(`${both.gateway.url}/asked?a=b`, {
      method: 'POST',
      body: 'body',
      headers: { cookie: 'c=d', 'x-other': 'e' },
    })
    assert.equal(answer.status, 200)
    const [question] = authorizer.seen
    assert.equal(`${question?.method} ${question?.url}`, 'POST /check/asked?a=b')
    assert.equal(question?.headers.host, new URL(both.gateway.url).host)
    assert.equal(question?.headers.cookie, 'c=d')
    assert.equal(question?.headers['x-other'], undefined)
    const got = both.backend.last()
    assert.deepEqual(headerOf(got, 'x-user'), ['u1'])
    assert.equal(got.body.toString(), 'body')
  })

  it('has the only word on the headers that it sets', async () => {
    await using authorizer = await startAuthorizer((_, response) => response.writeHead(200).end())
    await using both = await asking(authorizer.url, '')
    for (const path of ['/asked', '/open']) {
      await fetch(both.gateway.url + path, { headers: { 'x-user': 'admin', X_User: 'admin' } })
      assert.deepEqual(headerOf(both.backend.last(), 'x-user'), [], path)
      assert.deepEqual(headerOf(both.backend.last(), 'x_user'), [], path)
    }
  })

  it('may replace the credentials, which the rules for tokens then look at', async () => {
    const fresh = token({ sub: 'exchanged' })
    await using authorizer = await startAuthorizer((_, response) =>
      response.writeHead(200, { authorization: `Bearer ${fresh}` }).end(),
    )
    await using both = await asking(
      authorizer.url,
      '',
      authentication('outputClaimToHeaders: [{ header: x-sub, claim: sub }]', 'jwt', ISSUER, issuer),
    )
    const answer = await fetch(`${both.gateway.url}/asked`, { headers: { authorization: 'Opaque 1' } })
    assert.equal(answer.status, 200)
    assert.deepEqual(headerOf(both.backend.last(), 'x-sub'), ['exchanged'])
    assert.deepEqual(headerOf(both.backend.last(), 'authorization'), [])
  })

  it('keeps out with its own answer', async () => {
    await using authorizer = await startAuthorizer((_, response) =>
      response.writeHead(302, { location: 'https://login.example', 'x-internal': 'secret' }).end('go'),
    )
    await using both = await asking(authorizer.url, '')
    const answer = await fetch(`${both.gateway.url}/asked`, { redirect: 'manual' })
    assert.equal(answer.status, 302)
    assert.equal(answer.headers.get('location'), 'https://login.example')
    assert.equal(answer.headers.get('x-internal'), null)
    assert.ok(answer.headers.get('x-request-id'))
    assert.equal(both.backend.requests.length, 0)
    assert.equal(both.gateway.entries.at(-1)?.reason, 'external-denied')
  })

  for (const status of [204, 304]) {
    it(`keeps out with 403 where it says ${status}`, async () => {
      await using authorizer = await startAuthorizer((_, response) => response.writeHead(status).end())
      await using both = await asking(authorizer.url, '')
      assert.equal((await fetch(`${both.gateway.url}/asked`)).status, 403)
    })
  }

  it('is told where a request came from by the gateway, not by the client', async () => {
    await using authorizer = await startAuthorizer((_, response) => response.writeHead(200).end())
    await using both = await asking(authorizer.url, ', sendHeaders: [x-forwarded-for, x-forwarded-proto]')
    const forged = { 'x-forwarded-for': '10.0.0.1', 'x-forwarded-proto': 'https' }
    assert.equal((await fetch(`${both.gateway.url}/asked`, { headers: forged })).status, 200)
    const { headers } = authorizer.seen[0] ?? assert.fail()
    assert.deepEqual([headers['x-forwarded-for'], headers['x-forwarded-proto']], ['127.0.0.1', 'http'])
  })

  it('comes before tokens', async () => {
    await using authorizer = await startAuthorizer((_, response) => response.writeHead(401).end('no'))
    await using both = await asking(authorizer.url, '', authentication('', 'jwt', ISSUER, issuer))
    const answer = await fetch(`${both.gateway.url}/asked`, { headers: { authorization: 'Bearer a.b' } })
    assert.equal(await answer.text(), 'no')
  })

  for (const [what, answer] of [
    ['says 5xx', (_: IncomingMessage, response: ServerResponse) => void response.writeHead(503).end()],
    ['says nothing in time', () => {}],
    ['breaks off', (request: IncomingMessage) => void request.socket.destroy()],
    [
      'says too much',
      (_: IncomingMessage, response: ServerResponse) => void response.end('x'.repeat(100_000)),
    ],
  ] as const) {
    it(`keeps out where it ${what}`, async () => {
      await using authorizer = await startAuthorizer(answer)
      await using both = await asking(authorizer.url, ', timeout: 300ms, statusOnError: 503')
      assert.equal((await fetch(`${both.gateway.url}/asked`)).status, 503)
      assert.equal(both.backend.requests.length, 0)
      assert.equal(both.gateway.entries.at(-1)?.reason, 'external-failed')
    })
  }

  it('is passed by where it fails and that is said to be fine', async () => {
    await using authorizer = await startAuthorizer((_, response) => response.writeHead(500).end())
    await using both = await asking(authorizer.url, ', failOpen: true')
    assert.equal((await fetch(`${both.gateway.url}/asked`)).status, 200)
  })

  it('turns questions away that it could only answer too late', async () => {
    await using authorizer = await startAuthorizer(() => {})
    await using both = await asking(authorizer.url, ', timeout: 1s, maxConnections: 1')
    const startedMs = performance.now()
    const answers = await Promise.all(Array.from({ length: 12 }, () => fetch(`${both.gateway.url}/asked`)))
    assert.ok(answers.every(({ status }) => status === 403))
    assert.ok(performance.now() - startedMs < 8000)
    // One connection, and four that may wait for it; those that waited are not asked late.
    assert.ok(authorizer.seen.length <= 5, String(authorizer.seen.length))
  })
})
