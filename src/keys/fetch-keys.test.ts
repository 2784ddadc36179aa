import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { createAuthority } from '../../test/support/authority.ts'
import { json, redirect } from '../../test/support/key-answer.ts'
import { discoveryOf } from '../../test/support/key-documents.ts'
import { failureOf, fetched } from '../../test/support/key-fetch.ts'
import { startKeyServer } from '../../test/support/key-server.ts'
import { whyNoOpenssl } from '../../test/support/openssl.ts'

const TLS = { ca: undefined, certificate: undefined, serverName: undefined, verifies: true } as const

describe('a key document', { timeout: 60_000 }, () => {
  it('is UTF-8, with a mark of byte order or without', async () => {
    await using server = await startKeyServer()
    server.serve('/bom', { body: '\uFEFF{}' })
    server.serve('/latin1', { body: Buffer.from('{"é":1}', 'latin1') })
    assert.equal((await fetched({ url: `${server.url}/bom` })).text, '{}')
    assert.equal((await failureOf({ url: `${server.url}/latin1` })).message, 'the document is not UTF-8')
  })

  it('is no other status than 200, and the query is nobody’s business', async () => {
    await using server = await startKeyServer()
    for (const status of [201, 203, 204, 206, 300, 304, 400, 401, 404, 429, 500, 503]) {
      server.serve('/keys?secret=1', { status, body: status === 204 || status === 304 ? '' : '{"keys":[]}' })
      assert.equal(
        (await failureOf({ url: `${server.url}/keys?secret=1` })).message,
        `\`${server.url}/keys?…\` answers with status ${status}`,
      )
    }
  })

  it('that is not for everybody comes with what to do', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', { status: 401 })
    assert.match((await failureOf({ url: `${server.url}/keys` })).hint ?? '', /name a `clientCertificate`/)
  })
})

describe('the metadata of an issuer', { timeout: 60_000 }, () => {
  const issuer = 'https://idp.example'

  it('say where the keys are, and the shorter time counts', async () => {
    await using server = await startKeyServer()
    server.serve(
      '/metadata',
      json(discoveryOf(issuer, `${server.url}/keys`), { 'Cache-Control': 'max-age=5' }),
    )
    server.serve('/keys', json({ keys: [] }, { 'Cache-Control': 'max-age=60' }))
    const source = { url: `${server.url}/metadata`, issuer }
    assert.deepEqual(await fetched(source), { text: '{"keys":[]}', freshMs: 5000 })
    server.serve('/keys', json({ keys: [] }))
    assert.equal((await fetched(source)).freshMs, 5000)
    server.serve('/metadata', json(discoveryOf(issuer, `${server.url}/keys`)))
    assert.equal((await fetched(source)).freshMs, undefined)
  })

  it('are of that issuer to the letter, and name a place of keys', async () => {
    await using server = await startKeyServer()
    const cases: readonly (readonly [metadata: unknown, message: RegExp])[] = [
      [
        discoveryOf(`${issuer}/`, `${server.url}/keys`),
        /of the issuer "https:\/\/idp\.example\/", which is not the one/,
      ],
      [discoveryOf('https://IDP.example', `${server.url}/keys`), /which is not the one/],
      [{ jwks_uri: `${server.url}/keys` }, /are without issuer/],
      [{ issuer: [issuer], jwks_uri: `${server.url}/keys` }, /are without issuer/],
      [{ issuer }, /have no `jwks_uri`/],
      [discoveryOf(issuer, 'file:///keys'), /have no `jwks_uri` that is an http or https URL/],
      [discoveryOf(issuer, '/keys'), /have no `jwks_uri`/],
      [[issuer], /are not a JSON object/],
      ['x', /are not a JSON object/],
    ]
    for (const [metadata, message] of cases) {
      server.serve('/metadata', json(metadata))
      assert.match((await failureOf({ url: `${server.url}/metadata`, issuer })).message, message)
    }
    server.serve('/metadata', { body: '<html>' })
    assert.match(
      (await failureOf({ url: `${server.url}/metadata`, issuer })).message,
      /are not a JSON object/,
    )
    assert.equal(server.fetches('/keys'), 0)
  })

  it(
    'do not lead to an address of this network, and never from https to http',
    { skip: whyNoOpenssl() },
    async () => {
      await using server = await startKeyServer()
      server.serve('/metadata', json(discoveryOf(issuer, 'http://169.254.169.254/keys')))
      assert.match(
        (await failureOf({ url: `${server.url}/metadata`, issuer })).message,
        /`169\.254\.169\.254` is a link-local address/,
      )
      using authority = createAuthority()
      const { certPem: cert, keyPem: key } = authority.issue('127.0.0.1')
      await using secured = await startKeyServer({ tls: { cert, key } })
      secured.serve('/metadata', json(discoveryOf(issuer, `${server.url}/keys`)))
      const tls = { ...TLS, ca: authority.certPem }
      assert.match(
        (await failureOf({ url: `${secured.url}/metadata`, issuer, tls })).message,
        /name a `jwks_uri` without TLS/,
      )
    },
  )

  it('and the keys together have the time of one fetch', async () => {
    await using server = await startKeyServer()
    server.serve('/metadata', { ...json(discoveryOf(issuer, `${server.url}/keys`)), headDelayMs: 150 })
    server.serve('/keys', { ...json({ keys: [] }), headDelayMs: 150 })
    const source = { url: `${server.url}/metadata`, issuer, timeoutMs: 250 }
    assert.match((await failureOf(source)).message, /did not answer in time/)
    assert.equal(server.fetches('/keys'), 1)
  })
})

