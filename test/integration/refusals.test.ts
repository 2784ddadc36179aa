import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { after, before, describe, it } from 'node:test'
import { CATALOG, type ErrorCode } from '../../src/errors/catalog.ts'
import type { RefusalStyle } from '../../src/plan/spec.ts'
import { jsonAccessLog, type AccessEntry } from '../../src/telemetry/access-log.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { policy } from '../support/mesh.ts'
import { rawAnswer, rawRequest, type RawAnswer, type RawRequest } from '../support/raw-answer.ts'
import { RawClient, startRawServer, startScriptedServer, type RawServer } from '../support/raw-http.ts'
import { createIssuer, type TestIssuer } from '../support/tokens.ts'

/** Every public code is produced by a request over real sockets, in both styles where a route is known. */

const CLAIM = 'cl4im-of-somebody'
const QUERY = 'qu3ry-of-somebody'

/** Those that take more than one request, and a key server: `forged-flood.test.ts`, `keys-failures.test.ts`. */
const PRODUCED_ELSEWHERE: readonly ErrorCode[] = ['GW_TOKEN_FLOOD', 'GW_TOKEN_BUSY', 'GW_KEYS_UNAVAILABLE']

/** Backends by what is wrong with them. */
const BACKENDS = ['fine', 'absent', 'babbling', 'silent', 'busy', 'failing'] as const
type BackendName = (typeof BACKENDS)[number]

function configuration(
  urls: Readonly<Record<Exclude<BackendName, 'failing'>, string>>,
  jwks: string,
): string {
  return `
version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends:
  fine: { url: ${urls.fine} }
  absent: { url: ${urls.absent} }
  babbling: { url: ${urls.babbling} }
  silent: { url: ${urls.silent}, firstByteTimeout: 150ms }
  busy: { url: ${urls.busy}, maxConnections: 1, connectTimeout: 150ms }
  failing: { function: ${fileURLToPath(new URL('../fixtures/failing-function.js', import.meta.url))} }
authentications:
  main:
    keys: { jwks: ${jwks} }
    tokenFrom: [{ header: Authorization, prefix: Bearer }, { form: jwt }]
    forward: [{ claim: name, header: X-Name }]
routes:
  - { name: policy, hosts: api.example.com, path: /policy/*, backend: fine, auth: none }
${BACKENDS.map((name) => `  - { name: ${name}, hosts: api.example.com, path: /problem/${name}, methods: [GET, POST], backend: ${name}, auth: main }`).join('\n')}
import:
${BACKENDS.map((name) => `  - { functionCompute: ${name}.json, backends: { ${name}: { backend: ${name}, host: api.example.com, path: /function-compute/${name} } } }`).join('\n')}
  - { mesh: mesh.yaml }
limits: { maxFormBytes: 1KiB, maxHeadBytes: 8KiB }
timeouts: { head: 300ms, body: 200ms }
log: { steps: refused }
`
}

/** Nobody may go to one path, whatever token they have. */
const MESH = policy('DENY', "[{ to: [{ operation: { paths: ['/policy/denied'] } }] }]")

function triggers(jwks: string): Record<string, string> {
  const authConfig = {
    jwks: JSON.parse(jwks) as object,
    tokenLookup: 'header:Authorization:Bearer ,form:jwt',
    claimPassBy: 'header:name:X-Name',
  }
  return Object.fromEntries(
    BACKENDS.map((name) => [
      `${name}.json`,
      JSON.stringify({
        functionName: name,
        triggerConfig: { authType: 'jwt', methods: ['GET', 'POST'], authConfig },
      }),
    ]),
  )
}

