import assert from 'node:assert/strict'
import { startTestGateway } from '../support/gateway.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { vectorTest } from '../support/vectors.ts'

/** The walk-throughs of the Service Mesh page about JWT, with the sample key set and token of Istio. */

const BOOKINFO = ['/productpage', '/api/v1/products/0', '/api/v1/products/1']

/** `How do I skip JWT authentication for specific paths?`, letter for letter but for the key set, of which the page hides parts. */
const exclude = (jwks: string): string => `
apiVersion: security.istio.io/v1beta1
kind: RequestAuthentication
metadata:
  name: jwt-example
  namespace: istio-system
spec:
  jwtRules:
    - issuer: testing@secure.istio.io
      jwks: >-
        ${jwks.replaceAll(/\s+/g, ' ')}
  selector:
    matchLabels:
      app: istio-ingressgateway
---
apiVersion: security.istio.io/v1beta1
kind: AuthorizationPolicy
metadata:
  name: test-exclude
  namespace: istio-system
spec:
  action: DENY
  rules:
    - from:
        - source:
            notRequestPrincipals:
              - '*'
      to:
        - operation:
            notPaths:
              - /productpage
  selector:
    matchLabels:
      app: istio-ingressgateway
`

vectorTest('a path that is excluded from JWT authentication', 'istio/samples', async (vectors) => {
  const backend = await startRecordingBackend()
  const gateway = await startTestGateway(exclude(vectors.text('jwks.json')), { backends: [backend.url] })
  const statuses = (headers: Record<string, string>): Promise<readonly number[]> =>
    Promise.all(BOOKINFO.map(async (path) => (await fetch(gateway.url + path, { headers })).status))
  try {
    assert.deepEqual(await statuses({}), [200, 403, 403])
    const authorization = `Bearer ${vectors.text('demo.jwt').trim()}`
    assert.deepEqual(await statuses({ authorization }), [200, 200, 200])
    assert.deepEqual(await statuses({ authorization: `${authorization}x` }), [401, 401, 401])
  } finally {
    await gateway.close()
    await backend.close()
  }
})
