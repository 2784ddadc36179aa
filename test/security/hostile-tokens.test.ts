import assert from 'node:assert/strict'
import { createHmac, createPublicKey } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { rawAnswer, rawRequest, type RawAnswer } from '../support/raw-answer.ts'
import { RawClient } from '../support/raw-http.ts'
import { startRecordingBackend, type RecordingBackend } from '../support/recording-backend.ts'
import { createSigner, encodePart, mint, mintRaw } from '../support/signer.ts'

/**
 * Tokens made to confuse, to stall or to break a verifier, sent over real sockets: each is refused in the dialect's
 * words with one line in the log, within a bounded time, while an honest client is served beside it.
 */

const RSA = createSigner('RS256', { kid: 'rsa' })
const EC = createSigner('ES384', { kid: 'ec' })
const NOW = Math.floor(Date.now() / 1000)
const CLAIMS = { sub: 'user', exp: NOW + 3600 }
const HEADER = { alg: 'RS256', kid: 'rsa' }

/** Only to catch stalls: nothing here takes more than milliseconds. */
const BOUND_MS = 2000

/** A token that an HMAC verifier with this text as its secret would take. */
function hmacWith(secret: string): string {
  const input = `${encodePart({ alg: 'HS256', kid: 'rsa' })}.${encodePart(CLAIMS)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

function signed(payload: string | Buffer, header: unknown = HEADER): string {
  return mintRaw(RSA, header, payload)
}

const PEM = String(createPublicKey(RSA.privateKey).export({ type: 'spki', format: 'pem' }))
const GOOD = mint(RSA, CLAIMS)
const [HEAD = '', PAYLOAD = '', SIGNATURE = ''] = GOOD.split('.')

const HOSTILE: readonly (readonly [string, string, string])[] = [
  ['nothing but dots', '.'.repeat(10_000), 'not-three-parts'],
  ['two dots', '..', 'header-json'],
  ['a token with a fourth part', `${GOOD}.x`, 'not-three-parts'],
  ['a JWE', 'a.b.c.d.e', 'not-three-parts'],
  ['a token of 20 KiB', `${HEAD}.${'A'.repeat(20_000)}.${SIGNATURE}`, 'token-too-large'],
  [
    'a header of 8 KiB',
    signed(JSON.stringify(CLAIMS), { ...HEADER, x: 'x'.repeat(8000) }),
    'header-too-large',
  ],
  [
    'a header that nests deep',
    `${encodePart(`{"a":${'['.repeat(1500)}`)}.${PAYLOAD}.${SIGNATURE}`,
    'header-json',
  ],
  [
    'claims that nest deep',
    signed(`{"exp":${NOW + 9},"a":${'['.repeat(4000)}${']'.repeat(4000)}}`),
    'payload-json',
  ],
  ['claims with a name twice', signed(`{"exp":${NOW + 9},"sub":"a","sub":"b"}`), 'payload-json'],
  ['a name twice by an escape', signed(`{"exp":${NOW + 9},"sub":"a","s\\u0075b":"b"}`), 'payload-json'],
  [
    'a header with a name twice',
    `${encodePart('{"alg":"RS256","kid":"rsa","alg":"none"}')}.${PAYLOAD}.${SIGNATURE}`,
    'header-json',
  ],
  [
    'claims that are not UTF-8',
    signed(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])),
    'payload-json',
  ],
  ['claims that are a list', signed('[1]'), 'payload-json'],
  ['claims that are null', signed('null'), 'payload-json'],
  ['no claims', `${HEAD}..${SIGNATURE}`, 'payload-json'],
  ['text behind the claims', signed(`${JSON.stringify(CLAIMS)}x`), 'payload-json'],
  ['an expiry beyond all numbers', signed('{"exp":1e400}'), 'claim-type'],
  ['an expiry in text', signed('{"exp":"9999999999"}'), 'claim-type'],
  ['alg none', `${encodePart({ alg: 'none' })}.${PAYLOAD}.`, 'alg-none'],
  ['alg nOnE with a signature', `${encodePart({ alg: 'nOnE' })}.${PAYLOAD}.${SIGNATURE}`, 'alg-none'],
  ['no alg', `${encodePart({ kid: 'rsa' })}.${PAYLOAD}.${SIGNATURE}`, 'alg-missing'],
  ['an HMAC by the public key in PEM', hmacWith(PEM), 'alg-not-of-key'],
  ['an HMAC by the public key in JSON', hmacWith(JSON.stringify(RSA.jwk)), 'alg-not-of-key'],
  ['an HMAC by nothing', hmacWith(''), 'alg-not-of-key'],
  [
    'a key of its own',
    signed(JSON.stringify(CLAIMS), { alg: 'RS256', kid: 'mine', jwk: RSA.jwk }),
    'kid-unknown',
  ],
  [
    'a key at a URL',
    signed(JSON.stringify(CLAIMS), { alg: 'RS256', kid: 'mine', jku: 'http://127.0.0.1:1/' }),
    'kid-unknown',
  ],
  [
    'a kid that is a path',
    signed(JSON.stringify(CLAIMS), { alg: 'RS256', kid: '../../dev/null' }),
    'kid-unknown',
  ],
  ['a kid of JavaScript', signed(JSON.stringify(CLAIMS), { alg: 'RS256', kid: '__proto__' }), 'kid-unknown'],
  [
    'a kid that is an object',
    signed(JSON.stringify(CLAIMS), { alg: 'RS256', kid: { $ne: '' } }),
    'kid-not-text',
  ],
  [
    'an unknown critical extension',
    signed(JSON.stringify(CLAIMS), { ...HEADER, crit: ['x'], x: 1 }),
    'crit-unsupported',
  ],
  ['the key of another algorithm', mintRaw(RSA, { alg: 'RS256', kid: 'ec' }, CLAIMS), 'alg-not-of-key'],
  [
    'an ECDSA signature of zeros',
    `${encodePart({ alg: 'ES384', kid: 'ec' })}.${PAYLOAD}.${'A'.repeat(128)}`,
    'signature-mismatch',
  ],
  ['a signature cut short', GOOD.slice(0, -6), 'signature-length'],
  ['no signature', `${HEAD}.${PAYLOAD}.`, 'signature-length'],
  ['padded base64', `${HEAD}.${PAYLOAD}.${SIGNATURE}==`, 'signature-base64'],
  ['plain base64', `${HEAD}.${PAYLOAD}.${'+/'.repeat(171)}`, 'signature-base64'],
  ['space inside', `${HEAD}.${PAYLOAD}. ${SIGNATURE}`, 'signature-base64'],
  ['a second token behind', `${GOOD} ${GOOD}`, 'not-three-parts'],
  ['bytes beyond ASCII', `${HEAD}.${PAYLOAD}.\u00e9${SIGNATURE.slice(1)}`, 'signature-base64'],
]

for (const dialect of ['problem', 'function-compute'] as const) {
  describe(`hostile tokens, ${dialect}`, () => {
    let backend: RecordingBackend
    let gateway: TestGateway
    before(async () => {
      backend = await startRecordingBackend()
      const jwks = { keys: [RSA.jwk, EC.jwk] }
      const trigger = {
        functionName: 'f',
        triggerConfig: {
          authType: 'jwt',
          authConfig: { jwks, tokenLookup: 'header:Authorization:Bearer ,query:jwt' },
        },
      }
      const native = `version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends: { b: { url: ${backend.url} } }
authentications: { main: { keys: { jwks: ${JSON.stringify(jwks)} }, tokenFrom: [{ header: Authorization, prefix: Bearer }, { query: jwt }] } }
routes: [{ path: /*, backend: b, auth: main }]`
      gateway =
        dialect === 'problem'
          ? await startTestGateway(native)
          : await startTestGateway(JSON.stringify(trigger), { name: 'trigger.json', backends: [backend.url] })
    })
    after(async () => {
      await gateway.close()
      await backend.close()
    })

    const withToken = (token: string): Promise<RawAnswer> =>
      rawAnswer(gateway.url, rawRequest({ fields: [`Authorization: Bearer ${token}`] }))

    for (const [what, token, reason] of HOSTILE) {
      it(`${what}: 401, one line, and nobody else is disturbed`, async () => {
        const earlier = gateway.entries.length
        const startedMs = performance.now()
        const [answer, honest] = await Promise.all([withToken(token), withToken(GOOD)])
        assert.ok(performance.now() - startedMs < BOUND_MS)
        assert.equal(honest.status, 200)
        assert.equal(answer.status, 401)
        const body = JSON.parse(answer.body) as Record<string, unknown>
        assert.equal(
          dialect === 'problem' ? body['code'] : body['Message'],
          dialect === 'problem' ? 'GW_TOKEN_INVALID' : 'invalid or expired jwt',
        )
        const lines = gateway.entries.slice(earlier).filter(({ outcome }) => outcome === 'refuse')
        assert.deepEqual(
          lines.map((line) => line.reason),
          [reason],
        )
      })
    }

    it('a head of ten megabytes: 431 or a closed connection, and nobody else is disturbed', async () => {
      const earlier = gateway.entries.length
      const startedMs = performance.now()
      const client = await RawClient.connect(Number(new URL(gateway.url).port))
      client.write('GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ')
      for (let i = 0; i < 160; i++) client.write('a'.repeat(65_536))
      const [text, honest] = await Promise.all([client.rest(), withToken(GOOD)])
      assert.ok(performance.now() - startedMs < BOUND_MS)
      assert.equal(honest.status, 200)
      assert.match(text, /^(?:HTTP\/1\.1 431 |$)/)
      const lines = gateway.entries.slice(earlier).filter(({ outcome }) => outcome === 'refuse')
      assert.deepEqual(
        lines.map(({ code }) => code),
        ['GW_REQUEST_HEAD_TOO_LARGE'],
      )
      client.socket.destroy()
    })

    it('a hundred forged tokens at once: all refused, and an honest client is served among them', async () => {
      const forged = `${encodePart({ alg: 'ES384', kid: 'ec' })}.${PAYLOAD}.${Buffer.alloc(96, 7).toString('base64url')}`
      const startedMs = performance.now()
      const answers = await Promise.all([
        ...Array.from({ length: 100 }, () => withToken(forged)),
        withToken(GOOD),
      ])
      assert.ok(performance.now() - startedMs < BOUND_MS)
      assert.deepEqual(
        answers.map(({ status }) => status),
        [...Array.from({ length: 100 }, () => 401), 200],
      )
    })

    it('tokens at places where nobody looks, and in numbers', async () => {
      const many = Array.from({ length: 400 }, (_, i) => `jwt=x${i}`).join('&')
      const answer = await rawAnswer(gateway.url, rawRequest({ target: `/?${many}` }))
      assert.equal(answer.status, 401)
      assert.equal(gateway.entries.at(-1)?.reason, 'several-tokens')
    })
  })
}
