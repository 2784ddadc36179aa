import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { json } from '../support/key-answer.ts'
import { discoveryOf, jwksOf } from '../support/key-documents.ts'
import { startKeyServer } from '../support/key-server.ts'
import { createSigner } from '../support/signer.ts'
import { until } from '../support/wait.ts'
import { run } from './built-cli.ts'
import { createFolder } from './folder.ts'
import { startRunning, type RunningCli } from './running-cli.ts'

const a = createSigner('ES256', { kid: 'a' })
const b = createSigner('RS256', { kid: 'b' })
const nextA = createSigner('ES256', { kid: 'a' })

const configuration = (authentications: string): string => `version: 1
listeners: [{ address: 127.0.0.1:0 }]
keyCache: none
backends: { ok: { url: "http://127.0.0.1:9" } }
authentications: { ${authentications} }
routes: [{ path: /*, backend: ok, auth: none }]
`
const folder = await createFolder('')

describe('claimgate keys list', { timeout: 60_000 }, () => {
  it('fetches every source once and prints its keys', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a, b)))
    server.serve(
      '/issuer/.well-known/openid-configuration',
      json(discoveryOf(`${server.url}/issuer`, `${server.url}/more`)),
    )
    server.serve('/more', json(jwksOf(createSigner('EdDSA', { kid: 'c' }))))
    folder.write(
      'list.yaml',
      configuration(
        `main: { keys: { url: "${server.url}/keys" } }, other: { issuer: "${server.url}/issuer", keys: { discovery: true } }`,
      ),
    )
    const { code, stdout, stderr } = await run(['keys', 'list', 'list.yaml'], { cwd: folder.path })
    assert.equal(code, 0, stderr)
    for (const [kid, alg] of [
      ['a', 'ES256'],
      ['b', 'RS256'],
      ['c', 'EdDSA'],
    ])
      assert.match(stdout, new RegExp(`^.*\\b${kid}\\b.*\\b${alg}\\b.*$`, 'm'))
    assert.deepEqual([server.fetches('/keys'), server.fetches('/more'), server.fetches()], [1, 1, 3])
  })

  it('takes a URL in the place of a configuration', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    const { code, stdout } = await run(['keys', 'list', `${server.url}/keys`])
    assert.equal(code, 0)
    assert.match(stdout, /\ba\b.*\bES256\b/)
    assert.equal(server.fetches(), 1)
  })

  it('ends with 1 where one failed, and shows the others', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    server.serve('/down', { status: 500 })
    folder.write(
      'failed.yaml',
      configuration(
        `main: { keys: { url: "${server.url}/keys" } }, other: { keys: { url: "${server.url}/down" } }`,
      ),
    )
    const { code, stdout, stderr } = await run(['keys', 'list', 'failed.yaml'], { cwd: folder.path })
    assert.equal(code, 1)
    assert.match(stdout, /\ba\b.*\bES256\b/)
    assert.match(stdout + stderr, /\/down[^]*500|500[^]*\/down/)
    assert.equal(server.fetches(), 2)
  })

  it('prints no part of a key that nobody may see', async () => {
    const secret = createSigner('HS256', { kid: 'secret' })
    await using server = await startKeyServer()
    server.serve('/keys', json({ keys: [a.jwk, secret.jwk] }))
    const { stdout, stderr } = await run(['keys', 'list', `${server.url}/keys`])
    assert.ok(Buffer.isBuffer(secret.privateKey))
    assert.ok(!(stdout + stderr).includes(secret.privateKey.toString('base64url')))
    assert.match(stdout + stderr, /secret/)
  })
})

describe('claimgate keys watch', { timeout: 60_000, concurrency: 2 }, () => {
  const watch = (target: string): RunningCli => {
    const running = startRunning(['keys', 'watch', target, '--every', '300ms'])
    after(() => running.kill())
    return running
  }

  it('prints each change as a source rotates, and calls harm what refuses good tokens', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    const running = watch(`${server.url}/keys`)
    const said = (): string => running.output.stdout
    await running.until(/kid "a".* ES256$/m, 'stdout')
    server.serve('/keys', json(jwksOf(a, b)))
    await running.until(/^ *\+ kid "b" .*RS256$/m, 'stdout')
    server.serve('/keys', json(jwksOf(b)))
    await running.until(/^ *- kid "a" /m, 'stdout')
    assert.doesNotMatch(said(), /harm/)
    server.serve('/keys', json(jwksOf(b, nextA)))
    await running.until(/^ *\+ kid "a" .*ES256$/m, 'stdout')
    assert.doesNotMatch(said(), /harm/)
    server.serve('/keys', json(jwksOf(b, a)))
    await running.until(/^ *~ kid "a" has a new key\b.*\n *harm: a kid has another key/m, 'stdout')
    server.serve('/keys', json(jwksOf(createSigner('ES256', { kid: 'c' }))))
    await running.until(
      /^ *\+ kid "c" [^]*- kid "b" [^]*harm: every old key went as a new one came/m,
      'stdout',
    )
    running.signal('SIGINT')
    assert.equal(await running.ended, 1)
  })

  it('ends with 0 where nothing did harm', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    const running = watch(`${server.url}/keys`)
    await running.until(/kid "a"/, 'stdout')
    server.serve('/keys', json(jwksOf(a, b)))
    await running.until(/\+ kid "b"/, 'stdout')
    server.serve('/keys', json(jwksOf(b)))
    await running.until(/- kid "a"/, 'stdout')
    running.signal('SIGTERM')
    assert.equal(await running.ended, 0)
  })

  it('goes on where a source fails, and says the same failure once', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', { status: 500 })
    const running = watch(`${server.url}/keys`)
    await until(() => server.fetches() >= 3)
    assert.equal(running.output.stdout.match(/status 500/g)?.length, 1)
    server.serve('/keys', json(jwksOf(a)))
    await running.until(/kid "a".* ES256$/m, 'stdout')
    running.signal('SIGINT')
    assert.equal(await running.ended, 1)
  })
})
