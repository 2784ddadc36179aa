import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { explain } from '../../gateway/explain.ts'
import { buildPlan } from '../../plan/build.ts'
import { configurationOf } from '../../../test/support/gateway.ts'
import { createSigner, mint } from '../../../test/support/signer.ts'
import { createIssuer } from '../../../test/support/tokens.ts'
import type { Terminal } from '../terminal.ts'
import { openCase } from './case.ts'
import { printExplanation } from './print-explanation.ts'
import { readRequest } from './read-request.ts'

const issuer = await createIssuer('ES256')
const { plan: spec } = await configurationOf(
  `version: 1
backends: { hello: { urls: ["http://127.0.0.1:9000", "http://127.0.0.1:9001"] } }
authentications:
  a: { keys: { jwksFile: jwks.json }, keepToken: true, forward: [{ claim: name, header: X-Name }] }
routes: [{ name: r, path: /*, backend: hello, auth: a }]
`,
  { files: { 'jwks.json': JSON.stringify(issuer.jwks) } },
)
const plan = buildPlan(spec)

function printed(token: string | undefined, colour = false): string {
  let text = ''
  const terminal: Terminal = {
    out: (more) => void (text += more),
    err: () => {},
    input: () => Promise.resolve(''),
    colour,
    environment: {},
  }
  const nowMs = Date.now()
  const options = { url: '/x', peer: '127.0.0.1', ...(token === undefined ? {} : { token }) }
  const described = readRequest(options, 'localhost:80')
  assert.ok(described.ok)
  const { request, body } = described.value
  const explanation = explain(plan, { request, body, nowMs, requestId: 'id-1' })
  printExplanation(terminal, openCase(plan, { request, body, explanation, nowMs }), ['do this'])
  return text
}

const ESCAPE = '\u001b'

describe('printExplanation', () => {
  it('prints what the client gets, the hints before it', () => {
    const text = printed(undefined)
    assert.match(text, /^refused: 401 GW_TOKEN_MISSING\n {2}reason: token-missing, .*\n {2}hint: do this\n/m)
    assert.match(text, /^ {4}X-Request-Id: id-1$/m)
    assert.match(text, /^ {4}\{"title":"the jwt token is missing"/m)
    assert.doesNotMatch(text, /the token says/)
  })

  it('prints every URL of the backend, and claims as the text that they are', async () => {
    const text = printed(await issuer.token({ name: 'Jörg', groups: ['a'] }))
    assert.match(text, /^forwarded to `hello` \(http:\/\/127\.0\.0\.1:9000, http:\/\/127\.0\.0\.1:9001\)$/m)
    assert.match(text, /^ {4}\+ X-Name: Jörg$/m)
    assert.match(text, /^ {4}also +name, groups$/m)
    assert.match(text, /^ {6}Authorization: Bearer eyJ.*…$/m)
  })

  it('says that a token without `exp` never expires', () => {
    const text = printed(mint(createSigner('ES256', { kid: 'test-key' }), { sub: 'user-1' }))
    assert.match(text, /^ {4}exp +nothing: it never expires$/m)
  })

  it('has colours where they are wanted, and only there', () => {
    assert.ok(printed(undefined, true).includes(`${ESCAPE}[31mrefused`))
    assert.ok(!printed(undefined).includes(ESCAPE))
  })
})
