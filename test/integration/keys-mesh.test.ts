import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { json } from '../support/key-answer.ts'
import { discoveryOf, jwksOf, tokenOf } from '../support/key-documents.ts'
import { startKeyServer } from '../support/key-server.ts'
import { startKeyedGateway, type KeyedGateway } from '../support/keyed-gateway.ts'
import { createSigner } from '../support/signer.ts'

const a = createSigner('ES256', { kid: 'a' })
const b = createSigner('ES256', { kid: 'b' })

/** A gateway with one open route and these rules for tokens of a mesh before it. */
const start = (rules: string): Promise<KeyedGateway> =>
  startKeyedGateway({
    authentications: { main: `keys: { jwks: ${JSON.stringify(jwksOf(a))} }` },
    more: 'import: [{ mesh: mesh.yaml }]',
    open: true,
    files: {
      'mesh.yaml': `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: jwt, namespace: istio-system }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  jwtRules: ${rules}
`,
    },
  })

describe('keys of a mesh', { timeout: 60_000, concurrency: 2 }, () => {
  it('are fetched from jwksUri, and where there is none from what the issuer tells', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    server.serve(
      '/tenant/.well-known/openid-configuration',
      json(discoveryOf(`${server.url}/tenant`, `${server.url}/more`)),
    )
    server.serve('/more', json(jwksOf(b)))
    await using gateway = await start(
      `[{ issuer: one, jwksUri: "${server.url}/keys" }, { issuer: "${server.url}/tenant" }]`,
    )
    assert.equal((await gateway.ask(tokenOf(a, { iss: 'one' }))).status, 200)
    assert.equal((await gateway.ask(tokenOf(b, { iss: `${server.url}/tenant` }))).status, 200)
    const wrong = await gateway.ask(tokenOf(b, { iss: 'one' }))
    assert.deepEqual([wrong.status, wrong.body], [401, "Jwks doesn't have key to match kid or alg from Jwt"])
    assert.equal((await gateway.ask(undefined)).status, 200)
  })

  it('that cannot be fetched are told of in the words of Envoy', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', { status: 500 })
    await using gateway = await start(`[{ issuer: one, jwksUri: "${server.url}/keys" }]`)
    const answer = await gateway.ask(tokenOf(a, { iss: 'one' }))
    assert.deepEqual([answer.status, answer.body], [401, 'Jwks remote fetch is failed'])
    assert.match(String(answer.headers['www-authenticate']), /^Bearer realm=/)
    assert.equal((await gateway.entryOf(answer))['reason'], 'keys-unavailable')
    assert.equal((await gateway.ask(undefined)).status, 200)
    server.serve('/keys', json(jwksOf(a)))
    await gateway.askUntil({ status: 200 }, tokenOf(a, { iss: 'one' }))
  })
})
