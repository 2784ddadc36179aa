import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { policy } from '../support/mesh.ts'
import { run, type Run } from './built-cli.ts'
import { createFolder } from './folder.ts'

const folder = await createFolder('version: 1\n')
const { issuer } = folder
mkdirSync(join(folder.path, 'mesh'))
folder.write(
  'mesh/authentication.yaml',
  `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: jwt, namespace: istio-system }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  jwtRules:
    - issuer: https://issuer.example
      audiences: [orders]
      jwks: '${JSON.stringify(issuer.jwks)}'
`,
)
folder.write(
  'mesh/policies.yaml',
  `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: admins, namespace: istio-system }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  rules:
    - from: [{ source: { requestPrincipals: ['https://issuer.example/*'] } }]
      to: [{ operation: { methods: [GET], paths: ['/admin/*'], ports: ['8080'] } }]
      when: [{ key: 'request.auth.claims[groups]', values: [admin] }]
    - to: [{ operation: { methods: [POST], paths: [/open] } }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: never, namespace: istio-system }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  action: DENY
  rules:
    - to: [{ operation: { paths: ['*/secret'] } }]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: seen, namespace: istio-system }
spec: { action: AUDIT, rules: [{ to: [{ operation: { paths: ['/admin/*'] } }] }] }
`,
)
folder.write('notes.md', 'no resource')

const token = (claims: object = {}): Promise<string> =>
  issuer.token({ iss: 'https://issuer.example', aud: 'orders', ...claims })
const explain = (...args: readonly string[]): Promise<Run> =>
  run(['explain', 'mesh', '--backend', 'http://127.0.0.1:9000', ...args], { cwd: folder.path })

async function refused(args: readonly string[], ...patterns: readonly RegExp[]): Promise<void> {
  const { code, stdout, stderr } = await explain(...args)
  assert.equal(code, 1, stdout + stderr)
  for (const pattern of patterns) assert.match(stdout, pattern)
}

describe('claimgate explain, for policies of a mesh', () => {
  it('names the rule that lets in, its conditions and their lines', async () => {
    const { code, stdout } = await explain('/admin/x', '-t', await token({ groups: ['admin'] }))
    assert.equal(code, 0, stdout)
    assert.match(stdout, /claims +✓ the token meets `istio-system\/jwt\[0\]`; kid "key-1" has signed it/)
    assert.match(stdout, /policy +· rule 1 of `istio-system\/seen` \(AUDIT\) matches: it only tells/)
    assert.match(
      stdout,
      /policy +✓ rule 1 of `istio-system\/admins` \(ALLOW\) matches at the gateway: .*`values of request\.auth\.claims\[groups\]: \[admin\]` \(line 9\) {2}\(mesh\/policies\.yaml:7\)/,
    )
    assert.match(stdout, /- Authorization: Bearer/)
  })

  it('names the rule that denies', async () => {
    await refused(
      ['/admin/secret', '-t', await token({ groups: ['admin'] })],
      /policy +✗ rule 1 of `istio-system\/never` \(DENY\) matches at the gateway: `paths: \[\*\/secret\]` \(line 19\)/,
      /^refused: 403 GW_POLICY_DENIED$/m,
      /RBAC: access denied/,
    )
  })

  it('names what was missing for the ALLOW rule that comes nearest', async () => {
    await refused(
      ['/admin/x', '-t', await token({ groups: ['user'] })],
      /no rule of an ALLOW policy of the gateway matches/,
      /rule 1 of `istio-system\/admins` \(ALLOW\) comes nearest; it does not match because of `values of request\.auth\.claims\[groups\]: \[admin\]` \(line 9\)/,
    )
    await refused(['/open'], /rule 2 of .* because of `methods: \[POST\]` \(line 10\)/)
  })

  it('knows the port that is asked for', async () => {
    await refused(
      ['http://127.0.0.1:9999/admin/x', '-t', await token({ groups: ['admin'] })],
      /because of `ports: \[8080\]` \(line 8\)/,
    )
  })

  it('says that hosts have ports', async () => {
    folder.write('hosts.yaml', policy('ALLOW', '[{ to: [{ operation: { hosts: [localhost] } }] }]'))
    const args = ['explain', 'hosts.yaml', '--backend', 'http://127.0.0.1:9000', 'http://localhost:8080/']
    const { stdout } = await run(args, { cwd: folder.path })
    assert.match(stdout, /hint: hosts are compared with their port, and the request is for `localhost:8080`/)
  })

  it('says where to send a token that a policy asks for', async () => {
    await refused(['/admin/x'], /hint: .*send it as the header `Authorization: Bearer <token>`/)
  })

  it('says that the gateway takes off what its own rules have verified', async () => {
    const rule = "[{ from: [{ source: { requestPrincipals: ['*'] } }] }]"
    folder.write(
      'policy.yaml',
      policy('ALLOW', rule)
        .replace('istio-system', 'foo')
        .replace(/ {2}selector: .*\n/, ''),
    )
    folder.write(
      'native.yaml',
      `version: 1
backends: { b: { url: http://127.0.0.1:9000, namespace: foo } }
authentications: { a: { keys: { jwksFile: jwks.json } } }
routes: [{ path: /*, backend: b, auth: a }]
import: [{ mesh: policy.yaml }]
`,
    )
    const { code, stdout } = await run(['explain', 'native.yaml', '/', '-t', await token()], {
      cwd: folder.path,
    })
    assert.equal(code, 1)
    assert.match(
      stdout,
      /hint: the gateway takes the token off .* write `keepToken: true` at the authentication/,
    )
  })

  it('says what differs in a token of another issuer or audience', async () => {
    await refused(
      ['/admin/x', '-t', await token({ iss: 'https://other.example' })],
      /^refused: 401/m,
      /hint: the token says "https:\/\/other\.example", and the rules are for `https:\/\/issuer\.example` \(mesh\/authentication\.yaml:7\)/,
    )
    await refused(
      ['/admin/x', '-t', await token({ aud: 'billing' })],
      /^refused: 403/m,
      /hint: the token is for "billing", and the rule wants `orders`/,
    )
  })
})

