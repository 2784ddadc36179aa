import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readRequest, type DescribedRequest, type RequestOptions } from './read-request.ts'

function read(options: Partial<RequestOptions>): DescribedRequest {
  const result = readRequest({ peer: '192.0.2.1', ...options }, '127.0.0.1:8080')
  assert.ok(result.ok, JSON.stringify(result))
  return result.value
}

function complaint(options: Partial<RequestOptions>): string {
  const result = readRequest({ peer: '192.0.2.1', ...options }, '127.0.0.1:8080')
  assert.ok(!result.ok, JSON.stringify(result))
  return result.error.message
}

describe('readRequest', () => {
  it('cuts the target out as it is written, dots, slashes and escapes included', () => {
    for (const target of ['/a/../b', '//a', '/%2e%2E/a?x=/../y', '/a?', '/a;b=c'])
      assert.equal(read({ url: `http://a.example${target}` }).request.target, target)
  })

  it('leaves the fragment out, and makes an empty path `/`', () => {
    assert.equal(read({ url: 'http://a.example#b' }).request.target, '/')
    assert.equal(read({ url: 'http://a.example/a?b#c?d' }).request.target, '/a?b')
    assert.equal(read({ url: 'http://a.example?b' }).request.target, '/?b')
  })

  it('asks the first listener where a path stands alone', () => {
    const { request, port } = read({ url: '/a' })
    assert.equal(request.authority, '127.0.0.1:8080')
    assert.deepEqual(request.headers, ['Host', '127.0.0.1:8080'])
    assert.equal(port, 8080)
  })

  it('knows the port of a scheme', () => {
    assert.equal(read({ url: 'a.example/x' }).port, 80)
    assert.equal(read({ url: 'HTTPS://a.example/x' }).port, 443)
    assert.equal(read({ url: 'https://[::1]:8443/x' }).port, 8443)
    assert.equal(read({ url: 'https://a.example/x' }).request.peer.tls, true)
  })

  it('takes a Host that is written out', () => {
    const { request, port } = read({ url: '/a', header: ['host: api.example.com'] })
    assert.equal(request.authority, 'api.example.com')
    assert.deepEqual(request.headers, ['host', 'api.example.com'])
    assert.equal(port, 8080)
  })

  it('makes a user in the address a Basic credential, as clients do', () => {
    const { request } = read({ url: 'http://me:pw@a.example/x' })
    assert.equal(request.authority, 'a.example')
    assert.deepEqual(request.headers.slice(2), ['Authorization', 'Basic bWU6cHc='])
  })

  it('adds the token, the body and what belongs to them', () => {
    const { request, body } = read({ url: '/a', token: ' a.b.c\n', data: 'x=ü' })
    assert.equal(request.method, 'POST')
    assert.equal(body?.toString(), 'x=ü')
    assert.deepEqual(request.headers.slice(2), [
      'Authorization',
      'Bearer a.b.c',
      'Content-Type',
      'application/x-www-form-urlencoded',
      'Content-Length',
      '4',
    ])
  })

  it('hands text on as the bytes of its UTF-8, one character each', () => {
    const { request } = read({ url: '/ü', header: ['X: ü'] })
    assert.equal(request.target, '/Ã¼')
    assert.equal(request.headers[3], 'Ã¼')
  })

  const local = (options: Partial<RequestOptions>) => read(options).request.peer.local
  const SLEEP = 'cluster.local/ns/foo/sa/sleep'

  it('takes a client certificate for verified, on a connection of TLS', () => {
    for (const principal of [SLEEP, `spiffe://${SLEEP}`]) {
      for (const url of ['/a', 'a.example/x', 'https://a.example/x']) {
        const { peer } = read({ url, principal }).request
        assert.deepEqual([peer.tls, peer.local?.clientPrincipal], [true, SLEEP], url)
      }
    }
    assert.equal(local({ url: '/a' })?.clientPrincipal, undefined)
    assert.equal(read({ url: 'a.example/x', principal: SLEEP }).port, 443)
    const curl = { curl: 'curl https://a.example/x', principal: SLEEP }
    assert.equal(local(curl)?.clientPrincipal, SLEEP)
  })

  it('has the client ask for the host of the address in its handshake, or for what is said', () => {
    assert.equal(local({ url: 'https://A.example:8443/x' })?.serverName, 'a.example')
    assert.equal(local({ url: 'https://a.example./x', header: ['Host: b.example'] })?.serverName, 'a.example')
    assert.equal(local({ url: '/x', header: ['Host: b.example'], principal: SLEEP })?.serverName, 'b.example')
    assert.equal(local({ url: 'https://a.example/x', serverName: 'C.example' })?.serverName, 'c.example')
    assert.equal(local({ url: 'https://a.example/x', serverName: '' })?.serverName, '')
    // An address is no name (RFC 6066 §3), and plain HTTP has no handshake.
    for (const url of ['https://127.0.0.1/x', 'https://[::1]:8443/x', 'http://a.example/x'])
      assert.equal(local({ url })?.serverName, '', url)
  })

  it('says what is wrong with a connection', () => {
    for (const principal of [
      '',
      'sleep',
      'a/*',
      'Td/ns/a',
      'td/ns/a, URI:spiffe://td/ns/b',
      `https://${SLEEP}`,
    ])
      assert.equal(complaint({ url: '/a', principal }), '`--principal` is not a SPIFFE name', principal)
    for (const serverName of ['a b', 'a.example:443', '127.0.0.1', '::1', 'https://a', 'a..b', '*.a'])
      assert.equal(
        complaint({ url: '/a', serverName }),
        '`--server-name` is not the name of a host',
        serverName,
      )
    for (const options of [{ principal: SLEEP }, { serverName: 'a.example' }])
      assert.match(complaint({ url: 'http://a.example', ...options }), /the address is one of http$/)
    assert.equal(complaint({ url: '/a', peer: 'localhost' }), '`--peer` is not an IP address')
  })

  it('says what is wrong', () => {
    assert.equal(complaint({}), 'the request is missing')
    assert.equal(complaint({ url: '?a' }), 'the address names no host')
    assert.equal(complaint({ url: 'ws://a/b' }), 'the address is not one of http or https')
    assert.equal(complaint({ url: '/a', header: ['x'] }), 'a header is written `name: value`')
    assert.equal(complaint({ curl: 'curl http://a', token: 'x' }), '`--curl` holds the whole request')
    assert.equal(complaint({ curl: 'curl' }), 'the command has no address')
  })
})
