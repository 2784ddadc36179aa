import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeySourceSpec } from '../../keys/index.ts'
import type { Problem } from '../../errors/problem.ts'
import { readDocuments } from '../document.ts'
import { SourceNode } from '../source-node.ts'
import { readMesh } from './read.ts'
import { remoteKeys } from './remote-keys.ts'

const PEM: Readonly<Record<string, string>> = {
  'ca.pem': '-----BEGIN CERTIFICATE-----\nca\n-----END CERTIFICATE-----\n',
  'cert.pem': '-----BEGIN CERTIFICATE-----\ncert\n-----END CERTIFICATE-----\n',
  'key.pem': '-----BEGIN PRIVATE KEY-----\nkey\n-----END PRIVATE KEY-----\n',
}

/** Where the keys of the one rule of these documents are, and what is said about them. */
async function keysOf(
  ...documents: readonly string[]
): Promise<{ keys: KeySourceSpec | undefined; problems: readonly string[] }> {
  const problems: Problem[] = []
  const roots = readDocuments('mesh.yaml', documents.join('\n---\n'), problems).map((each) =>
    SourceNode.root(each),
  )
  const resources = await readMesh(roots, {
    read: (_, file) => Promise.resolve({ file, text: PEM[file] ?? '' }),
  })
  const [authentication] = resources.requestAuthentications
  const [rule] = authentication?.rules ?? []
  assert.ok(authentication !== undefined && rule !== undefined)
  const keys = remoteKeys('foo/jwt[0]', rule, authentication.namespace, resources)
  return { keys, problems: problems.map(({ message }) => message) }
}

const rule = (fields: string): string => `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: jwt, namespace: foo }
spec: { jwtRules: [{ ${fields} }] }`

const ENTRY = `
apiVersion: networking.istio.io/v1beta1
kind: ServiceEntry
metadata: { name: external, namespace: foo }
spec:
  hosts: [11.11.11.11, nginx-proxy.foo.svc.cluster.local]
  addresses: [11.11.11.11]
  endpoints: [{ address: 10.0.0.1 }, { address: 10.0.0.2, ports: { https: 8443 } }]
  location: MESH_EXTERNAL
  ports:
    - { name: http, number: 80, protocol: HTTP }
    - { name: https, number: 443, protocol: HTTPS, targetPort: 9443 }
  resolution: STATIC`

const tls = (settings: string, port = 443): string => `
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: { name: external, namespace: foo }
spec:
  host: 11.11.11.11
  trafficPolicy:
    portLevelSettings: [{ port: { number: ${port} }, tls: { ${settings} } }]`

test('a URL alone is fetched from where its name leads', async () => {
  const { keys } = await keysOf(rule('issuer: a, jwksUri: "http://nginx.test/get_jwks", timeout: 2s'))
  assert.ok(keys !== undefined)
  const { name, url, issuer, timeoutMs, endpoints, tls } = keys
  assert.deepEqual(
    { name, url, issuer, timeoutMs, endpoints, tls },
    {
      name: 'foo/jwt[0]',
      url: 'http://nginx.test/get_jwks',
      issuer: undefined,
      timeoutMs: 2000,
      endpoints: [],
      tls: undefined,
    },
  )
})

test('without a URL the metadata of the issuer say where the keys are', async () => {
  for (const issuer of ['https://issuer.example', 'https://issuer.example/']) {
    const { keys } = await keysOf(rule(`issuer: "${issuer}"`))
    assert.equal(keys?.url, 'https://issuer.example/.well-known/openid-configuration')
    assert.equal(keys?.issuer, issuer)
    assert.equal(keys?.timeoutMs, 5000)
  }
})

test('an issuer that is no URL has no metadata', async () => {
  const { keys, problems } = await keysOf(rule('issuer: testing@secure.istio.io'))
  assert.equal(keys, undefined)
  assert.match(problems.join(), /is no URL to find the keys at/)
})

test('a ServiceEntry says the addresses of a host, each with its port', async () => {
  const { keys } = await keysOf(rule('issuer: a, jwksUri: "https://11.11.11.11/jwks"'), ENTRY)
  assert.deepEqual(keys?.endpoints, [
    { address: '10.0.0.1', port: 9443 },
    { address: '10.0.0.2', port: 8443 },
  ])
  const plain = await keysOf(rule('issuer: a, jwksUri: "http://nginx-proxy/jwks"'), ENTRY)
  assert.deepEqual(plain.keys?.endpoints, [
    { address: '10.0.0.1', port: 80 },
    { address: '10.0.0.2', port: 80 },
  ])
})

test('a port that the ServiceEntry does not have is told of', async () => {
  const { keys, problems } = await keysOf(rule('issuer: a, jwksUri: "http://11.11.11.11:8080/jwks"'), ENTRY)
  assert.deepEqual(keys?.endpoints, [])
  assert.match(problems.join(), /has no port 8080/)
})

