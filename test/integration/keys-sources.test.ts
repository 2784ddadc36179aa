import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { certificateOf, createAuthority } from '../support/authority.ts'
import { gzipped, json, tenMegabytes } from '../support/key-answer.ts'
import { certificateMapOf, discoveryOf, jwksOf, pemMapOf, pemOf, tokenOf } from '../support/key-documents.ts'
import { startKeyServer } from '../support/key-server.ts'
import { startKeyedGateway, type KeyedGateway } from '../support/keyed-gateway.ts'
import { whyNoOpenssl } from '../support/openssl.ts'
import { createSigner } from '../support/signer.ts'

const withOpenssl = { skip: whyNoOpenssl() ?? false }

const a = createSigner('ES256', { kid: 'a' })
const b = createSigner('ES256', { kid: 'b' })
const rsa = createSigner('RS256', { kid: 'rsa' })
/** Has the kid of `a`, and another key. */
const forger = createSigner('ES256', { kid: 'a' })

/** What each authentication makes of each token, by their statuses. */
async function statuses(
  gateway: KeyedGateway,
  authentications: readonly string[],
  token: string,
): Promise<Readonly<Record<string, number>>> {
  const answers = await Promise.all(authentications.map((name) => gateway.ask(token, name)))
  return Object.fromEntries(authentications.map((name, i) => [name, answers[i]!.status]))
}

const all = (names: readonly string[], status: number): Readonly<Record<string, number>> =>
  Object.fromEntries(names.map((name) => [name, status]))

