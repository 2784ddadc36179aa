import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import { connect, type TLSSocket } from 'node:tls'
import { test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { readCertificates } from '../../src/inbound/node/certificates.ts'
import { createConnectionBudget } from '../../src/inbound/node/connection-budget.ts'
import type { GatewayOptions } from '../support/forwarding-gateway.ts'
import { makeCertificate, whyNoOpenssl, type TestCertificate } from '../support/openssl.ts'
import { RawClient, startRawServer, startScriptedServer } from '../support/raw-http.ts'
import { eachEngine } from '../support/engines.ts'

const skip = whyNoOpenssl() ?? false
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const GET = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'

const first = skip === false ? makeCertificate('a.example', 'www.a.example') : { certPem: '', keyPem: '' }
const second = skip === false ? makeCertificate('b.example', '*.b.example') : { certPem: '', keyPem: '' }
const local = skip === false ? makeCertificate('localhost', '127.0.0.1') : { certPem: '', keyPem: '' }

function tls(...pairs: readonly TestCertificate[]): NonNullable<GatewayOptions['tls']> {
  const certificates = readCertificates(pairs)
  assert.ok(certificates.ok)
  return { certificates: certificates.value, minVersion: 'TLSv1.2' }
}

async function handshake(port: number, servername: string, more: object = {}): Promise<TLSSocket> {
  const options = {
    port,
    host: '127.0.0.1',
    servername,
    rejectUnauthorized: false,
    allowHalfOpen: true,
    ...more,
  }
  const socket = connect(options)
  await once(socket, 'secureConnect')
  return socket
}

function namesOf(socket: TLSSocket): string {
  return socket.getPeerCertificate().subjectaltname ?? ''
}

eachEngine(({ name, startForwardingGateway }) => {
  test(
    'the certificate is picked by the name that the client asks for: exact, wildcard, else the first',
    { skip },
    async () => {
      await using gateway = await startForwardingGateway({ tls: tls(first, second) })
      const expected: Readonly<Record<string, string>> = {
        'a.example': 'DNS:a.example, DNS:www.a.example',
        'b.example': 'DNS:b.example, DNS:*.b.example',
        'X.B.EXAMPLE': 'DNS:b.example, DNS:*.b.example',
        'deep.x.b.example': 'DNS:a.example, DNS:www.a.example',
        'unknown.example': 'DNS:a.example, DNS:www.a.example',
        '': 'DNS:a.example, DNS:www.a.example',
      }
      for (const [host, names] of Object.entries(expected)) {
        const socket = await handshake(gateway.port, host)
        assert.equal(namesOf(socket), names, host)
        socket.destroy()
      }
    },
  )

  test('requests over TLS are served, on kept-alive connections, and say so', { skip }, async () => {
    await using backend = await startScriptedServer(OK)
    const seen: boolean[] = []
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url] },
      tls: tls(first),
      intercept: ({ request }) => {
        seen.push(request.peer.tls)
        assert.equal(request.peer.address, '127.0.0.1')
        return false
      },
    })
    const client = new RawClient(await handshake(gateway.port, 'a.example'))
    for (let i = 0; i < 2; i++) {
      client.write(GET)
      assert.match(await client.until('\r\n\r\nok'), /^HTTP\/1.1 200 /)
    }
    assert.deepEqual(seen, [true, true])
    assert.equal(gateway.listener.connections, 1)
    client.socket.destroy()
  })

  test(
    'ALPN agrees on what the engine speaks, and a client that only speaks another protocol is refused',
    { skip },
    async () => {
      await using gateway = await startForwardingGateway({ tls: tls(first) })
      const socket = await handshake(gateway.port, 'a.example', { ALPNProtocols: ['h2', 'http/1.1'] })
      assert.equal(socket.alpnProtocol, name === 'claimgate' ? 'h2' : 'http/1.1')
      socket.destroy()
      await assert.rejects(handshake(gateway.port, 'a.example', { ALPNProtocols: ['spdy/3'] }), /alert/)
    },
  )

  test('an old version of TLS is refused', { skip }, async () => {
    await using gateway = await startForwardingGateway({ tls: { ...tls(first), minVersion: 'TLSv1.3' } })
    await assert.rejects(handshake(gateway.port, 'a.example', { maxVersion: 'TLSv1.2' }), /alert/)
    const socket = await handshake(gateway.port, 'a.example')
    assert.equal(socket.getProtocol(), 'TLSv1.3')
    socket.destroy()
  })

  test('certificates are changed without dropping a connection', { skip }, async () => {
    await using backend = await startScriptedServer(OK)
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] }, tls: tls(first) })
    const client = new RawClient(await handshake(gateway.port, 'a.example'))
    client.write(GET)
    await client.until('\r\n\r\nok')
    gateway.listener.setCertificates(tls(second, local).certificates)
    for (const [host, names] of [
      ['unknown.example', /b\.example/],
      ['localhost', /localhost/],
      ['a.example', /b\.example/],
    ] as const) {
      const socket = await handshake(gateway.port, host)
      assert.match(namesOf(socket), names)
      socket.destroy()
    }
    client.write(GET)
    await client.until('\r\n\r\nok')
    client.socket.destroy()
  })

  test('a minimum version stands after a change of certificates', { skip }, async () => {
    await using gateway = await startForwardingGateway({ tls: { ...tls(first), minVersion: 'TLSv1.3' } })
    gateway.listener.setCertificates(tls(second).certificates)
    await assert.rejects(handshake(gateway.port, 'b.example', { maxVersion: 'TLSv1.2' }), /alert/)
  })

  test(
    'plain HTTP and garbage on a TLS port, and half a handshake, cost nobody anything',
    { skip },
    async () => {
      await using backend = await startScriptedServer(OK)
      await using gateway = await startForwardingGateway({
        backend: { urls: [backend.url] },
        tls: tls(first),
        timeouts: { headMs: 200 },
        limits: { connections: createConnectionBudget(10) },
      })
      const neighbour = new RawClient(await handshake(gateway.port, 'a.example'))
      neighbour.write(GET)
      await neighbour.until('\r\n\r\nok')
      for (const bytes of [GET, '\x16\x03\x01', '']) {
        const client = await RawClient.connect(gateway.port)
        client.write(bytes)
        await client.rest()
        client.socket.destroy()
      }
      neighbour.write(GET)
      await neighbour.until('\r\n\r\nok')
      neighbour.socket.destroy()
    },
  )

  test('connections over TLS count against the limit, those in their handshake too', { skip }, async () => {
    await using gateway = await startForwardingGateway({
      tls: tls(first),
      limits: { connections: createConnectionBudget(1) },
    })
    const socket = await handshake(gateway.port, 'a.example')
    await assert.rejects(handshake(gateway.port, 'a.example'))
    assert.equal(gateway.listener.connections, 1)
    socket.destroy()
  })

  test('errors over TLS are answered, and draining works there, too', { skip }, async () => {
    await using gateway = await startForwardingGateway({ tls: tls(first) })
    const bad = new RawClient(await handshake(gateway.port, 'a.example'))
    bad.write('nonsense\r\n\r\n')
    assert.match(await bad.rest(), /^HTTP\/1.1 400 /)
    bad.socket.destroy()
    const closed = gateway.listener.close()
    gateway.listener.destroyAll()
    await closed
    assert.equal(gateway.listener.connections, 0)
  })

  test('what is no certificate, or another one’s key, is told without a word of the key', { skip }, () => {
    const crossed = readCertificates([first, { certPem: first.certPem, keyPem: second.keyPem }])
    const message =
      'certificate 2 of the listener: the key is not the unencrypted PEM text of the private key of this certificate'
    assert.deepEqual(crossed, { ok: false, error: message })
    const nonsense = readCertificates([{ certPem: 'nonsense', keyPem: first.keyPem }])
    const other = 'certificate 1 of the listener: the certificate is not PEM text of an X.509 certificate'
    assert.deepEqual(nonsense, { ok: false, error: other })
    assert.deepEqual(readCertificates([]), {
      ok: false,
      error: 'a TLS listener needs at least one certificate',
    })
  })

  test(
    'a backend over https is trusted by its own authority, whatever Host the client sends',
    { skip },
    async () => {
      const names: (string | false | null)[] = []
      const backend = createServer({ cert: local.certPem, key: local.keyPem }, (request, response) => {
        names.push((request.socket as TLSSocket & { servername: string | false | null }).servername)
        response.end(request.headers.host)
      })
      await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
      const { port } = backend.address() as { port: number }
      let connections = 0
      backend.on('secureConnection', () => connections++)
      await using gateway = await startForwardingGateway({
        backend: { urls: [`https://localhost:${port}`], ca: local.certPem },
      })
      const client = await RawClient.connect(gateway.port)
      for (const host of ['a.example', 'b.example', 'localhost']) {
        client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
        const text = await client.until(`\r\n\r\n${host}`).catch(() => client.until('0\r\n\r\n'))
        assert.ok(text.includes(host))
      }
      assert.deepEqual([...new Set(names)], ['localhost'])
      assert.equal(connections, 1)
      client.socket.destroy()
      backend.closeAllConnections()
      backend.close()
    },
  )

  test(
    'a backend whose certificate is not trusted, is for another name, or that speaks no TLS is not sent anything',
    { skip },
    async () => {
      let requests = 0
      const listen = async (pair: TestCertificate): Promise<{ port: number; close: () => void }> => {
        const server = createServer({ cert: pair.certPem, key: pair.keyPem }, (_request, response) => {
          requests++
          response.end()
        })
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
        return { port: (server.address() as { port: number }).port, close: () => server.close() }
      }
      const trusted = await listen(local)
      const named = await listen(first)
      await using plain = await startRawServer((client) => client.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
      const cases = [
        { url: `https://localhost:${trusted.port}`, ca: undefined, reason: 'certificate-untrusted' },
        { url: `https://localhost:${named.port}`, ca: first.certPem, reason: 'certificate-name' },
        { url: `https://localhost:${plain.port}`, ca: undefined, reason: 'not-tls' },
      ]
      for (const { url, ca, reason } of cases) {
        for (const upgrade of ['', 'Connection: Upgrade\r\nUpgrade: echo\r\n']) {
          await using gateway = await startForwardingGateway({ backend: { urls: [url], ca } })
          const client = await RawClient.connect(gateway.port)
          // The client names the very host that the certificate is for.
          client.write(`GET / HTTP/1.1\r\nHost: a.example\r\n${upgrade}\r\n`)
          assert.match(await client.until(reason), /^HTTP\/1.1 502 [^]*GW_UPSTREAM_UNREACHABLE /)
          client.socket.destroy()
        }
      }
      assert.equal(requests, 0)
      trusted.close()
      named.close()
    },
  )

  test('a WebSocket passes over TLS on both sides', { skip }, async () => {
    const server = createServer({ cert: local.certPem, key: local.keyPem })
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket) =>
      socket.on('message', (data, binary) => socket.send(data, { binary })),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await using gateway = await startForwardingGateway({
      backend: { urls: [`https://localhost:${port}`], ca: local.certPem },
      tls: tls(local),
    })
    const client = new WebSocket(`wss://localhost:${gateway.port}/`, { ca: local.certPem })
    await once(client, 'open')
    client.send('x'.repeat(200_000))
    assert.equal(String((await once(client, 'message'))[0]).length, 200_000)
    client.close()
    await once(client, 'close')
    await gateway.outcome('done')
    sockets.close()
    server.closeAllConnections()
    server.close()
  })
})
