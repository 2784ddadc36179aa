import assert from 'node:assert/strict'
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { json } from '../support/key-answer.ts'
import { startKeyServer } from '../support/key-server.ts'
import { makeCertificate, whyNoOpenssl } from '../support/openssl.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { vectorTest, type Vectors } from '../support/vectors.ts'

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

/** `How do I use the jwksUri parameter?`: the RequestAuthentication of both cases. */
const authentication = (jwksUri: string): string => `
apiVersion: security.istio.io/v1beta1
kind: RequestAuthentication
metadata:
  name: jwt-example
  namespace: foo
spec:
  jwtRules:
    - issuer: testing@secure.istio.io
      jwksUri: '${jwksUri}'
  selector:
    matchLabels:
      app: httpbin
`

/** Asks as the page does: `curl "http://httpbin.foo:8000/headers"` with the sample token, and a token that is broken. */
async function askWithJwksUri(
  vectors: Vectors,
  mesh: string,
  options: TestGatewayOptions,
): Promise<readonly number[]> {
  const backend = await startRecordingBackend()
  let gateway: TestGateway | undefined
  try {
    gateway = await startTestGateway(mesh, { ...options, backends: [backend.url] })
    const authorization = `Bearer ${vectors.text('demo.jwt').trim()}`
    const statuses: number[] = []
    for (const headers of [{ authorization }, { authorization: `${authorization}x` }, {}])
      statuses.push((await fetch(`${gateway.url}/headers`, { headers })).status)
    return statuses
  } finally {
    await gateway?.close()
    await backend.close()
  }
}

vectorTest('keys at a jwksUri inside the cluster', 'istio/samples', async (vectors) => {
  await using keys = await startKeyServer()
  keys.serve('/get_jwks', json(JSON.parse(vectors.text('jwks.json'))))
  assert.deepEqual(
    await askWithJwksUri(vectors, authentication(`http://localhost:${keys.port}/get_jwks`), {}),
    [200, 401, 200],
  )
  // The second, for the broken token: its key might have been replaced.
  assert.ok(keys.fetches('/get_jwks') <= 2)
})

/** `JWKS endpoint outside the managed ACK cluster`, with addresses in the place of those that the page hides. */
const external = (port: number, tls: string): string => `
apiVersion: networking.istio.io/v1beta1
kind: ServiceEntry
metadata:
  name: external-svc-https
  namespace: foo
spec:
  addresses:
    - 11.11.11.11
  endpoints:
    - address: 127.0.0.1
      ports:
        http: ${port}
        https: ${port}
  hosts:
    - 11.11.11.11
  location: MESH_EXTERNAL
  ports:
    - name: http
      number: 80
      protocol: HTTP
    - name: https
      number: 443
      protocol: HTTPS
  resolution: STATIC
---
apiVersion: networking.istio.io/v1beta1
kind: DestinationRule
metadata:
  name: external-svc-https
  namespace: foo
spec:
  host: 11.11.11.11
  trafficPolicy:
    loadBalancer:
      simple: ROUND_ROBIN
    portLevelSettings:
      - port:
          number: 443
        tls:
          ${tls}
---`

vectorTest('keys at a jwksUri outside of the cluster, over TLS', 'istio/samples', async (vectors, t) => {
  const why = whyNoOpenssl()
  if (why !== undefined) return t.skip(why)
  const [own, another] = [makeCertificate('11.11.11.11'), makeCertificate('11.11.11.12')]
  const jwks = json(JSON.parse(vectors.text('jwks.json')))
  const simple = ['mode: SIMPLE', 'caCertificates: ca.pem'].join('\n          ')
  const ask = async (certificate: typeof own, ca: string, url: string, tls: string): Promise<unknown> => {
    await using keys = await startKeyServer({
      tls: { cert: certificate.certPem, key: certificate.keyPem },
    })
    keys.serve('/jwks.json', jwks)
    const mesh = `${external(keys.port, tls)}${authentication(url)}`
    const statuses = await askWithJwksUri(vectors, mesh, { files: { 'ca.pem': ca } })
    return [...statuses, keys.fetches('/jwks.json') > 0]
  }
  // TLS that the DestinationRule adds to the plain URL of the page, and that of an https URL.
  for (const url of ['http://11.11.11.11:443/jwks.json', 'https://11.11.11.11/jwks.json'])
    assert.deepEqual(await ask(own, own.certPem, url, simple), [200, 401, 200, true], url)
  // Without the authority, with that of another, or under another name nothing is fetched and no token is good.
  const url = 'https://11.11.11.11/jwks.json'
  assert.deepEqual(await ask(own, own.certPem, url, 'mode: SIMPLE'), [401, 401, 200, false])
  assert.deepEqual(await ask(own, another.certPem, url, simple), [401, 401, 200, false])
  assert.deepEqual(await ask(another, another.certPem, url, simple), [401, 401, 200, false])
})