describe('several addresses to connect to', { timeout: 60_000 }, () => {
  it('are tried in order until one answers, whatever it answers', async () => {
    await using down = await startKeyServer({ stopped: true })
    await using up = await startKeyServer()
    await using spare = await startKeyServer()
    up.serve('/keys', json({}))
    const endpoints = [down, up, spare].map(({ port }) => ({ address: '127.0.0.1', port }))
    const source = { url: 'http://keys.example/keys', endpoints }
    assert.equal((await fetched(source)).text, '{}')
    // Of each it is told where it is: the name alone says nothing.
    const gone = await failureOf({ ...source, endpoints: [{ address: '127.0.0.1', port: down.port }] })
    assert.equal(gone.message, `\`keys.example\` at 127.0.0.1:${down.port}: nobody listens there`)
    up.serve('/keys', { status: 500 })
    assert.match((await failureOf(source)).message, /answers with status 500/)
    assert.deepEqual([up.requests.at(-1)?.host, spare.connections], ['keys.example', 0])
  })

  it('share the time, so that one that is silent does not use it up', async () => {
    await using silent = await startKeyServer()
    await using up = await startKeyServer()
    silent.serve('/keys', { hangs: 'before the head' })
    up.serve('/keys', json({}))
    const endpoints = [silent, up].map(({ port }) => ({ address: '127.0.0.1', port }))
    const source = { url: 'http://keys.example/keys', endpoints, timeoutMs: 2000 }
    assert.equal((await fetched(source)).text, '{}')
    assert.deepEqual([silent.fetches(), up.fetches()], [1, 1])
  })

  it('are for the configured host alone', async () => {
    await using pinned = await startKeyServer()
    pinned.serve('/keys', redirect('http://other.invalid/keys'))
    const { message } = await failureOf({
      url: 'http://keys.example/keys',
      endpoints: [{ address: '127.0.0.1', port: pinned.port }],
      redirectHosts: ['other.invalid'],
    })
    assert.match(message, /`other\.invalid`: (?:there is no such name|the name cannot be resolved now)/)
    assert.equal(pinned.fetches(), 1)
  })

  it('that all fail end in time', async () => {
    // Accepts, and says nothing: the handshake of TLS never ends.
    const mute = createServer(() => {})
    mute.listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const { port } = mute.address() as AddressInfo
    const endpoint = { address: '127.0.0.1', port }
    const beganMs = performance.now()
    const { message } = await failureOf({
      url: 'https://keys.example/keys',
      endpoints: [endpoint, endpoint],
      timeoutMs: 300,
    })
    mute.close()
    assert.match(message, /did not answer in time/)
    assert.ok(performance.now() - beganMs < 5000)
  })
})