test('a DestinationRule adds TLS at its port', async () => {
  const settings = 'mode: SIMPLE, caCertificates: ca.pem, sni: issuer.example'
  const { keys } = await keysOf(rule('issuer: a, jwksUri: "http://11.11.11.11:443/jwks"'), tls(settings))
  assert.equal(keys?.url, 'https://11.11.11.11/jwks')
  assert.deepEqual(keys.tls, {
    ca: PEM['ca.pem'],
    certificate: undefined,
    serverName: 'issuer.example',
    verifies: true,
  })
  const other = await keysOf(rule('issuer: a, jwksUri: "http://11.11.11.11/jwks"'), tls(settings))
  assert.equal(other.keys?.url, 'http://11.11.11.11/jwks')
})

test('TLS at port 80 keeps its port', async () => {
  const { keys } = await keysOf(
    rule('issuer: a, jwksUri: "http://11.11.11.11/jwks"'),
    tls('mode: SIMPLE', 80),
  )
  assert.equal(keys?.url, 'https://11.11.11.11:80/jwks')
})

test('MUTUAL shows a certificate of the gateway', async () => {
  const settings = 'mode: MUTUAL, clientCertificate: cert.pem, privateKey: key.pem'
  const { keys } = await keysOf(rule('issuer: a, jwksUri: "https://11.11.11.11/jwks"'), tls(settings))
  assert.deepEqual(keys?.tls?.certificate, { cert: PEM['cert.pem'], key: PEM['key.pem'] })
})

test('TLS that the URL has is never taken away', async () => {
  const { keys, problems } = await keysOf(
    rule('issuer: a, jwksUri: "https://11.11.11.11/jwks"'),
    tls('mode: DISABLE'),
  )
  assert.equal(keys?.url, 'https://11.11.11.11/jwks')
  assert.match(problems.join(), /it stays on/)
})

for (const [settings, message] of [
  ['mode: ISTIO_MUTUAL', /needs certificates of the mesh/],
  ['mode: MUTUAL', /needs `clientCertificate` and `privateKey`/],
  ['mode: SIMPLE, credentialName: x', /secrets of Kubernetes cannot be read/],
  ['mode: SIMPLE, insecureSkipVerify: true', /can put keys of their own in/],
  ['mode: SIMPLE, caCertificates: key.pem', /`key\.pem` holds no certificate in PEM/],
  ['mode: TLS', /`TLS` is not a TLS mode/],
] as const) {
  test(`${settings} is told of`, async () => {
    const { problems } = await keysOf(rule('issuer: a, jwksUri: "https://11.11.11.11/jwks"'), tls(settings))
    assert.match(problems.join('\n'), message)
  })
}

test('a DestinationRule for other hosts may say whatever it likes', async () => {
  const other = tls('mode: ISTIO_MUTUAL, credentialName: x').replace('host: 11.11.11.11', 'host: reviews')
  const { keys, problems } = await keysOf(rule('issuer: a, jwksUri: "https://11.11.11.11/jwks"'), other)
  assert.equal(keys?.tls, undefined)
  assert.deepEqual(problems, ['the DestinationRule is for `reviews`, and no keys are fetched from there'])
})

/** The name of the rule that says how to speak to a host. */
async function speakerTo(url: string, ...hosts: readonly (readonly [host: string, namespace?: string])[]) {
  const rules = hosts.map(([host, namespace = 'foo'], index) =>
    tls(`mode: SIMPLE, sni: "${host}"`)
      .replace('host: 11.11.11.11', `host: "${host}"`)
      .replace('name: external, namespace: foo', `name: r${index}, namespace: ${namespace}`),
  )
  const { keys } = await keysOf(rule(`issuer: a, jwksUri: "${url}"`), ...rules)
  return keys?.tls?.serverName
}

test('a service of the cluster is known by each of its names', async () => {
  for (const name of ['keys', 'keys.foo', 'keys.foo.svc', 'keys.foo.svc.cluster.local']) {
    assert.equal(
      await speakerTo(`https://${name}/`, ['keys.foo.svc.cluster.local', 'bar']),
      'keys.foo.svc.cluster.local',
    )
    assert.equal(await speakerTo(`https://${name}/`, ['keys']), 'keys', name)
    // A short name is of its own namespace.
    assert.equal(await speakerTo(`https://${name}/`, ['keys', 'bar']), undefined, name)
  }
})

test('the most specific of several rules is the one', async () => {
  const wild = ['*.example.com'] as const
  const wilder = ['*.com'] as const
  const exact = ['keys.example.com'] as const
  const url = 'https://keys.example.com/'
  assert.equal(await speakerTo(url, wilder, wild, ['*'], exact), 'keys.example.com')
  assert.equal(await speakerTo(url, wilder, wild, ['*']), '*.example.com')
  assert.equal(await speakerTo(url, ['*']), '*')
  assert.equal(await speakerTo(url, ['*.keys.example.com']), undefined)
})
