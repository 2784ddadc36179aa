import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { connect as connectTls, getCACertificates, setDefaultCACertificates } from 'node:tls'
import { configurationOf, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { policy } from '../support/mesh.ts'
import { whyNoOpenssl } from '../support/openssl.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const skip = whyNoOpenssl() ?? false
const folder = mkdtempSync(join(tmpdir(), 'claimgate-mtls-'))
after(() => rmSync(folder, { recursive: true }))

interface Pair {
  readonly cert: string
  readonly key: string
}

const openssl = (...options: readonly string[]): void =>
  void execFileSync('openssl', options, { stdio: 'ignore', cwd: folder })
const read = (name: string): Pair => ({
  cert: readFileSync(join(folder, `${name}.pem`), 'utf8'),
  key: readFileSync(join(folder, `${name}.key`), 'utf8'),
})
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

function makeAuthority(name: string): Pair {
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`]
  openssl('req', '-x509', ...EC, '-days', '2', ...files, '-subj', `/CN=${name}`)
  return read(name)
}

function makeSigned(name: string, authority: string, alternative: string): Pair {
  openssl('req', ...EC, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
  writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${alternative}\n`)
  const signing = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial', '-days', '2']
  openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-extfile', `${name}.ext`, '-out', `${name}.pem`)
  return read(name)
}

interface Http2Visit {
  readonly statuses: readonly number[]
  readonly resumed: boolean
  /** What a later connection may resume the session with. */
  readonly ticket: Buffer | undefined
}

const SLEEP = 'cluster.local/ns/foo/sa/sleep'