describe('where keys are fetched', { timeout: 120_000, concurrency: 3 }, () => {
  it(
    'is a URL of a JWKS, PEM, or a map of kids to either kind of PEM: one fetch each',
    withOpenssl,
    async () => {
      await using server = await startKeyServer()
      const documents = {
        jwks: json(jwksOf(a)),
        pem: { body: pemOf(a), headers: { 'Content-Type': 'application/x-pem-file' } },
        certificate: { body: certificateOf(a) },
        pems: json(pemMapOf(a, rsa)),
        certificates: json(certificateMapOf(a, rsa)),
        // Told by its content, whatever the server calls it.
        miscalled: { body: JSON.stringify(jwksOf(a)), headers: { 'Content-Type': 'text/plain' } },
      }
      for (const [name, answer] of Object.entries(documents)) server.serve(`/${name}`, answer)
      const names = Object.keys(documents)
      await using gateway = await startKeyedGateway({
        authentications: Object.fromEntries(
          names.map((name) => [name, `keys: { url: "${server.url}/${name}", cooldown: 1s }`]),
        ),
        fetched: names.length,
      })
      const token = tokenOf(a, {}, { kid: undefined })
      const named = tokenOf(a)
      assert.deepEqual(
        await statuses(gateway, ['pem', 'certificate'], token),
        all(['pem', 'certificate'], 200),
      )
      const withKids = names.filter((name) => name !== 'pem' && name !== 'certificate')
      assert.deepEqual(await statuses(gateway, withKids, named), all(withKids, 200))
      const maps = ['pems', 'certificates']
      assert.deepEqual(await statuses(gateway, maps, tokenOf(rsa)), all(maps, 200))
      for (const name of names) assert.equal(server.fetches(`/${name}`), 1, name)
      assert.deepEqual(await statuses(gateway, names, tokenOf(forger)), all(names, 401))
    },
  )

  it('is an issuer that tells, by itself or by a URL of it or of its metadata: two fetches each', async () => {
    await using server = await startKeyServer()
    const metadata = '/.well-known/openid-configuration'
    const issuers = ['plain', 'slash', 'byIssuer', 'byDocument'] as const
    const issuerOf = (name: string): string => `${server.url}/${name}${name === 'slash' ? '/' : ''}`
    for (const name of issuers) {
      server.serve(`/${name}${metadata}`, json(discoveryOf(issuerOf(name), `${server.url}/${name}/keys`)))
      server.serve(`/${name}/keys`, json(jwksOf(a)))
    }
    // RFC 8414 metadata is at a place of its own: only a URL of the document can name it.
    const elsewhere = '/.well-known/oauth-authorization-server/byDocument'
    server.serve(elsewhere, json(discoveryOf(issuerOf('byDocument'), `${server.url}/byDocument/keys`)))
    await using gateway = await startKeyedGateway({
      authentications: {
        plain: `issuer: "${issuerOf('plain')}", keys: { discovery: true }`,
        slash: `issuer: "${issuerOf('slash')}", keys: { discovery: true }`,
        byIssuer: `issuer: "${issuerOf('byIssuer')}", keys: { discovery: "${issuerOf('byIssuer')}" }`,
        byDocument: `issuer: "${issuerOf('byDocument')}", keys: { discovery: "${server.url}${elsewhere}" }`,
      },
      fetched: 4,
    })
    for (const name of issuers) {
      const { status, body } = await gateway.ask(tokenOf(a, { iss: issuerOf(name) }), name)
      assert.equal(status, 200, `${name}: ${body}`)
      assert.equal(server.fetches(`/${name}/keys`), 1, name)
      assert.equal((await gateway.ask(tokenOf(a, { iss: 'https://other.example' }), name)).status, 401, name)
    }
    for (const name of ['plain', 'slash', 'byIssuer']) assert.equal(server.fetches(`/${name}${metadata}`), 1)
    assert.equal(server.fetches(elsewhere), 1)
    assert.equal(server.fetches(), 8)
  })

  it('is no issuer whose metadata is of another, and its keys are not even fetched', async () => {
    await using server = await startKeyServer()
    const issuer = `${server.url}/tenant`
    for (const said of [`${server.url}/other`, `${issuer}/`, undefined]) {
      const document = { ...discoveryOf(issuer, `${server.url}/keys`), issuer: said }
      server.serve('/tenant/.well-known/openid-configuration', json(document))
      server.serve('/keys', json(jwksOf(a)))
      await using gateway = await startKeyedGateway({
        authentications: { main: `issuer: "${issuer}", keys: { discovery: true }` },
      })
      const answer = await gateway.ask(tokenOf(a, { iss: issuer }))
      assert.deepEqual([answer.status, answer.code], [503, 'GW_KEYS_UNAVAILABLE'])
      const [line] = await gateway.untilLines('keys could not be fetched')
      assert.match(String(line?.['error']), /issuer/)
      assert.equal(server.fetches('/keys'), 0)
    }
  })

  it('is several places for one issuer, of which each answers for its own keys', async () => {
    await using server = await startKeyServer()
    server.serve('/a', json(jwksOf(a)))
    server.serve('/b', { status: 500 })
    const places = `[{ url: "${server.url}/a", cooldown: 1s }, { url: "${server.url}/b", cooldown: 1s }, { jwks: ${JSON.stringify(jwksOf(rsa))} }]`
    await using gateway = await startKeyedGateway({ authentications: { main: `keys: ${places}` } })
    assert.equal((await gateway.ask(tokenOf(a))).status, 200)
    assert.equal((await gateway.ask(tokenOf(rsa))).status, 200)
    const unknown = await gateway.ask(tokenOf(b))
    assert.deepEqual([unknown.status, unknown.code], [503, 'GW_KEYS_UNAVAILABLE'])
    assert.equal((await gateway.ask(tokenOf(a))).status, 200)
    server.serve('/b', json(jwksOf(b)))
    await gateway.askUntil({ status: 200 }, tokenOf(b))
    const stranger = await gateway.ask(tokenOf(createSigner('ES256', { kid: 'stranger' })))
    assert.deepEqual([stranger.status, stranger.code], [401, 'GW_TOKEN_INVALID'])
  })

  it('is a file, which is read again when it changes', async () => {
    await using gateway = await startKeyedGateway({
      authentications: { main: 'keys: { jwksFile: keys.json }' },
      files: { 'keys.json': JSON.stringify(jwksOf(a)) },
    })
    const token = tokenOf(a)
    assert.equal((await gateway.ask(token)).status, 200)
    gateway.write('keys.json', JSON.stringify(jwksOf(b)))
    await gateway.askUntil({ status: 401 }, token)
    assert.equal((await gateway.ask(tokenOf(b))).status, 200)
  })

  it('is compressed or not, yet never larger for that than it may be', async () => {
    await using server = await startKeyServer()
    server.serve('/small', gzipped(json(jwksOf(a))))
    server.serve('/large', gzipped(tenMegabytes(jwksOf(a))))
    await using gateway = await startKeyedGateway({
      authentications: {
        small: `keys: { url: "${server.url}/small" }`,
        large: `keys: { url: "${server.url}/large" }`,
      },
    })
    const large = await gateway.ask(tokenOf(a), 'large')
    assert.deepEqual([large.status, large.code], [503, 'GW_KEYS_UNAVAILABLE'])
    const small = await gateway.ask(tokenOf(a), 'small')
    // Who asked for no compression need not understand it.
    assert.ok(small.status === 200 || small.code === 'GW_KEYS_UNAVAILABLE', String(small.status))
  })
})

