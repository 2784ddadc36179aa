import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import {
  headerOf,
  startRecordingBackend,
  type RecordedRequest,
  type RecordingBackend,
} from '../support/recording-backend.ts'
import { createIssuer, type TestIssuer } from '../support/tokens.ts'

/** Every token location × every forwarding target × every match mode, over real sockets. */

const LOCATIONS = ['header', 'cookie', 'query', 'urlencoded form', 'multipart form'] as const
const TARGETS = ['header', 'query', 'form', 'cookie'] as const
const MODES = ['all', 'whitelist', 'blacklist', 'optional'] as const
type Location = (typeof LOCATIONS)[number]
type Target = (typeof TARGETS)[number]
type Mode = (typeof MODES)[number]

const CLAIM = 'Jürgen & Söhne = 100%; "ok"'
const BOUNDARY = 'xyz-boundary'

const locationKey = (location: Location): string => (location.endsWith('form') ? 'form' : location)

const configuration = (url: string, jwks: unknown): string => `
version: 1
listeners: [{ address: 127.0.0.1:0 }]
backends: { backend: { url: ${url} } }
authentications:
${[...new Set(LOCATIONS.map(locationKey))]
  .flatMap((location) =>
    TARGETS.map(
      (target) => `  ${location}-${target}:
    keys: { jwks: ${JSON.stringify(jwks)} }
    tokenFrom: [${location === 'header' ? '{ header: Authentication, prefix: Bearer }' : `{ ${location}: jwt }`}]
    forward: [{ claim: name, ${target}: nametofunction }]
    keepToken: false`,
    ),
  )
  .join('\n')}
routes:
${[...new Set(LOCATIONS.map(locationKey))]
  .flatMap((location) =>
    TARGETS.flatMap((target) =>
      MODES.map((mode) => {
        const paths = mode === 'whitelist' ? 'open' : 'guarded'
        const list =
          mode === 'all' || mode === 'optional' ? '' : `, paths: [/${location}/${target}/${mode}/${paths}/*]`
        return `  - { name: ${location}-${target}-${mode}, path: /${location}/${target}/${mode}/*, backend: backend, auth: { use: [${location}-${target}], mode: ${mode}${list} } }`
      }),
    ),
  )
  .join('\n')}
`

interface Sent {
  readonly path: string
  readonly init: RequestInit
}

/** A request with the token at its location; every request has a form body, so that form targets have a place. */
function requestWith(location: Location, base: string, token: string | undefined): Sent {
  const headers: Record<string, string> = { cookie: 'a=1; b=2' }
  const fields: [string, string][] = [['first', 'eins & zwei']]
  let query = 'x=1&y=%20z'
  if (token !== undefined) {
    if (location === 'header') headers['authentication'] = `Bearer ${token}`
    if (location === 'cookie') headers['cookie'] = `a=1; jwt=${token}; b=2`
    if (location === 'query') query = `x=1&jwt=${token}&y=%20z`
    if (location.endsWith('form')) fields.push(['jwt', token])
  }
  // What only the gateway may say, in spellings that some backend reads as the mapped name.
  headers['nametofunction'] = 'Mallory'
  query += '&NAMETOFUNCTION=Mallory&nametofunction[]=Mallory&name%74ofunction=Mallory'
  headers['cookie'] += '; nametofunction=Mallory'
  fields.push(['nametofunction', 'Mallory'], ['last', 'ünï'])
  const body = location === 'multipart form' ? multipart(fields) : new URLSearchParams(fields).toString()
  headers['content-type'] =
    location === 'multipart form'
      ? `multipart/form-data; boundary=${BOUNDARY}`
      : 'application/x-www-form-urlencoded'
  return { path: `${base}?${query}`, init: { method: 'POST', headers, body } }
}

function multipart(fields: readonly [string, string][]): string {
  const parts = fields.map(
    ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  return `${parts.join('')}--${BOUNDARY}--\r\n`
}

/** Everything that the backend could take for the mapped name, by an independent reader of each place. */
async function received(request: RecordedRequest): Promise<Record<Target, string[]>> {
  const type = headerOf(request, 'content-type')[0]!
  const form = await new Response(new Uint8Array(request.body), {
    headers: { 'content-type': type },
  }).formData()
  const named = (name: string): boolean => /^name.?to.?function(?:\[.*)?$/i.test(name)
  const pairs = (entries: Iterable<[string, unknown]>): string[] =>
    [...entries].filter(([name]) => named(name)).map(([, value]) => String(value))
  const cookies = headerOf(request, 'cookie').flatMap((line) =>
    line.split('; ').map((pair) => pair.split('=', 2) as [string, string]),
  )
  return {
    header: headerOf(request, 'nametofunction'),
    query: pairs(new URL(request.url, 'http://h').searchParams),
    form: pairs(form),
    cookie: pairs(cookies).map((value) => decodeURIComponent(value)),
  }
}

async function kept(request: RecordedRequest): Promise<void> {
  const url = new URL(request.url, 'http://h')
  assert.equal(url.searchParams.get('x'), '1')
  assert.ok(request.url.includes('y=%20z'), 'the rest of the query keeps its bytes')
  assert.match(headerOf(request, 'cookie').join('; '), /a=1; b=2/)
  const type = headerOf(request, 'content-type')[0]!
  const form = await new Response(new Uint8Array(request.body), {
    headers: { 'content-type': type },
  }).formData()
  assert.equal(form.get('first'), 'eins & zwei')
  assert.equal(form.get('last'), 'ünï')
}

describe('locations × targets × modes', () => {
  let backend: RecordingBackend
  let gateway: TestGateway
  let issuer: TestIssuer
  let token: string
  before(async () => {
    issuer = await createIssuer()
    token = await issuer.token({ name: CLAIM })
    backend = await startRecordingBackend()
    gateway = await startTestGateway(configuration(backend.url, issuer.jwks))
  })
  after(async () => {
    await gateway.close()
    await backend.close()
  })

  const send = async (sent: Sent): Promise<Response> => {
    const response = await fetch(gateway.url + sent.path, sent.init)
    await response.clone().arrayBuffer()
    return response
  }
  const guardedBase = (location: Location, target: Target, mode: Mode): string =>
    `/${locationKey(location)}/${target}/${mode}/guarded/a`
  const openBase = (location: Location, target: Target, mode: Mode): string =>
    `/${locationKey(location)}/${target}/${mode}/open/a`

  for (const location of LOCATIONS) {
    for (const target of TARGETS) {
      for (const mode of MODES) {
        it(`${location} → ${target}, ${mode}: a good token goes through and only the gateway names the caller`, async () => {
          const response = await send(requestWith(location, guardedBase(location, target, mode), token))
          assert.equal(response.status, 200, await response.text())
          const request = backend.last()
          const expected = {
            header: [] as string[],
            query: [] as string[],
            form: [] as string[],
            cookie: [] as string[],
          }
          expected[target] = [CLAIM]
          const got = await received(request)
          // Only the names of this route's mappings are reserved, each in its own place.
          assert.deepEqual(got[target], expected[target])
          await kept(request)
          const everywhere = request.url + request.rawHeaders.join('\n') + request.body.toString('latin1')
          assert.ok(!everywhere.includes(token), 'the verified token is removed')
        })

        it(`${location} → ${target}, ${mode}: without a token`, async () => {
          const needs = mode !== 'optional'
          const response = await send(requestWith(location, guardedBase(location, target, mode), undefined))
          if (needs) {
            assert.equal(response.status, 401)
            const problem = (await response.json()) as { code: string; title: string }
            assert.equal(problem.code, 'GW_TOKEN_MISSING')
            assert.equal(problem.title, 'the jwt token is missing')
          } else {
            assert.equal(response.status, 200)
            assert.deepEqual((await received(backend.last()))[target], [])
          }
        })

        if (mode === 'whitelist' || mode === 'blacklist') {
          it(`${location} → ${target}, ${mode}: a path that needs no token still loses the reserved name`, async () => {
            const response = await send(requestWith(location, openBase(location, target, mode), undefined))
            assert.equal(response.status, 200)
            assert.deepEqual((await received(backend.last()))[target], [])
            await kept(backend.last())
          })
        }
      }
    }
  }
})
