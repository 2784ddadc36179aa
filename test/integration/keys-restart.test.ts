import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { createAuthority } from '../support/authority.ts'
import { json } from '../support/key-answer.ts'
import { discoveryOf, jwksOf, tokenOf } from '../support/key-documents.ts'
import { startKeyServer, type KeyServer } from '../support/key-server.ts'
import { startKeyedGateway, type KeyedAnswer, type KeyedGateway } from '../support/keyed-gateway.ts'
import { whyNoOpenssl } from '../support/openssl.ts'
import { createSigner } from '../support/signer.ts'
import { until } from '../support/wait.ts'

const a = createSigner('ES256', { kid: 'a' })
const b = createSigner('ES256', { kid: 'b' })

const told = ({ status, code }: KeyedAnswer): string => `${status} ${code}`.trim()
const UNAVAILABLE = '503 GW_KEYS_UNAVAILABLE'

interface Cache extends Disposable {
  readonly path: string
  files(): readonly string[]
  /** Whether there are keys in it that can be used. */
  isKept(): boolean
}

/** A folder that outlives the gateways of a test. */
function createCache(): Cache {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-key-cache-'))
  const path = join(folder, 'keys')
  const files = (): readonly string[] =>
    existsSync(path)
      ? readdirSync(path, { recursive: true, encoding: 'utf8' })
          .map((name) => join(path, name))
          .filter((name) => name.endsWith('.json'))
      : []
  return {
    path,
    files,
    isKept: () =>
      files().length > 0 &&
      files().every((name) => {
        const { mode, size } = statSync(name)
        return (mode & 0o077) === 0 && size < 10_000 && readFileSync(name, 'utf8').endsWith('}')
      }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const main = (server: KeyServer, more = ''): Readonly<Record<string, string>> => ({
  main: `keys: { url: "${server.url}/keys", cooldown: 1s${more} }`,
})

/** One run of a gateway that fetches the keys and keeps them, up to its end in good order. */
async function fetchAndStop(server: KeyServer, cache: Cache | undefined, more = ''): Promise<void> {
  await using gateway = await startKeyedGateway({
    authentications: main(server, more),
    keyCache: cache?.path ?? 'none',
    fetched: 1,
  })
  assert.equal(told(await gateway.ask(tokenOf(a))), '200')
  if (cache !== undefined) await until(cache.isKept)
  await gateway.stop()
}

const again = (server: KeyServer, keyCache: string, more = ''): Promise<KeyedGateway> =>
  startKeyedGateway({ authentications: main(server, more), keyCache })

/** What is on disk is read while the first fetch fails: neither then nor when it was read anybody is let in. */
async function staysUnavailable(gateway: KeyedGateway, token: string, what = 'not known'): Promise<void> {
  assert.equal(told(await gateway.ask(token)), UNAVAILABLE, what)
  await gateway.untilLines('keys could not be fetched')
  await sleep(300)
  assert.equal(told(await gateway.ask(token)), UNAVAILABLE, what)
}

describe('a restart while the server of keys is down', { timeout: 120_000, concurrency: 3 }, () => {
  it('serves with the last good keys', async () => {
    using cache = createCache()
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    await fetchAndStop(server, cache)
    await server.stop()
    await using gateway = await again(server, cache.path)
    await gateway.askUntil({ status: 200 }, tokenOf(a))
    assert.equal(told(await gateway.ask(tokenOf(b))), UNAVAILABLE)
    assert.equal(server.fetches(), 1)
    // It comes back with other keys: what it has withdrawn is withdrawn, on disk as well.
    server.serve('/keys', json(jwksOf(b)))
    await server.start()
    await gateway.askUntil({ status: 200 }, tokenOf(b))
    assert.equal(told(await gateway.ask(tokenOf(a))), '401 GW_TOKEN_INVALID')
    await until(() =>
      cache.files().every((name) => !readFileSync(name, 'utf8').includes('\\"kid\\":\\"a\\"')),
    )
    await gateway.stop()
    await server.stop()
    await using third = await again(server, cache.path)
    await third.askUntil({ status: 200 }, tokenOf(b))
    await staysUnavailable(third, tokenOf(a))
  })

  it('serves several workers with them', async () => {
    using cache = createCache()
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    await fetchAndStop(server, cache)
    await server.stop()
    await using gateway = await startKeyedGateway({
      authentications: main(server),
      keyCache: cache.path,
      workers: 2,
    })
    await gateway.askUntil({ status: 200 }, tokenOf(a))
    for (let i = 0; i < 4; i++) assert.equal(told(await gateway.ask(tokenOf(a))), '200')
  })

  it('serves with them after a kill, too, and in the folder of caches where none is configured', async () => {
    using cache = createCache()
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    const options = {
      authentications: main(server),
      keyCache: null,
      env: { XDG_CACHE_HOME: cache.path },
    }
    {
      await using first = await startKeyedGateway(options)
      assert.equal(told(await first.ask(tokenOf(a))), '200')
      await until(cache.isKept)
      first.cli.kill()
      await first.cli.ended
    }
    assert.ok(cache.files().every((name) => name.startsWith(join(cache.path, 'claimgate/keys'))))
    await server.stop()
    await using second = await startKeyedGateway(options)
    await second.askUntil({ status: 200 }, tokenOf(a))
  })

  it('lets nobody in where nothing is kept', async () => {
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    await fetchAndStop(server, undefined)
    await server.stop()
    await using gateway = await again(server, 'none')
    await staysUnavailable(gateway, tokenOf(a))
  })

  it('finds them older for the time that it was not there', async () => {
    using cache = createCache()
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    await fetchAndStop(server, cache, ', serveStale: 1s, refresh: 1s, minRefresh: 1s')
    await server.stop()
    await sleep(2500)
    await using gateway = await again(server, cache.path, ', serveStale: 1s, refresh: 1s, minRefresh: 1s')
    await staysUnavailable(gateway, tokenOf(a))
  })

  it('keeps the keys of an issuer that tells where they are', async () => {
    using cache = createCache()
    await using server = await startKeyServer()
    server.serve('/.well-known/openid-configuration', json(discoveryOf(server.url, `${server.url}/keys`)))
    server.serve('/keys', json(jwksOf(a)))
    const options = {
      authentications: { main: `issuer: "${server.url}", keys: { discovery: true, cooldown: 1s }` },
      keyCache: cache.path,
    }
    const token = tokenOf(a, { iss: server.url })
    {
      await using first = await startKeyedGateway(options)
      assert.equal(told(await first.ask(token)), '200')
      await until(cache.isKept)
      await first.stop()
    }
    await server.stop()
    await using second = await startKeyedGateway(options)
    await second.askUntil({ status: 200 }, token)
  })
})

describe('keys on disk', { timeout: 120_000, concurrency: 3 }, () => {
  it('are for the owner alone', async () => {
    using cache = createCache()
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    await fetchAndStop(server, cache)
    const files = cache.files()
    assert.equal(files.length, 1)
    for (const file of files) {
      assert.equal(statSync(file).mode & 0o077, 0, 'others can do nothing with it')
    }
    assert.equal(statSync(cache.path).mode & 0o022, 0)
  })

  for (const [what, spoil] of Object.entries<(file: string) => void>({
    'that others could write': (file) => chmodSync(file, 0o666),
    'that the group could write': (file) => chmodSync(file, 0o660),
    'that are cut off': (file) => writeFileSync(file, readFileSync(file, 'utf8').slice(0, -20)),
    'that are something else': (file) => writeFileSync(file, 'no keys\0\n'),
    'that are empty': (file) => writeFileSync(file, ''),
    'that are too large': (file) => writeFileSync(file, readFileSync(file, 'utf8') + ' '.repeat(40_000_000)),
  })) {
    it(`${what} are not believed, and do not hold up the start`, async () => {
      using cache = createCache()
      await using server = await startKeyServer()
      server.serve('/keys', json(jwksOf(a)))
      await fetchAndStop(server, cache)
      for (const file of cache.files()) spoil(file)
      await server.stop()
      await using gateway = await again(server, cache.path)
      await staysUnavailable(gateway, tokenOf(a))
      await server.start()
      await gateway.askUntil({ status: 200 }, tokenOf(a))
      await until(cache.isKept)
      await gateway.stop()
      await server.stop()
      // They were written anew.
      await using next = await again(server, cache.path)
      await next.askUntil({ status: 200 }, tokenOf(a))
    })
  }

  it(
    'are of the source as it is configured: where, by whom, and how it is reached',
    { skip: whyNoOpenssl() ?? false },
    async () => {
      using cache = createCache()
      using authority = createAuthority()
      const { certPem: cert, keyPem: key } = authority.issue('127.0.0.1', 'keys.example')
      await using server = await startKeyServer({ tls: { cert, key } })
      server.serve('/keys', json(jwksOf(a)))
      server.serve('/other', json(jwksOf(a)))
      const files = { 'ca.pem': authority.certPem, 'same-ca.pem': authority.certPem }
      const start = (keys: string, name = 'main'): Promise<KeyedGateway> =>
        startKeyedGateway({
          authentications: { [name]: `keys: { ${keys}, cooldown: 1s }` },
          keyCache: cache.path,
          files,
        })
      const url = `url: "${server.url}/keys"`
      {
        await using first = await start(`${url}, ca: ca.pem`)
        assert.equal(told(await first.ask(tokenOf(a))), '200')
        await first.stop()
      }
      await server.stop()
      for (const [what, keys] of Object.entries({
        'another path': `url: "${server.url}/other", ca: ca.pem`,
        'another address': `${url}, ca: ca.pem, connectTo: "127.0.0.1:${server.port}"`,
        'another name of the server': `${url}, ca: ca.pem, serverName: keys.example`,
        'no authority of its own': url,
      })) {
        await using other = await start(keys)
        await staysUnavailable(other, tokenOf(a), what)
      }
      // What it is called says nothing of whose keys they are.
      await using renamed = await start(`${url}, ca: same-ca.pem`, 'renamed')
      await renamed.askUntil({ status: 200 }, tokenOf(a), 'renamed')
    },
  )

  it('that cannot be written are a warning, and nothing else', async () => {
    using cache = createCache()
    await using server = await startKeyServer()
    server.serve('/keys', json(jwksOf(a)))
    writeFileSync(cache.path, 'a file where the folder should be')
    await using gateway = await again(server, cache.path)
    await gateway.askUntil({ status: 200 }, tokenOf(a))
    assert.match(gateway.cli.output.stdout, /"level":"warn"/)
  })
})
