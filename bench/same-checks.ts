import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Contestant } from './contestants/contestant.ts'
import { serverCertificate } from './contestants/certificate.ts'
import { claims, forgeHmacToken, forgeTokens, makeToken, type Measured } from './tokens.ts'
import type { Workbench } from './workbench.ts'

/** Nobody is compared who answers slower than this to a single request. */
const ANSWER_MS = 5000

/**
 * Proves before anything is measured that a gateway does the work: good tokens pass with their `sub` in `X-User`, the
 * client's own `X-User` and the token do not, and every bad token is refused. Throws with what is wrong.
 */
export async function provesChecks(
  bench: Workbench,
  name: string,
  contestant: Contestant,
  guard: Measured | 'none',
  path: string,
): Promise<void> {
  const ask = await asker(bench, contestant.origin, `${path}whoami`)
  const wrong = guard === 'none' ? await open(ask) : await guarded(bench, ask, guard)
  if (wrong !== undefined) throw new Error(`${name} does not do what it is measured for: ${wrong}`)
}

type Ask = (headers: Readonly<Record<string, string>>) => Promise<Answer>

interface Answer {
  readonly status: number
  readonly body: string
}

async function open(ask: Ask): Promise<string | undefined> {
  const { status } = await ask({})
  return status === 200 ? undefined : `a request without a token gets ${status}`
}

async function guarded(bench: Workbench, ask: Ask, alg: Measured): Promise<string | undefined> {
  const { key } = bench.keys(alg)
  const now = bench.nowSeconds
  const good = await makeToken(key, claims('user-0', now))
  const passed = await ask({ authorization: `Bearer ${good}`, 'x-user': 'mallory' })
  if (passed.status !== 200) return `a good token gets ${passed.status}`
  if (passed.body !== 'user-0|') return 'the backend does not see `sub` in `X-User`, and no token'
  const bad: Readonly<Record<string, string | undefined>> = {
    'no token': undefined,
    'a forged signature': forgeTokens(key, 1, now)[0],
    'an expired token': await makeToken(key, { ...claims('user-0', now), exp: now - 7200 }),
    'another issuer': await makeToken(key, { ...claims('user-0', now), iss: 'https://other.example' }),
    'HS256 with the public key': forgeHmacToken(key, claims('user-0', now)),
    'changed claims': `${good.slice(0, good.indexOf('.') + 1)}${partOfOther(good)}`,
  }
  for (const [what, token] of Object.entries(bad)) {
    const { status } = await ask(token === undefined ? {} : { authorization: `Bearer ${token}` })
    if (status < 400) return `${what} gets ${status}`
  }
  return undefined
}

/** Payload and signature of a token, with another `sub`. */
function partOfOther(token: string): string {
  const [, payload = '', signature = ''] = token.split('.')
  const text = Buffer.from(payload, 'base64url').toString().replace('user-0', 'user-1')
  return `${Buffer.from(text).toString('base64url')}.${signature}`
}

async function asker(bench: Workbench, origin: string, path: string): Promise<Ask> {
  const tls = origin.startsWith('https:')
  const ca = tls ? readFileSync((await serverCertificate(bench)).certFile) : undefined
  return (headers) =>
    new Promise((resolve, reject) => {
      const options = {
        headers,
        agent: false as const,
        timeout: ANSWER_MS,
        ...(ca === undefined ? {} : { ca }),
      }
      const sent = (tls ? httpsRequest : httpRequest)(origin + path, options, (response) => {
        let body = ''
        response.setEncoding('latin1')
        response.on('data', (piece: string) => (body += piece))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
        response.on('error', reject)
      })
      sent.on('timeout', () => sent.destroy(new Error(`${path} is not answered within ${ANSWER_MS} ms`)))
      sent.on('error', reject)
      sent.end()
    })
}