describe('client certificates', { skip }, () => {
  const ca = skip === false ? makeAuthority('ca') : undefined
  const otherCa = skip === false ? makeAuthority('other-ca') : undefined
  const server = skip === false ? makeSigned('server', 'ca', 'IP:127.0.0.1') : undefined
  const sleep = skip === false ? makeSigned('sleep', 'ca', `URI:spiffe://${SLEEP}`) : undefined
  const forged = skip === false ? makeSigned('forged', 'other-ca', `URI:spiffe://${SLEEP}`) : undefined

  const files = {
    'server.pem': server?.cert ?? '',
    'server.key': server?.key ?? '',
    'ca.pem': ca?.cert ?? '',
    'other-ca.pem': otherCa?.cert ?? '',
    'mesh.yaml': policy('ALLOW', `[{ from: [{ source: { principals: [${SLEEP}] } }] }]`),
  }

  const configured = (engine: string, clients: string, backendUrl = 'http://127.0.0.1:9'): string => `
version: 1
engine: ${engine}
listeners:
  - address: 127.0.0.1:0
    tls: { certificates: [{ cert: server.pem, key: server.key }]${clients} }
backends: { b: { url: ${backendUrl} } }
routes: [{ path: /*, backend: b, auth: none }]
import: [{ mesh: mesh.yaml }]`

  async function serving(engine: string, clientCertificate: string): Promise<TestGateway & AsyncDisposable> {
    const backend = await startRecordingBackend()
    const clients = `, clientCa: ca.pem, clientCertificate: ${clientCertificate}`
    const gateway = await startTestGateway(configured(engine, clients, backend.url), { files })
    return {
      ...gateway,
      [Symbol.asyncDispose]: async () => {
        await gateway.close()
        await backend.close()
      },
    }
  }

  /** The status, or what the handshake ended in. */
  function get(url: string, pair?: Pair): Promise<number | 'no connection'> {
    const options = { ca: ca?.cert, cert: pair?.cert, key: pair?.key, agent: false }
    return new Promise((resolve) => {
      const client = request(url, options, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      client.on('error', () => resolve('no connection'))
      client.end()
    })
  }

  /** The statuses of two requests on one connection of HTTP/2, or what the handshake ended in. */
  async function getHttp2(url: string, pair?: Pair, session?: Buffer): Promise<Http2Visit | 'no connection'> {
    const options = { ca: ca?.cert, cert: pair?.cert, key: pair?.key, session, ALPNProtocols: ['h2'] }
    const socket = connectTls(Number(new URL(url).port), '127.0.0.1', options)
    let ticket: Buffer | undefined
    socket.on('session', (received: Buffer) => (ticket = received))
    const client = connectHttp2(url, { createConnection: () => socket })
    const statusOf = (): Promise<number> =>
      new Promise((resolve, reject) => {
        const stream = client.request({ ':path': '/' })
        let status = 0
        stream.on('response', (head) => (status = Number(head[':status'])))
        stream.on('error', reject)
        stream.on('close', () => resolve(status))
        stream.resume()
      })
    client.on('error', () => {})
    try {
      const statuses = [await statusOf(), await statusOf()]
      return { statuses, resumed: socket.isSessionReused(), ticket }
    } catch {
      return 'no connection'
    } finally {
      client.destroy()
    }
  }

  it('are as good over HTTP/2', async () => {
    await using gateway = await serving('claimgate', 'optional')
    const visit = (pair?: Pair, session?: Buffer) => getHttp2(gateway.url, pair, session)
    const [shown, none, bad] = await Promise.all([visit(sleep), visit(), visit(forged)])
    assert.ok(typeof shown === 'object' && typeof none === 'object' && typeof bad === 'object')
    assert.deepEqual(
      [shown.statuses, none.statuses, bad.statuses],
      [
        [200, 200],
        [403, 403],
        [403, 403],
      ],
    )
    assert.ok(gateway.entries.every(({ protocol }) => protocol === 'HTTP/2.0'))
  })

  it('are remembered by a session that is resumed, and only those that were good', async () => {
    await using gateway = await serving('claimgate', 'optional')
    for (const [pair, status] of [
      [sleep, 200],
      [undefined, 403],
      [forged, 403],
    ] as const) {
      const first = await getHttp2(gateway.url, pair)
      assert.ok(typeof first === 'object' && first.ticket !== undefined)
      const second = await getHttp2(gateway.url, undefined, first.ticket)
      assert.ok(typeof second === 'object')
      assert.deepEqual([second.resumed, second.statuses], [true, [status, status]])
    }
  })

  for (const engine of ['claimgate', 'node']) {
    it(`are nobody's any more once a reload names another authority, or none (${engine})`, async () => {
      await using gateway = await serving(engine, 'optional')
      assert.equal(await get(gateway.url, sleep), 200)
      const session = engine === 'claimgate' ? await getHttp2(gateway.url, sleep) : undefined
      const publish = async (clients: string): Promise<void> =>
        void (await gateway.server.publish(await configurationOf(configured(engine, clients), { files })))
      await publish(', clientCa: other-ca.pem, clientCertificate: optional')
      assert.equal(await get(gateway.url, sleep), 403)
      assert.equal(await get(gateway.url, forged), 502)
      if (typeof session === 'object') {
        const resuming = await getHttp2(gateway.url, undefined, session.ticket)
        assert.ok(typeof resuming === 'object')
        assert.deepEqual(resuming.statuses, [403, 403])
      }
      const before = getCACertificates('default')
      setDefaultCACertificates([ca?.cert ?? ''])
      try {
        await publish('')
      } finally {
        setDefaultCACertificates(before)
      }
      assert.equal(await get(gateway.url, sleep), 403)
    })
  }

  it('are required over HTTP/2 where they are', async () => {
    await using gateway = await serving('claimgate', 'required')
    const shown = await getHttp2(gateway.url, sleep)
    assert.ok(typeof shown === 'object')
    assert.deepEqual(shown.statuses, [200, 200])
    assert.equal(await getHttp2(gateway.url), 'no connection')
    assert.equal(await getHttp2(gateway.url, forged), 'no connection')
  })

  for (const engine of ['claimgate', 'node']) {
    it(`optional: who shows a good one is somebody (${engine})`, async () => {
      await using gateway = await serving(engine, 'optional')
      assert.equal(await get(gateway.url, sleep), 200)
      assert.equal(await get(gateway.url), 403)
      assert.equal(await get(gateway.url, forged), 403)
    })

    it(`required: without a good one there is no connection (${engine})`, async () => {
      await using gateway = await serving(engine, 'required')
      assert.equal(await get(gateway.url, sleep), 200)
      assert.equal(await get(gateway.url), 'no connection')
      assert.equal(await get(gateway.url, forged), 'no connection')
    })
  }
})
