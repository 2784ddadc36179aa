import assert from 'node:assert/strict'
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { configurationOf, startTestGateway } from '../support/gateway.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { createIssuer } from '../support/tokens.ts'

const functionText = (answer: string): string => `export default { fetch: () => new Response('${answer}') }\n`

test('a function whose file changed answers by its new text after a reload', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'claimgate-reload-'))
  try {
    const module = join(folder, 'hello.mjs')
    const text = `
version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends: { hello: { function: ${module} } }
routes: [{ path: /*, backend: hello, auth: none }]
`
    await writeFile(module, functionText('first'))
    const gateway = await startTestGateway(text)
    try {
      assert.equal(await (await fetch(gateway.url)).text(), 'first')
      await writeFile(module, functionText('second'))
      await utimes(module, new Date(), new Date(Date.now() + 5000))
      await gateway.server.publish(await configurationOf(text))
      assert.equal(await (await fetch(gateway.url)).text(), 'second')
    } finally {
      await gateway.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('a key that is withdrawn by a reload verifies no more, tokens that were let in before included', async () => {
  const issuer = await createIssuer('ES256', 'one')
  const other = await createIssuer('ES256', 'two')
  const token = await issuer.token()
  const backend = await startRecordingBackend()
  const text = (jwks: object): string => `
version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends: { b: { url: ${backend.url} } }
authentications: { a: { keys: { jwks: ${JSON.stringify(jwks)} } } }
routes: [{ path: /*, backend: b, auth: a }]
`
  const gateway = await startTestGateway(text(issuer.jwks))
  const status = async (): Promise<number> =>
    (await fetch(gateway.url, { headers: { authorization: `Bearer ${token}` } })).status
  try {
    assert.deepEqual([await status(), await status()], [200, 200])
    await gateway.server.publish(await configurationOf(text(other.jwks)))
    assert.equal(await status(), 401)
    await gateway.server.publish(await configurationOf(text(issuer.jwks)))
    assert.equal(await status(), 200)
  } finally {
    await gateway.close()
    await backend.close()
  }
})
