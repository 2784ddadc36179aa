import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
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

const SLEEP = 'cluster.local/ns/foo/sa/sleep'

describe('client certificates', { skip }, () => {
  const ca = skip === false ? makeAuthority('ca') : undefined
  if (skip === false) makeAuthority('other-ca')
  const server = skip === false ? makeSigned('server', 'ca', 'IP:127.0.0.1') : undefined
  const sleep = skip === false ? makeSigned('sleep', 'ca', `URI:spiffe://${SLEEP}`) : undefined
  const forged = skip === false ? makeSigned('forged', 'other-ca', `URI:spiffe://${SLEEP}`) : undefined

  async function serving(engine: string, clientCertificate: string): Promise<TestGateway & AsyncDisposable> {
    const backend = await startRecordingBackend()
    const native = `
version: 1
engine: ${engine}
listeners:
  - address: 127.0.0.1:0
    tls:
      certificates: [{ cert: server.pem, key: server.key }]
      clientCa: ca.pem
      clientCertificate: ${clientCertificate}
backends: { b: { url: ${backend.url} } }
routes: [{ path: /*, backend: b, auth: none }]
import: [{ mesh: mesh.yaml }]`
    const gateway = await startTestGateway(native, {
      files: {
        'server.pem': server?.cert ?? '',
        'server.key': server?.key ?? '',
        'ca.pem': ca?.cert ?? '',
        'mesh.yaml': policy('ALLOW', `[{ from: [{ source: { principals: [${SLEEP}] } }] }]`),
      },
    })
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
