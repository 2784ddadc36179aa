import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configurationOf } from '../../test/support/gateway.ts'
import { createSigner } from '../../test/support/signer.ts'
import { fromPortable, toPortable } from './portable-configuration.ts'

const MESH = (jwks: string): string => `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: a, namespace: istio-system }
spec:
  jwtRules:
    - { issuer: https://issuer.example, jwks: '${jwks}' }
`

test('the keys of a mesh cross to another process with the rest, and verify there', async () => {
  const signer = createSigner('ES256', { kid: 'k' })
  const text = MESH(JSON.stringify({ keys: [signer.jwk] }))
  const configuration = await configurationOf(text, { name: 'mesh.yaml', backends: ['http://127.0.0.1:1'] })
  const rules = configuration.plan.checkpoints?.places.flatMap(({ tokenRules }) => tokenRules) ?? []
  assert.ok(rules.some(({ keys }) => keys.length === 1))
  const copy = fromPortable(structuredClone(toPortable(configuration)))
  const copied = copy.plan.checkpoints?.places.flatMap(({ tokenRules }) => tokenRules) ?? []
  for (const [index, { keys }] of rules.entries()) {
    for (const [at, key] of keys.entries())
      assert.ok(copied[index]?.keys[at]?.keyObject.equals(key.keyObject))
  }
  const data = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
  assert.deepEqual(data(copy), data(configuration))
})