describe('who keys are fetched from, over TLS', { timeout: 120_000, concurrency: 3, ...withOpenssl }, () => {
  it('shows a certificate of the configured authority, for the name of the URL', async () => {
    using authority = createAuthority()
    using stranger = createAuthority('somebody else')
    const { certPem: cert, keyPem: key } = authority.issue('keys.example', '127.0.0.1')
    await using server = await startKeyServer({ tls: { cert, key } })
    server.serve('/keys', json(jwksOf(a)))
    const pinned = `connectTo: "127.0.0.1:${server.port}"`
    await using gateway = await startKeyedGateway({
      authentications: {
        address: `keys: { url: "${server.url}/keys", ca: ca.pem }`,
        name: `keys: { url: "https://keys.example/keys", ca: ca.pem, ${pinned} }`,
        serverName: `keys: { url: "https://public.example/keys", ca: ca.pem, serverName: keys.example, ${pinned} }`,
        noAuthority: `keys: { url: "${server.url}/keys" }`,
        otherAuthority: `keys: { url: "${server.url}/keys", ca: stranger.pem }`,
        otherName: `keys: { url: "https://other.example/keys", ca: ca.pem, ${pinned} }`,
      },
      files: { 'ca.pem': authority.certPem, 'stranger.pem': stranger.certPem },
    })
    const token = tokenOf(a)
    const good = ['address', 'name', 'serverName']
    assert.deepEqual(await statuses(gateway, good, token), all(good, 200))
    const bad = ['noAuthority', 'otherAuthority', 'otherName']
    assert.deepEqual(await statuses(gateway, bad, token), all(bad, 503))
    const failed = await gateway.untilLines('keys could not be fetched', 3)
    for (const { error } of failed) assert.match(String(error), /certificate|altnames/i)
    assert.deepEqual(
      server.requests.map(({ host, serverName }) => `${host} ${serverName}`).sort(),
      [`127.0.0.1:${server.port} undefined`, 'keys.example keys.example', 'public.example keys.example'],
      'nothing is asked of a server that is not known to be the right one',
    )
  })

  it('may demand a certificate of the gateway', async () => {
    using authority = createAuthority()
    const { certPem: cert, keyPem: key } = authority.issue('keys.example', '127.0.0.1')
    const own = authority.issue('a gateway')
    await using server = await startKeyServer({ tls: { cert, key, clientCa: authority.certPem } })
    server.serve('/keys', json(jwksOf(a)))
    const url = `url: "${server.url}/keys", ca: ca.pem`
    await using gateway = await startKeyedGateway({
      authentications: {
        shown: `keys: { ${url}, clientCertificate: { cert: gw.crt, key: gw.key } }`,
        unshown: `keys: { ${url} }`,
      },
      files: { 'ca.pem': authority.certPem, 'gw.crt': own.certPem, 'gw.key': own.keyPem },
    })
    assert.equal((await gateway.ask(tokenOf(a), 'shown')).status, 200)
    const unshown = await gateway.ask(tokenOf(a), 'unshown')
    assert.deepEqual([unshown.status, unshown.code], [503, 'GW_KEYS_UNAVAILABLE'])
    assert.deepEqual(
      server.requests.map(({ clientName }) => clientName),
      ['a gateway'],
    )
  })

  it('is asked at another of several addresses where one is down', async () => {
    await using down = await startKeyServer({ stopped: true })
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    await using gateway = await startKeyedGateway({
      authentications: {
        main: `keys: { url: "http://keys.example/keys", connectTo: ["127.0.0.1:${down.port}", "127.0.0.1:${server.port}"] }`,
      },
    })
    assert.equal((await gateway.ask(tokenOf(a))).status, 200)
    assert.equal(server.requests[0]?.host, 'keys.example')
  })
})