describe('refusals', () => {
  let issuer: TestIssuer
  let stranger: TestIssuer
  let tokens: { good: string; expired: string; forged: string }
  let servers: RawServer[]
  let gateway: TestGateway
  /** The project's own engine tells more of what is wrong with HTTP than Node's does. */
  let strict: TestGateway
  /** While set, the second reading of the clock fails, which is that of the decision: a bug of the gateway itself. */
  let clockBreaks = 0
  const produced = new Map<ErrorCode, Set<RefusalStyle>>()

  before(async () => {
    ;[issuer, stranger] = await Promise.all([createIssuer('ES256'), createIssuer('ES256')])
    const past = Math.floor(Date.now() / 1000) - 3600
    tokens = {
      good: await issuer.token({ name: CLAIM }),
      expired: await issuer.token({ name: CLAIM, exp: past }),
      forged: await stranger.token({ name: CLAIM }),
    }
    const fine = await startScriptedServer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    const babbling = await startScriptedServer('SSH-2.0-OpenSSH_9.2\r\n')
    const silent = await startRawServer(() => {})
    const busy = await startRawServer(() => {})
    const absent = await startRawServer(() => {})
    await absent[Symbol.asyncDispose]()
    servers = [fine, babbling, silent, busy]
    const urls = {
      fine: fine.url,
      absent: absent.url,
      babbling: babbling.url,
      silent: silent.url,
      busy: busy.url,
    }
    const jwks = JSON.stringify(issuer.jwks)
    strict = await startTestGateway(`${configuration(urls, jwks)}engine: claimgate\n`, {
      files: { ...triggers(jwks), 'mesh.yaml': MESH },
    })
    gateway = await startTestGateway(configuration(urls, jwks), {
      files: { ...triggers(jwks), 'mesh.yaml': MESH },
      clock: {
        now() {
          if (clockBreaks > 0 && --clockBreaks === 0) throw new Error('a private failure of the clock')
          return Date.now()
        },
      },
    })
  })
  after(async () => {
    await strict.close()
    for (const server of servers) await server[Symbol.asyncDispose]()
    await gateway.close()
    assert.deepEqual(
      [...produced.keys(), ...PRODUCED_ELSEWHERE].sort(),
      Object.keys(CATALOG).sort(),
      'every code of the catalogue is produced',
    )
  })

  /** Checks everything that all refusals have in common, and gives the log's line. */
  function expectRefusal(answer: RawAnswer, code: ErrorCode, style: RefusalStyle): AccessEntry {
    const { status, title } = CATALOG[code]
    assert.equal(answer.status, status, answer.body)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers['content-length'], String(Buffer.byteLength(answer.body)))
    const requestId = answer.headers['x-request-id']
    const body = JSON.parse(answer.body) as Record<string, unknown>
    if (style === 'problem') {
      assert.equal(answer.headers['content-type'], 'application/problem+json')
      assert.deepEqual(body, { title, status, code, requestId })
    } else {
      const isBadToken = code === 'GW_TOKEN_INVALID' || code === 'GW_TOKEN_EXPIRED'
      assert.equal(answer.headers['content-type'], 'application/json')
      assert.deepEqual(body, {
        RequestId: requestId,
        Code: code,
        Message: isBadToken ? 'invalid or expired jwt' : title,
      })
    }
    const challenge = answer.headers['www-authenticate']
    if (status !== 401) assert.equal(challenge, undefined)
    else if (code === 'GW_TOKEN_MISSING') assert.equal(challenge, 'Bearer realm="claimgate"')
    else
      assert.equal(challenge, `Bearer realm="claimgate", error="invalid_token", error_description="${title}"`)
    produced.set(code, (produced.get(code) ?? new Set()).add(style))
    return lineOf(requestId, code, answer)
  }

  function lineOf(requestId: string | undefined, code: ErrorCode, answer: RawAnswer): AccessEntry {
    const entries = [...gateway.entries, ...strict.entries]
    const lines = entries.filter((entry) => entry.requestId === requestId)
    assert.equal(lines.length, 1, 'one line for one request')
    const [entry] = lines
    assert.ok(entry !== undefined)
    assert.deepEqual([entry.code, entry.status, entry.outcome], [code, answer.status, 'refuse'])
    assert.match(entry.reason ?? '', /^[a-z0-9]+(?:-[a-z0-9]+)*$/)
    let text = ''
    jsonAccessLog({ write: (line) => (text += line) }).write(entry)
    const secrets = [
      CLAIM,
      QUERY,
      'private failure',
      ...Object.values(tokens).flatMap((token) => token.split('.').slice(1)),
    ]
    for (const secret of secrets) {
      assert.ok(!text.includes(secret), 'the log has nothing of token, claims and query')
      assert.ok(!JSON.stringify(answer).includes(secret), 'neither has the answer')
    }
    // What the log knows more than the client does not leave.
    if (entry.detail !== undefined) assert.ok(!answer.body.includes(entry.detail))
    return entry
  }

  function send(request: RawRequest): Promise<RawAnswer> {
    return rawAnswer(gateway.url, rawRequest({ host: 'api.example.com', ...request }))
  }

  const at = (style: RefusalStyle, backend: BackendName): string => `/${style}/${backend}?q=${QUERY}`
  const authorization = (token: string): readonly string[] => [`Authorization: Bearer ${token}`]
  const FORM = 'Content-Type: application/x-www-form-urlencoded'

  describe('before a route is known, as problem details', () => {
    it('GW_REQUEST_MALFORMED: bytes that are not HTTP', async () => {
      const entry = expectRefusal(
        await rawAnswer(gateway.url, `NONSENSE ${QUERY}\r\n\r\n`),
        'GW_REQUEST_MALFORMED',
        'problem',
      )
      assert.equal(entry.method, '')
    })

    it('GW_REQUEST_MALFORMED: HTTP that the gateway does not take', async () => {
      for (const [bytes, reason] of [
        [`GET /?${QUERY} HTTP/1.1\r\n\r\n`, /^host/],
        [`GET /?${QUERY} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`, /^host/],
        [`GET http://a/?${QUERY} HTTP/1.1\r\nHost: a\r\n\r\n`, /target/],
        ['POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n', /transfer/],
        ['GET / HTTP/1.1\r\nHost: a..b\r\n\r\n', /^host/],
      ] as const) {
        const entry = expectRefusal(
          await rawAnswer(gateway.url, bytes.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')),
          'GW_REQUEST_MALFORMED',
          'problem',
        )
        assert.match(entry.reason ?? '', reason)
      }
    })

    it('GW_POLICY_DENIED: in the words of Envoy, whatever the route has', async () => {
      const answer = await send({ target: `/policy/denied?q=${QUERY}`, fields: authorization(tokens.good) })
      assert.equal(answer.status, 403)
      assert.equal(answer.body, 'RBAC: access denied')
      assert.equal(answer.headers['content-type'], 'text/plain')
      assert.equal(answer.headers['cache-control'], 'no-store')
      const entry = lineOf(answer.headers['x-request-id'], 'GW_POLICY_DENIED', answer)
      assert.equal(entry.by, 'istio-system/policy')
      produced.set('GW_POLICY_DENIED', new Set(['envoy']))
    })

    it('GW_REQUEST_TARGET_TOO_LONG, GW_REQUEST_UNSUPPORTED, GW_REQUEST_VERSION: by the engine that tells them apart', async () => {
      for (const [bytes, code] of [
        [`GET /${'a'.repeat(9000)}?${QUERY} HTTP/1.1\r\nHost: a\r\n\r\n`, 'GW_REQUEST_TARGET_TOO_LONG'],
        [`CONNECT ${QUERY}:443 HTTP/1.1\r\nHost: a\r\n\r\n`, 'GW_REQUEST_UNSUPPORTED'],
        [`GET /?${QUERY} HTTP/2.0\r\nHost: a\r\n\r\n`, 'GW_REQUEST_VERSION'],
      ] as const) {
        expectRefusal(await rawAnswer(strict.url, bytes), code, 'problem')
      }
    })

    it('GW_REQUEST_PATH: a path that climbs above its root', async () => {
      const answer = await send({ target: `/%2e%2e/x?q=${QUERY}`, fields: authorization(tokens.good) })
      const entry = expectRefusal(answer, 'GW_REQUEST_PATH', 'problem')
      assert.deepEqual([entry.reason, entry.path, entry.host], ['above-root', '/%2e%2e/x', 'api.example.com'])
    })

    it('GW_REQUEST_TIMEOUT: a head that does not come to its end', async () => {
      const answer = await rawAnswer(gateway.url, 'GET / HTTP/1.1\r\nHost: a\r\n')
      assert.equal(expectRefusal(answer, 'GW_REQUEST_TIMEOUT', 'problem').reason, 'head-timeout')
    })

    it('GW_REQUEST_HEAD_TOO_LARGE: too many bytes, and too many fields', async () => {
      const long = await send({ fields: [`X: ${'a'.repeat(20_000)}`] })
      assert.equal(expectRefusal(long, 'GW_REQUEST_HEAD_TOO_LARGE', 'problem').reason, 'head-too-large')
      const many = await send({ fields: Array.from({ length: 200 }, (_, i) => `X-${i}: a`) })
      assert.equal(expectRefusal(many, 'GW_REQUEST_HEAD_TOO_LARGE', 'problem').reason, 'too-many-headers')
    })

    it('GW_ROUTE_NOT_FOUND: another host, another path', async () => {
      const host = await send({ host: 'other.example.com', target: at('problem', 'fine') })
      const entry = expectRefusal(host, 'GW_ROUTE_NOT_FOUND', 'problem')
      assert.deepEqual(
        [entry.reason, entry.host, entry.path],
        ['no-route-for-host', 'other.example.com', '/problem/fine'],
      )
      const path = await send({ target: `/nowhere?q=${QUERY}`, fields: authorization(tokens.good) })
      assert.equal(expectRefusal(path, 'GW_ROUTE_NOT_FOUND', 'problem').reason, 'no-route-for-path')
    })

    it('GW_ROUTE_METHOD: Allow names the methods of the route', async () => {
      for (const style of ['problem', 'function-compute'] as const) {
        const answer = await send({ method: 'DELETE', target: at(style, 'fine') })
        expectRefusal(answer, 'GW_ROUTE_METHOD', 'problem')
        assert.equal(answer.headers['allow'], 'GET, POST')
      }
    })
  })

  for (const style of ['problem', 'function-compute'] as const) {
    const authenticationName = (backend: BackendName): string => (style === 'problem' ? 'main' : backend)

    describe(`in the style ${style}`, () => {
      it('GW_INTERNAL: a bug costs its own request alone, and only the gateway’s log tells of it', async () => {
        clockBreaks = 2
        const answer = await send({ target: at(style, 'fine'), fields: authorization(tokens.good) })
        expectRefusal(answer, 'GW_INTERNAL', style)
        const { facts } = gateway.logged.find(({ message }) => message.includes('bug'))!
        assert.match(String(facts['error']), /a private failure of the clock/)
        assert.ok(gateway.logged.some((line) => line.facts['requestId'] === answer.headers['x-request-id']))
        const next = await send({ target: at(style, 'fine'), fields: authorization(tokens.good) })
        assert.equal(next.status, 200)
      })

      it('GW_TOKEN_MISSING', async () => {
        const entry = expectRefusal(await send({ target: at(style, 'fine') }), 'GW_TOKEN_MISSING', style)
        assert.equal(entry.reason, 'token-missing')
        assert.match(entry.by ?? '', new RegExp(authenticationName('fine')))
        assert.ok(entry.route !== undefined && entry.detail !== undefined)
        assert.equal(entry.steps?.at(-1)?.outcome, 'failed')
      })

      it('GW_TOKEN_INVALID', async () => {
        const answer = await send({ target: at(style, 'fine'), fields: authorization(tokens.forged) })
        const entry = expectRefusal(answer, 'GW_TOKEN_INVALID', style)
        assert.equal(entry.reason, 'signature-mismatch')
        assert.match(entry.by ?? '', new RegExp(authenticationName('fine')))
        assert.match(entry.detail ?? '', /signature/)
      })

      it('GW_TOKEN_EXPIRED', async () => {
        const answer = await send({ target: at(style, 'fine'), fields: authorization(tokens.expired) })
        assert.equal(expectRefusal(answer, 'GW_TOKEN_EXPIRED', style).reason, 'expired')
      })

      it('GW_TOKEN_INVALID: a claim that no header can carry', async () => {
        const token = await issuer.token({ name: `${CLAIM}\r\nX-Admin: 1` })
        const answer = await send({ target: at(style, 'fine'), fields: authorization(token) })
        assert.equal(expectRefusal(answer, 'GW_TOKEN_INVALID', style).reason, 'claim-not-forwardable')
      })

      it('GW_REQUEST_FORM', async () => {
        const fields = ['Content-Type: multipart/form-data; boundary=b']
        const answer = await send({
          method: 'POST',
          target: at(style, 'fine'),
          fields,
          body: `jwt=${tokens.good}`,
        })
        const entry = expectRefusal(answer, 'GW_REQUEST_FORM', style)
        assert.ok(entry.route !== undefined, 'the route is known already')
        const head = await send({
          method: 'POST',
          target: at(style, 'fine'),
          fields: [FORM, 'Content-Encoding: gzip'],
          body: 'x',
        })
        assert.ok(expectRefusal(head, 'GW_REQUEST_FORM', style).route !== undefined)
      })

      it('GW_REQUEST_BODY_TOO_LARGE, announced or not', async () => {
        const body = `jwt=${tokens.good}&a=${'x'.repeat(2000)}`
        const announced = await send({ method: 'POST', target: at(style, 'fine'), fields: [FORM], body })
        expectRefusal(announced, 'GW_REQUEST_BODY_TOO_LARGE', style)
        const chunked = await send({
          method: 'POST',
          target: at(style, 'fine'),
          fields: [FORM, 'Transfer-Encoding: chunked'],
          body: `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
        })
        expectRefusal(chunked, 'GW_REQUEST_BODY_TOO_LARGE', style)
      })

      it('GW_REQUEST_TIMEOUT: a form that does not come to its end', async () => {
        const fields = [FORM, 'Content-Length: 500']
        const answer = await send({ method: 'POST', target: at(style, 'fine'), fields, body: 'jwt=' })
        assert.equal(expectRefusal(answer, 'GW_REQUEST_TIMEOUT', style).reason, 'body-idle')
      })

      it('GW_UPSTREAM_UNREACHABLE', async () => {
        const answer = await send({ target: at(style, 'absent'), fields: authorization(tokens.good) })
        const entry = expectRefusal(answer, 'GW_UPSTREAM_UNREACHABLE', style)
        assert.deepEqual([entry.reason, entry.backend], ['connection-refused', 'absent'])
      })

      it('GW_UPSTREAM_PROTOCOL', async () => {
        const answer = await send({ target: at(style, 'babbling'), fields: authorization(tokens.good) })
        expectRefusal(answer, 'GW_UPSTREAM_PROTOCOL', style)
      })

      it('GW_UPSTREAM_TIMEOUT', async () => {
        const answer = await send({ target: at(style, 'silent'), fields: authorization(tokens.good) })
        assert.equal(expectRefusal(answer, 'GW_UPSTREAM_TIMEOUT', style).reason, 'first-byte-timeout')
      })

      it('GW_UPSTREAM_FUNCTION, whose error is in the log of the gateway alone', async () => {
        const answer = await send({ target: at(style, 'failing'), fields: authorization(tokens.good) })
        expectRefusal(answer, 'GW_UPSTREAM_FUNCTION', style)
        assert.match(JSON.stringify(gateway.logged), /a private failure/)
      })

      it('GW_UPSTREAM_BUSY', async () => {
        const holder = await RawClient.connect(Number(new URL(gateway.url).port))
        const request = {
          host: 'api.example.com',
          target: at(style, 'busy'),
          fields: authorization(tokens.good),
        }
        holder.socket.write(rawRequest(request))
        await new Promise((resolve) => setTimeout(resolve, 50))
        const answer = await send(request)
        holder.socket.destroy()
        while (gateway.entries.at(-1)?.reason !== 'client-gone')
          await new Promise((resolve) => setTimeout(resolve, 5))
        assert.equal(expectRefusal(answer, 'GW_UPSTREAM_BUSY', style).reason, 'queue-timeout')
      })
    })
  }

  it('an answer to HEAD has the fields of the refusal and no body', async () => {
    const client = await RawClient.connect(Number(new URL(gateway.url).port))
    client.write('HEAD /nowhere HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n')
    const text = await client.rest()
    assert.match(text, /^HTTP\/1\.1 404 /)
    assert.match(text, /content-length: [1-9]/i)
    assert.ok(text.endsWith('\r\n\r\n'))
  })

  it('a refused request leaves its connection to the next', async () => {
    const client = await RawClient.connect(Number(new URL(gateway.url).port))
    for (let i = 0; i < 3; i++) {
      client.write('GET /nowhere HTTP/1.1\r\nHost: api.example.com\r\n\r\n')
      assert.match(await client.until('}\n'), /404/)
    }
    client.socket.destroy()
  })
})
