import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { startTestGateway } from '../support/gateway.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { createIssuer } from '../support/tokens.ts'
import { Visitor } from '../support/visitor.ts'

const STRANGERS = 300
const TOKENS_OF_EACH = 2

function forged(good: string): string {
  const [header, payload, signature = ''] = good.split('.')
  const bytes = randomBytes(Buffer.from(signature, 'base64url').length)
  bytes[0] = 0
  return `${header}.${payload}.${bytes.toString('base64url')}`
}

test('the rules of a mesh shed a flood of forged tokens, too, and serve the others', async () => {
  const issuer = await createIssuer('ES384')
  const backend = await startRecordingBackend()
  const gateway = await startTestGateway(
    `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: a, namespace: istio-system }
spec:
  jwtRules:
    - { issuer: https://issuer.example, jwks: '${JSON.stringify(issuer.jwks)}' }
`,
    { name: 'mesh.yaml', backends: [backend.url] },
  )
  try {
    const good = await issuer.token({ iss: 'https://issuer.example' })
    const statuses: number[] = []
    await Promise.all(
      Array.from({ length: STRANGERS }, async () => {
        const stranger = new Visitor(gateway.url, { localAddress: '127.0.0.2' })
        for (let i = 0; i < TOKENS_OF_EACH; i++) statuses.push((await stranger.send(forged(good))).status)
        stranger.leave()
      }),
    )
    assert.ok(statuses.includes(401) && statuses.includes(429), 'some were looked at, others turned away')
    assert.ok(statuses.every((status) => [401, 429, 503].includes(status)))
    assert.equal(statuses.length, STRANGERS * TOKENS_OF_EACH)
    const somebody = new Visitor(gateway.url, { localAddress: '127.0.0.3' })
    assert.equal((await somebody.send(good)).status, 200)
    somebody.leave()
  } finally {
    await gateway.close()
    await backend.close()
  }
})