describe('what a fetched set may hold', { timeout: 120_000, concurrency: 3 }, () => {
  it('is skipped by itself where it is unusable, with a warning that names it; the rest serve', async () => {
    const secret = createSigner('HS256', { kid: 'secret' })
    const keys = [
      a.jwk,
      { kty: 'XYZ', kid: 'unknown-type' },
      { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA', kid: 'no-point' },
      { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(64, 0xc5).toString('base64url'), kid: 'weak' },
      secret.jwk,
      { ...b.jwk, d: Buffer.alloc(32, 7).toString('base64url'), kid: 'private' },
      { ...b.jwk, use: 'enc', kid: 'for-encryption' },
      'no-object',
      rsa.jwk,
    ]
    await using server = await startKeyServer()
    server.serve('/keys', json({ keys }))
    await using gateway = await startKeyedGateway({
      authentications: { main: `keys: { url: "${server.url}/keys", cooldown: 1s }` },
    })
    assert.equal((await gateway.ask(tokenOf(a))).status, 200)
    assert.equal((await gateway.ask(tokenOf(rsa))).status, 200)
    for (const [signer, kid] of [
      [secret, 'secret'],
      [b, 'private'],
    ] as const) {
      const answer = await gateway.ask(tokenOf(signer, {}, { kid }))
      assert.deepEqual([answer.status, answer.code], [401, 'GW_TOKEN_INVALID'], kid)
    }
    const skipped = await gateway.untilLines('a key was skipped', 6)
    const said = skipped.map(({ problem }) => String(problem)).join('\n')
    for (const kid of ['unknown-type', 'no-point', 'weak', 'secret', 'private'])
      assert.match(said, new RegExp(kid))
    const { stdout } = gateway.cli.output
    for (const text of [secret.jwk['k'], Buffer.alloc(32, 7).toString('base64url'), b.jwk['x']])
      assert.ok(typeof text === 'string' && !stdout.includes(text), 'no part of a key is in the log')
    const [fetched] = await gateway.untilLines('keys were fetched')
    assert.deepEqual(fetched?.['keys'], ['kid "a"', 'kid "rsa"'])
  })

  it('is bounded in size and number, as configured', async () => {
    await using server = await startKeyServer()
    const many = Array.from({ length: 20 }, (_, i) => ({ ...b.jwk, kid: `b${i}` }))
    server.serve('/keys', json({ keys: [a.jwk, ...many] }))
    server.serve('/spaces', { body: JSON.stringify(jwksOf(a)) + ' '.repeat(70_000) })
    await using gateway = await startKeyedGateway({
      authentications: {
        all: `keys: { url: "${server.url}/keys" }`,
        number: `keys: { url: "${server.url}/keys", maxKeys: 20 }`,
        size: `keys: { url: "${server.url}/keys", maxSize: 1KiB }`,
        large: `keys: { url: "${server.url}/spaces" }`,
        larger: `keys: { url: "${server.url}/spaces", maxSize: 128KiB }`,
      },
    })
    assert.deepEqual(await statuses(gateway, ['all', 'number', 'size', 'large', 'larger'], tokenOf(a)), {
      all: 200,
      number: 503,
      size: 503,
      large: 503,
      larger: 200,
    })
  })
})
