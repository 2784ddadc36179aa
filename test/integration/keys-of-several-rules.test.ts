import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { json } from '../support/key-answer.ts'
import { jwksOf, tokenOf } from '../support/key-documents.ts'
import { startKeyServer, type KeyServer } from '../support/key-server.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { createSigner } from '../support/signer.ts'

const a = createSigner('ES256', { kid: 'a' })
const b = createSigner('ES256', { kid: 'b' })
const stranger = createSigner('ES256', { kid: 'stranger' })

/** A gateway with these rules for tokens of a mesh, and its backend. */
function serving(rules: readonly string[]): Promise<TestGateway & AsyncDisposable> {
  return started(
    () => `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: jwt, namespace: istio-system }
spec: { selector: { matchLabels: { istio: ingressgateway } }, jwtRules: [${rules.join(', ')}] }
`,
  )
}

/** The same with authentications of a native configuration, all of one route. */
function guarding(urls: readonly string[]): Promise<TestGateway & AsyncDisposable> {
  const authentications = urls.map((url, index) => `a${index}: { issuer: one, keys: { url: '${url}' } }`)
  return started(
    (backend) => `version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends: { b: { url: ${backend} } }
authentications: { ${authentications.join(', ')} }
routes: [{ path: /*, backend: b, auth: [${urls.map((_, index) => `a${index}`).join(', ')}] }]
`,
  )
}

async function started(text: (backend: string) => string): Promise<TestGateway & AsyncDisposable> {
  const backend = await startRecordingBackend()
  const gateway = await startTestGateway(text(backend.url), { backends: [backend.url] })
  return {
    ...gateway,
    [Symbol.asyncDispose]: async () => {
      await gateway.close()
      await backend.close()
    },
  }
}

async function ask(gateway: TestGateway, token: string): Promise<string> {
  const answer = await fetch(gateway.url, { headers: { authorization: `Bearer ${token}` } })
  return `${answer.status} ${await answer.text()}`
}

/** Whether keys of both have been seen, so that nothing is fetched for the first time any more. */
async function warm(gateway: TestGateway, server: KeyServer): Promise<void> {
  assert.equal(await ask(gateway, tokenOf(a, { iss: 'one' })), '200 ok')
  assert.equal(await ask(gateway, tokenOf(b, { iss: 'one' })), '200 ok')
  assert.deepEqual([server.fetches('/a'), server.fetches('/b')], [1, 1])
}

describe('several rules for one issuer, with keys of their own', { timeout: 60_000 }, () => {
  const rules = (server: KeyServer): readonly string[] =>
    ['a', 'b'].map((name) => `{ issuer: one, jwksUri: '${server.url}/${name}' }`)

  it('a token that the second verifies does not wait for other keys of the first', async () => {
    await using server = await startKeyServer()
    server.serve('/a', json(jwksOf(a)))
    server.serve('/b', json(jwksOf(b)))
    await using gateway = await serving(rules(server))
    await warm(gateway, server)
    const startedMs = performance.now()
    for (let i = 0; i < 5; i++)
      assert.equal(await ask(gateway, tokenOf(b, { iss: 'one', jti: String(i) })), '200 ok')
    assert.ok(performance.now() - startedMs < 2000)
    assert.deepEqual([server.fetches('/a'), server.fetches('/b')], [1, 1])
  })

  it('nor while those of the first cannot be fetched', async () => {
    await using server = await startKeyServer()
    server.serve('/a', () => new Promise(() => {}))
    server.serve('/b', json(jwksOf(b)))
    await using gateway = await serving(rules(server).map((rule) => rule.replace(' }', ', timeout: 200ms }')))
    const startedMs = performance.now()
    for (let i = 0; i < 5; i++)
      assert.equal(await ask(gateway, tokenOf(b, { iss: 'one', jti: String(i) })), '200 ok')
    assert.ok(performance.now() - startedMs < 2000)
  })

  it('a token that none verifies waits once, for both', async () => {
    await using server = await startKeyServer()
    server.serve('/a', json(jwksOf(a)))
    server.serve('/b', json(jwksOf(b)))
    await using gateway = await serving(rules(server))
    await warm(gateway, server)
    const startedMs = performance.now()
    const forged = await ask(gateway, tokenOf(stranger, { iss: 'one' }))
    assert.equal(forged, "401 Jwks doesn't have key to match kid or alg from Jwt")
    assert.deepEqual([server.fetches('/a'), server.fetches('/b')], [2, 2])
    assert.ok(performance.now() - startedMs < 4000)
  })

  it('and is let in by the one whose keys have rotated', async () => {
    await using server = await startKeyServer()
    server.serve('/a', json(jwksOf(a)))
    server.serve('/b', json(jwksOf(b)))
    await using gateway = await serving(rules(server))
    await warm(gateway, server)
    server.serve('/b', json(jwksOf(b, stranger)))
    assert.equal(await ask(gateway, tokenOf(stranger, { iss: 'one' })), '200 ok')
  })

  it('thirty rules end in an answer as well', async () => {
    await using server = await startKeyServer()
    const many = Array.from({ length: 30 }, (_, index) => {
      server.serve(`/${index}`, json(jwksOf(a)))
      return `{ issuer: one, jwksUri: '${server.url}/${index}' }`
    })
    await using gateway = await serving(many)
    assert.equal(await ask(gateway, tokenOf(a, { iss: 'one' })), '200 ok')
    assert.match(await ask(gateway, tokenOf(stranger, { iss: 'one' })), /^401 /)
    assert.deepEqual(
      gateway.logged.filter(({ level }) => level === 'error'),
      [],
    )
  })
})

describe('several authentications for one issuer, with keys of their own', { timeout: 60_000 }, () => {
  it('a token that one verifies does not wait for other keys of another', async () => {
    await using server = await startKeyServer()
    server.serve('/a', json(jwksOf(a)))
    server.serve('/b', json(jwksOf(b)))
    await using gateway = await guarding([`${server.url}/a`, `${server.url}/b`])
    await warm(gateway, server)
    for (let i = 0; i < 5; i++)
      assert.equal(await ask(gateway, tokenOf(b, { iss: 'one', jti: String(i) })), '200 ok')
    assert.deepEqual([server.fetches('/a'), server.fetches('/b')], [1, 1])
    server.serve('/b', json(jwksOf(b, stranger)))
    assert.equal(await ask(gateway, tokenOf(stranger, { iss: 'one' })), '200 ok')
    assert.deepEqual([server.fetches('/a'), server.fetches('/b')], [2, 2])
  })
})
