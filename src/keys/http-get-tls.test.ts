import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createAuthority } from '../../test/support/authority.ts'
import { json } from '../../test/support/key-answer.ts'
import { failureOf, getRequest, textOf } from '../../test/support/key-get.ts'
import { startKeyServer } from '../../test/support/key-server.ts'
import { makeCertificate, whyNoOpenssl } from '../../test/support/openssl.ts'
import { get } from './http-get.ts'

const NO_TLS = { ca: undefined, certificate: undefined, serverName: undefined, verifies: true } as const

describe('TLS', { timeout: 60_000, skip: whyNoOpenssl() }, () => {
  it('is by the authority that is named, and by no other', async () => {
    using authority = createAuthority()
    const { certPem: cert, keyPem: key } = authority.issue('keys.example', '127.0.0.1')
    await using server = await startKeyServer({ tls: { cert, key } })
    server.serve('/keys', json({}))
    const ca = authority.certPem
    assert.equal(await textOf(`${server.url}/keys`, { tls: { ...NO_TLS, ca } }), '{}')
    assert.equal(server.requests.at(-1)?.serverName, undefined)
    const unknown = await failureOf(`${server.url}/keys`)
    assert.match(unknown.message, /its certificate is of an authority that is not known/)
    assert.equal(unknown.hint, 'name the file of its authority as `ca` of the source')
    const { certPem } = makeCertificate('another')
    const another = await failureOf(`${server.url}/keys`, { tls: { ...NO_TLS, ca: certPem } })
    assert.match(another.hint ?? '', /^the file that is `ca` of the source has other authorities/)
    const named = { ...NO_TLS, ca, serverName: 'keys.example' }
    assert.equal(await textOf(`${server.url}/keys`, { tls: named }), '{}')
    assert.equal(server.requests.at(-1)?.serverName, 'keys.example')
  })

  it('is for the name of the URL, also where it is connected to somebody else', async () => {
    using authority = createAuthority()
    const { certPem: cert, keyPem: key } = authority.issue('keys.example')
    await using server = await startKeyServer({ tls: { cert, key } })
    server.serve('/keys', json({}))
    const tls = { ...NO_TLS, ca: authority.certPem }
    const endpoint = { address: '127.0.0.1', port: server.port }
    assert.equal(await textOf('https://keys.example/keys', { tls, endpoint }), '{}')
    for (const url of ['https://other.example/keys', 'https://127.0.0.1/keys'])
      assert.match((await failureOf(url, { tls, endpoint })).message, /its certificate is for another name/)
  })

  it('shows a certificate where one is wanted, and tells where none is named', async () => {
    using authority = createAuthority()
    const { certPem: cert, keyPem: key } = authority.issue('127.0.0.1')
    const client = authority.issue('gateway')
    await using server = await startKeyServer({ tls: { cert, key, clientCa: authority.certPem } })
    server.serve('/keys', json({}))
    const tls = { ...NO_TLS, ca: authority.certPem }
    const certificate = { cert: client.certPem, key: client.keyPem }
    assert.equal(await textOf(`${server.url}/keys`, { tls: { ...tls, certificate } }), '{}')
    assert.equal(server.requests.at(-1)?.clientName, 'gateway')
    const failure = await failureOf(`${server.url}/keys`, { tls })
    assert.match(failure.message, /it wants a client certificate|closed before the answer/)
  })

  it('fails and does not throw where a certificate cannot be used', async () => {
    const [mine, other] = [makeCertificate('a'), makeCertificate('b')]
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    for (const certificate of [
      { cert: mine.certPem, key: other.keyPem },
      { cert: `${mine.certPem}${broken}`, key: mine.keyPem },
    ]) {
      const failure = await failureOf('https://127.0.0.1:1/keys', { tls: { ...NO_TLS, certificate } })
      assert.match(
        failure.message,
        /^the certificates for `127\.0\.0\.1:1` cannot be used \(ERR_[A-Z0-9_]+\)$/,
      )
      assert.equal(failure.hint, 'check `ca` and `clientCertificate` of the source')
    }
  })

  it('is not spoken with a server that does not, and the other way round', async () => {
    await using plain = await startKeyServer()
    const failure = await failureOf(`${plain.url.replace('http:', 'https:')}/keys`)
    assert.match(failure.message, /what comes is not TLS|closed before the answer/)
    const { certPem: cert, keyPem: key } = makeCertificate('127.0.0.1')
    await using secured = await startKeyServer({ tls: { cert, key } })
    const answer = await get(getRequest(`${secured.url.replace('https:', 'http:')}/keys`))
    assert.ok(!answer.ok || answer.value.status === 400)
    assert.match((await failureOf(`${secured.url}/keys`)).message, /its certificate is self-signed/)
  })
})
