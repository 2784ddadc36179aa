import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { HTML, json } from '../support/key-answer.ts'
import { discoveryOf, jwksOf, pemOf } from '../support/key-documents.ts'
import { startKeyServer } from '../support/key-server.ts'
import { createSigner } from '../support/signer.ts'
import { until } from '../support/wait.ts'
import { binary, run } from './built-cli.ts'
import { startRunning, type RunningCli } from './running-cli.ts'

binary()
const folder = mkdtempSync(join(tmpdir(), 'claimgate-cli-keys-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const A = createSigner('ES256', { kid: 'a' })
const A_AGAIN = createSigner('ES256', { kid: 'a' })
const B = createSigner('RS256', { kid: 'b' })
const STRANGE = { kty: 'AKP', kid: 'new\u001b[31m\u202e' }

/** A configuration whose sources are these, by the name of their authentication. */
function configuration(sources: Readonly<Record<string, string>>): string {
  const file = join(folder, 'claimgate.yaml')
  const authentications = Object.entries(sources).map(([name, keys]) => `  ${name}: { keys: ${keys} }`)
  const text = `version: 1
backends: { app: { url: http://127.0.0.1:9000 } }
authentications:
${authentications.join('\n')}
routes: [{ path: /*, backend: app, auth: [${Object.keys(sources).join(', ')}] }]
`
  writeFileSync(file, text)
  return file
}

describe('claimgate keys list', () => {
  it('prints the keys of every source, and what is skipped, with 0', async () => {
    await using server = await startKeyServer()
    server.serve(
      '/keys?secret=1',
      json({ keys: [...jwksOf(A, B).keys, STRANGE] }, { 'Cache-Control': 'max-age=600' }),
    )
    server.serve('/pem', { body: pemOf(B) })
    const file = configuration({
      main: `{ url: '${server.url}/keys?secret=1' }`,
      pem: `{ url: '${server.url}/pem', alg: PS256 }`,
      same: `{ url: '${server.url}/pem', alg: PS256 }`,
    })
    const { code, stdout, stderr } = await run(['keys', 'list', file])
    assert.equal(
      stdout,
      `main  ${server.url}/keys?…
  kid "a"  EC 256  ES256
  kid "b"  RSA 2048  RS256
  skipped: kid "new\\u001b[31m\ufffd": \`kty\` is "AKP", a type that tokens are not verified with
  to be fetched again within 10 min
pem  ${server.url}/pem
  the key without a kid  RSA 2048  PS256
  to be fetched again within 5 min
`,
    )
    assert.deepEqual([code, stderr], [0, ''])
    assert.deepEqual([server.fetches('/keys?secret=1'), server.fetches('/pem')], [1, 1])
  })

  it('says why a source has none and what to do, with 1', async () => {
    await using server = await startKeyServer()
    server.serve('/html', HTML)
    server.serve('/empty', json({ keys: [] }))
    server.serve('/good', json(jwksOf(A)))
    server.serve('/large', json({ ...jwksOf(A), padding: 'a'.repeat(70_000) }))
    const sources = Object.fromEntries(
      ['html', 'empty', 'good', 'large'].map((name) => [name, `{ url: '${server.url}/${name}' }`]),
    )
    const { code, stdout } = await run(['keys', 'list', configuration(sources)])
    assert.equal(code, 1)
    assert.match(stdout, /^html .*\n {2}cannot be fetched: an HTML page or XML came, and no key set$/m)
    assert.match(stdout, /^empty .*\n {2}no usable key: every token is refused$/m)
    assert.match(stdout, /^good .*\n {2}kid "a"/m)
    assert.match(
      stdout,
      /^large .*\n {2}cannot be fetched: .* larger than 65536 bytes\n {2}hint: raise `maxSize`/m,
    )
  })

  it('takes a URL, of keys or of metadata, whose issuer is then checked', async () => {
    await using server = await startKeyServer()
    const issuer = `${server.url}/tenant`
    server.serve('/keys', json(jwksOf(A)))
    server.serve('/tenant/.well-known/openid-configuration', json(discoveryOf(issuer, `${server.url}/keys`)))
    server.serve('/other/.well-known/openid-configuration', json(discoveryOf(issuer, `${server.url}/keys`)))
    for (const path of ['keys', 'tenant/.well-known/openid-configuration']) {
      const { code, stdout } = await run(['keys', 'list', `${server.url}/${path}`])
      assert.equal(code, 0)
      assert.match(stdout, /^127\.0\.0\.1:\d+ .*\n {2}kid "a" {2}EC 256 {2}ES256$/m)
    }
    const { code, stdout } = await run([
      'keys',
      'list',
      `${issuer.replace('tenant', 'other')}/.well-known/openid-configuration`,
    ])
    assert.equal(code, 1)
    assert.match(stdout, /of the issuer "http:.*\/tenant", which is not the one/)
  })

  it('ends with 2 where there is nothing to fetch', async () => {
    const inline = configuration({ main: `{ pem: ${JSON.stringify(pemOf(B))} }` })
    const { code, stderr } = await run(['keys', 'list', inline])
    assert.equal(code, 2)
    assert.match(stderr, /error: no keys are fetched by this configuration\nhint: /)
    const withPassword = await run(['keys', 'list', 'https://user:secret@idp.example/keys'])
    assert.equal(withPassword.code, 2)
    assert.match(withPassword.stderr, /write one without user and password/)
    assert.equal((await run(['keys', 'list', join(folder, 'missing.yaml')])).code, 2)
  })
})

describe('claimgate keys watch', () => {
  /** Watches one source until the test has seen enough. */
  async function watching(url: string, more: readonly string[], test: (cli: RunningCli) => Promise<void>) {
    const cli = startRunning(['keys', 'watch', url, '--every', '100ms', ...more])
    try {
      await test(cli)
      return { code: await cli.ended, ...cli.output }
    } finally {
      cli.kill()
    }
  }

  it('prints what comes and goes, and ends with 0 where that does no harm', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(A)))
    const { code, stdout, stderr } = await watching(`${server.url}/keys`, [], async (cli) => {
      await cli.until('  kid "a"  EC 256  ES256\n', 'stdout')
      server.serve('/keys', json(jwksOf(A, B)))
      await cli.until('  + kid "b"  RSA 2048  RS256\n', 'stdout')
      server.serve('/keys', json(jwksOf(B)))
      await cli.until('  - kid "a"  EC 256  ES256\n', 'stdout')
      const fetches = server.fetches()
      await until(() => server.fetches() > fetches + 2)
      cli.signal('SIGINT')
    })
    assert.equal(code, 0)
    assert.match(stderr, /^each source is fetched about every 100 ms; Ctrl-C ends this\n$/)
    assert.match(stdout, /^\d\d:\d\d:\d\d 127\.0\.0\.1:\d+: http:\S+\/keys has 1 usable key\n/)
    // What does not change is not said again.
    assert.equal(stdout.match(/usable key/g)?.length, 3)
  })

  it('tells of a rotation that refuses good tokens, with 1', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(A)))
    const { code, stdout } = await watching(`${server.url}/keys`, [], async (cli) => {
      await cli.until('kid "a"', 'stdout')
      server.serve('/keys', json(jwksOf(A_AGAIN)))
      await cli.until('  ~ kid "a" has a new key', 'stdout')
      server.serve('/keys', json(jwksOf(B)))
      await cli.until('harm: every old key went as a new one came', 'stdout')
      server.serve('/keys', json({ keys: [] }))
      await cli.until('harm: no key is left: every token is refused', 'stdout')
      cli.signal('SIGTERM')
    })
    assert.equal(code, 1)
    assert.match(stdout, /harm: a kid has another key/)
  })

  it('tells of a server that fails, once for each reason, and when it is back', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', HTML)
    const { code, stdout } = await watching(`${server.url}/keys`, [], async (cli) => {
      await cli.until('cannot be fetched: an HTML page or XML came', 'stdout')
      await until(() => server.fetches() > 1)
      server.serve('/keys', json(jwksOf(A)))
      await cli.until('has 1 usable key', 'stdout')
      server.serve('/keys', { status: 503 })
      await cli.until('answers with status 503', 'stdout')
      server.serve('/keys', json(jwksOf(A)))
      await cli.until('can be fetched again, with the same keys', 'stdout')
      cli.signal('SIGINT')
    })
    assert.equal(code, 1)
    assert.equal(stdout.match(/an HTML page/g)?.length, 1)
    assert.match(stdout, /status 503; next try in (?:\d+ ms|1 s)\n/)
  })

  it('ends by itself after `--for`', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(A)))
    const { code } = await watching(`${server.url}/keys`, ['--for', '1s'], () => Promise.resolve())
    assert.equal(code, 0)
    assert.ok(server.fetches() > 1)
  })

  it('takes no time that it could not keep, and no target without sources', async () => {
    for (const [option, value] of [
      ['--every', '99ms'],
      ['--every', '10'],
      ['--for', '25d'],
    ] as const) {
      const { code, stderr } = await run(['keys', 'watch', 'https://idp.example/keys', option, value])
      assert.equal(code, 2)
      assert.match(stderr, new RegExp(`option '${option} <duration>' argument '${value}' is invalid`))
    }
    const inline = configuration({ main: `{ pem: ${JSON.stringify(pemOf(B))} }` })
    assert.equal((await run(['keys', 'watch', inline])).code, 2)
  })
})
