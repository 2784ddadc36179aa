import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestGateway } from '../support/gateway.ts'
import { rawRequest } from '../support/raw-answer.ts'
import { RawClient } from '../support/raw-http.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { createIssuer } from '../support/tokens.ts'

/**
 * A client opens a request, sends the form in its body a byte at a time, and puts a token in it that has expired since
 * the request began. A token is judged by the time of the decision, not by that of the first byte.
 */
test('a form that takes hours does not let an expired token in', async () => {
  let nowMs = Date.now()
  const issuer = await createIssuer('ES256')
  const backend = await startRecordingBackend()
  const gateway = await startTestGateway(
    `version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends: { backend: { url: ${backend.url} } }
authentications: { main: { keys: { jwks: ${JSON.stringify(issuer.jwks)} }, tokenFrom: [{ form: jwt }] } }
routes: [{ path: /*, backend: backend, auth: main }]`,
    { clock: { now: () => nowMs } },
  )
  const body = `jwt=${await issuer.token()}`
  const fields = ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${body.length}`]
  const answerAfter = async (waitMs: number): Promise<string> => {
    const client = await RawClient.connect(Number(new URL(gateway.url).port))
    client.socket.write(rawRequest({ method: 'POST', fields, body: body.slice(0, 10) }))
    await new Promise((resolve) => setTimeout(resolve, 30))
    nowMs += waitMs
    client.write(body.slice(10))
    return client.rest()
  }
  assert.match(await answerAfter(0), /^HTTP\/1\.1 200 /)
  assert.match(await answerAfter(2 * 3600 * 1000), /^HTTP\/1\.1 401 [\s\S]*GW_TOKEN_EXPIRED/)
  await gateway.close()
  await backend.close()
})