describe('claimgate explain, for client certificates', () => {
  const SLEEP = 'cluster.local/ns/foo/sa/sleep'
  folder.write(
    'peers.yaml',
    [
      policy(
        'ALLOW',
        `
    - from: [{ source: { principals: ['${SLEEP}'] } }]
      to: [{ operation: { paths: [/principals] } }]
    - from: [{ source: { namespaces: [foo] } }]
      to: [{ operation: { paths: [/namespaces] } }]
    - from: [{ source: { serviceAccounts: [foo/sleep] } }]
      to: [{ operation: { paths: [/accounts] } }]
    - to: [{ operation: { paths: [/sni] } }]
      when: [{ key: connection.sni, values: [a.example] }]
    - to: [{ operation: { paths: [/backend] } }]`,
      ),
      policy(
        'DENY',
        "[{ from: [{ source: { namespaces: ['*'] } }], to: [{ operation: { paths: [/denied] } }] }]",
        'no',
      ),
      policy(
        'DENY',
        '[{ from: [{ source: { notNamespaces: [foo] } }], to: [{ operation: { paths: [/backend] } }] }]',
        'later',
      )
        .replace('istio-system', 'app')
        .replace(/ {2}selector: .*\n/, ''),
    ].join('\n---\n'),
  )
  const as = (...args: readonly string[]): Promise<Run> =>
    run(['explain', 'peers.yaml', '--backend', 'http://127.0.0.1:9000', ...args], { cwd: folder.path })

  it('decides as if one had been verified, for each field that asks of it', async () => {
    for (const path of ['/principals', '/namespaces', '/accounts']) {
      assert.equal((await as(path)).code, 1, path)
      assert.equal((await as(path, '--principal', 'cluster.local/ns/bar/sa/sleep')).code, 1, path)
      const { code, stdout } = await as(path, '--principal', `spiffe://${SLEEP}`)
      assert.equal(code, 0, stdout)
    }
    assert.equal((await as('/denied', '--principal', SLEEP)).code, 1)
  })

  it('and as if the client had asked for that name', async () => {
    assert.equal((await as('/sni')).code, 1)
    assert.equal((await as('https://a.example/sni')).code, 0)
    assert.equal((await as('https://b.example/sni', '--server-name', 'a.example')).code, 0)
    assert.equal((await as('https://a.example/sni', '--server-name', '')).code, 1)
  })

  it('says how to show one, whose a backend sees, and that no listener asks for any', async () => {
    assert.match(
      (await as('/principals')).stdout,
      /hint: the policy asks for a client certificate: `--principal` says/,
    )
    const shown = await as('/principals', '--principal', SLEEP)
    assert.match(shown.stdout, /hint: no listener asks for client certificates/)
    const later = await as('/backend', '--principal', SLEEP)
    assert.match(
      later.stdout,
      /hint: requests come to a backend from the gateway: say who that is as `mesh\.gateway\.principal`/,
    )
  })

  it('refuses a principal that is none', async () => {
    const { code, stderr } = await as('/principals', '--principal', 'sleep')
    assert.equal(code, 2)
    assert.match(stderr, /error: `--principal` is not a SPIFFE name\nhint: write the one in the certificate/)
  })
})

describe('claimgate check, for policies of a mesh', () => {
  it('lists them by workload', async () => {
    const { code, stdout } = await run(['check', 'mesh', '--backend', 'http://127.0.0.1:9000'], {
      cwd: folder.path,
    })
    assert.equal(code, 0)
    assert.match(stdout, /At the gateway \(istio-system, app=istio-ingressgateway, istio=ingressgateway\):/)
    assert.match(stdout, /istio-system\/admins: ALLOW, 2 rules/)
    assert.match(stdout, /At the backend backend \(default\):\n {2}istio-system\/seen: AUDIT, 1 rules/)
  })

  it('wants a backend', async () => {
    const { code, stderr } = await run(['check', 'mesh'], { cwd: folder.path })
    assert.equal(code, 1)
    assert.match(stderr, /there is no backend for the requests/)
  })

  it('refuses a workload that is none', async () => {
    const args = ['check', 'mesh', '--backend', 'http://127.0.0.1:9000', '--workload', 'foo/app']
    const { code, stderr } = await run(args, { cwd: folder.path })
    assert.equal(code, 1)
    assert.match(stderr, /`--workload` is not a workload/)
  })
})
