import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { RawClient, startRawServer, startScriptedServer } from '../support/raw-http.ts'
import { settled, until } from '../support/wait.ts'
import { eachEngine } from '../support/engines.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** As much as two sockets and the gateway may hold between a fast writer and a reader who reads nothing. */
const HELD_MAX_BYTES = 24 * 1024 * 1024

eachEngine(({ startForwardingGateway }) => {
  test('a large body goes both ways byte for byte, with and without a length', async () => {
    const echo = createServer((message, response) => {
      response.writeHead(
        200,
        message.headers['content-length'] === undefined
          ? {}
          : { 'Content-Length': message.headers['content-length'] },
      )
      message.pipe(response)
    })
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
    const { port } = echo.address() as { port: number }
    await using gateway = await startForwardingGateway({ backend: { urls: [`http://127.0.0.1:${port}`] } })
    const piece = Buffer.alloc(100_003, 'The quick brown fox. ')
    for (const headers of [{ 'Content-Length': String(piece.length * 100) }, {}]) {
      const sent = createHash('sha256')
      const received = createHash('sha256')
      let bytes = 0
      await new Promise<void>((resolve, reject) => {
        const request = httpRequest(
          { port: gateway.port, method: 'POST', headers, agent: false },
          (answer: IncomingMessage) => {
            answer.on('data', (part: Buffer) => {
              bytes += part.length
              received.update(part)
            })
            answer.on('end', resolve)
            answer.on('error', reject)
          },
        )
        request.on('error', reject)
        let left = 100
        const pump = (): void => {
          while (left > 0) {
            left--
            sent.update(piece)
            if (!request.write(piece)) return void request.once('drain', pump)
          }
          request.end()
        }
        pump()
      })
      assert.equal(bytes, piece.length * 100)
      assert.equal(received.digest('hex'), sent.digest('hex'))
    }
    assert.equal(gateway.outcomes.filter(({ kind }) => kind === 'done').length, 2)
    echo.closeAllConnections()
    echo.close()
  })

  const name = 'large bodies of several clients that halt now and then are not mixed up, either way'
  test(name, { timeout: 20_000 }, async () => {
    const halting = async (message: IncomingMessage): Promise<Buffer> => {
      const pieces: Buffer[] = []
      let untilHalt = 0
      // More is sent than the sockets between can hold, so that it piles up in the gateway.
      await sleep(300)
      for await (const piece of message as AsyncIterable<Buffer>) {
        pieces.push(piece)
        untilHalt -= piece.length
        if (untilHalt > 0) continue
        await sleep(20)
        untilHalt = 4_000_000
      }
      return Buffer.concat(pieces)
    }
    // In pieces that arrive as they are, and that are less than what a socket asks to wait for.
    const drip = async (to: Writable, body: Buffer): Promise<void> => {
      for (let at = 0; at < body.length; at += 50_001) {
        to.write(body.subarray(at, at + 50_001))
        await setImmediate()
      }
      to.end()
    }
    const answer = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
      const body = await halting(message)
      response.writeHead(200, { 'Content-Length': body.length })
      await drip(response, body)
    }
    const backend = createServer((message, response) => void answer(message, response))
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
    const { port } = backend.address() as { port: number }
    await using gateway = await startForwardingGateway({ backend: { urls: [`http://127.0.0.1:${port}`] } })
    const exchange = (body: Buffer, chunked: boolean): Promise<Buffer> =>
      new Promise((resolve, reject) => {
        const headers = chunked ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': body.length }
        const request = httpRequest({ port: gateway.port, method: 'POST', headers, agent: false })
        request.on('response', (answer) => void halting(answer).then(resolve, reject))
        request.on('error', reject)
        void drip(request, body)
      })
    const bodies = Array.from({ length: 3 }, () => randomBytes(24_000_000))
    const answers = await Promise.all(bodies.map((body, index) => exchange(body, index % 2 === 1)))
    for (const [index, answer] of answers.entries()) assert.ok(answer.equals(bodies[index]!), `body ${index}`)
    backend.close()
    backend.closeAllConnections()
  })

  test('a client that reads slowly slows the backend down and fills no memory', async () => {
    let written = 0
    await using backend = await startRawServer(async (client) => {
      await client.until('\r\n\r\n')
      client.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n')
      const piece = Buffer.alloc(65_536, 'x')
      const pump = (): void => {
        while (client.socket.writable && client.socket.write(piece)) written += piece.length
        written += piece.length
      }
      client.socket.on('drain', pump)
      pump()
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.socket.pause()
    client.write(GET)
    const held = await settled(() => written)
    assert.ok(
      held < HELD_MAX_BYTES,
      `${held} bytes were taken from the backend for a client that reads nothing`,
    )
    // It was not lost but waits: reading on brings more from the backend.
    client.socket.resume()
    await until(() => written > 2 * held)
    client.socket.destroy()
  })

  test('a backend that reads slowly slows the client down and fills no memory', async () => {
    let backendSide: RawClient | undefined
    await using backend = await startRawServer((client) => {
      client.socket.pause()
      backendSide = client
    })
    await using gateway = await startForwardingGateway({
      backend: { urls: [backend.url], firstByteTimeoutMs: 3000 },
    })
    const client = await RawClient.connect(gateway.port)
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n')
    let written = 0
    const piece = Buffer.alloc(65_536, 'x')
    const pump = (): void => {
      while (client.socket.writable && client.socket.write(piece)) written += piece.length
      written += piece.length
    }
    client.socket.on('drain', pump)
    pump()
    const held = await settled(() => written)
    assert.ok(
      held < HELD_MAX_BYTES,
      `${held} bytes were taken from the client for a backend that reads nothing`,
    )
    backendSide?.socket.resume()
    await until(() => written > 2 * held)
    client.socket.destroy()
  })

  test('events of a stream arrive one by one, each before the next is sent, and the head before the first', async () => {
    let atBackend: RawClient | undefined
    await using backend = await startScriptedServer((_head, client) => {
      atBackend = client
      return 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    assert.match(await client.until('\r\n\r\n'), /text\/event-stream/)
    for (let i = 0; i < 5; i++) {
      const event = `data: ${i}\n\n`
      atBackend!.write(`${event.length.toString(16)}\r\n${event}\r\n`)
      assert.equal(await client.until('\n\n\r\n'), `${event.length.toString(16)}\r\n${event}\r\n`)
    }
    atBackend!.write('0\r\n\r\n')
    assert.equal(await client.until('0\r\n\r\n'), '0\r\n\r\n')
    client.socket.destroy()
  })

  test('both bodies may stream at the same time', async () => {
    await using backend = await startRawServer(async (client) => {
      await client.until('\r\n\r\n')
      client.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      for (let i = 0; i < 3; i++) {
        await client.until(`q${i}`)
        client.write(`2\r\na${i}\r\n`)
      }
      await client.until('0\r\n\r\n')
      client.write('0\r\n\r\n')
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    for (let i = 0; i < 3; i++) {
      client.write(`2\r\nq${i}\r\n`)
      await client.until(`a${i}\r\n`)
    }
    client.write('0\r\n\r\n')
    await client.until('0\r\n\r\n')
    client.socket.destroy()
  })

  test('an answer that comes before the request body is whole is passed on, and the connection ends where much is left', async () => {
    await using backend = await startRawServer(async (client) => {
      await client.until('\r\n\r\n')
      client.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig')
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n')
    client.write('x'.repeat(10_000))
    assert.match(await client.until('big'), /^HTTP\/1.1 413 /)
    await gateway.outcome('done')
    const piece = 'x'.repeat(65_536)
    const pump = setInterval(() => client.socket.writable && client.write(piece), 1)
    await until(() => client.socket.closed)
    clearInterval(pump)
  })

  test('HEAD, 204 and 304 have no body and keep the connection, and what they say of a length stays', async () => {
    const answers: Readonly<Record<string, string>> = {
      'HEAD /length': 'HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n',
      'HEAD /chunked': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      'GET /204': 'HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n',
      'GET /304': 'HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\nETag: "e"\r\n\r\n',
      'GET /empty': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    }
    await using backend = await startScriptedServer((head) => answers[/^(\w+ \S+)/.exec(head)![1]!])
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    const heads: string[] = []
    for (const line of Object.keys(answers)) {
      client.write(`${line} HTTP/1.1\r\nHost: a\r\n\r\n`)
      heads.push(await client.until('\r\n\r\n'))
    }
    await sleep(20)
    assert.equal(client.text, '')
    const [length, chunked, noContent, notModified, empty] = heads
    assert.match(length!, /^HTTP\/1.1 200 [^]*\r\nContent-Length: 1234\r\n/)
    assert.doesNotMatch(chunked!, /content-length/i)
    assert.match(noContent!, /^HTTP\/1.1 204 [^]*X-A: b/)
    assert.doesNotMatch(noContent!, /content-length|transfer-encoding/i)
    assert.match(notModified!, /^HTTP\/1.1 304 [^]*ETag: "e"\r\n[^]*Content-Length: 99\r\n/)
    assert.match(empty!, /Content-Length: 0\r\n/)
    client.socket.destroy()
  })

  test('cookies are kept apart, hop-by-hop fields stay behind, and the date of the backend counts', async () => {
    const head = [
      'HTTP/1.1 200 OK',
      'Set-Cookie: a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
      'set-cookie: b=2',
      'Date: Wed, 21 Oct 2015 07:28:00 GMT',
      'Connection: X-Secret',
      'X-Secret: hop',
      'Keep-Alive: timeout=77',
      'Proxy-Authenticate: Basic',
      'X-Case-KEPT: yes',
      'Content-Length: 2',
      '',
      'ok',
    ]
    await using backend = await startScriptedServer(head.join('\r\n'))
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    const text = await client.until('\r\n\r\nok')
    assert.match(text, /\r\nSet-Cookie: a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT\r\nset-cookie: b=2\r\n/)
    assert.equal(text.match(/^date:/gim)?.length, 1)
    assert.match(text, /Date: Wed, 21 Oct 2015/)
    assert.doesNotMatch(text, /X-Secret|timeout=77/)
    assert.match(text, /Proxy-Authenticate: Basic\r\nX-Case-KEPT: yes\r\n/)
    client.socket.destroy()
  })

  test('bytes beyond ASCII in fields pass both ways as they are', async () => {
    const bytes = Buffer.from('grüße ☃').toString('latin1') + '\xff\x80'
    let head = ''
    await using backend = await startScriptedServer((text) => {
      head = text
      return `HTTP/1.1 200 OK\r\nX-Back: ${bytes}\r\nContent-Length: 0\r\n\r\n`
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(`GET / HTTP/1.1\r\nHost: a\r\nX-There: ${bytes}\r\n\r\n`)
    assert.ok((await client.until('\r\n\r\n')).includes(`X-Back: ${bytes}\r\n`))
    assert.ok(head.includes(`X-There: ${bytes}\r\n`))
    client.socket.destroy()
  })

  test('interim answers reach the client before the final one, but not one of HTTP/1.0', async () => {
    await using backend = await startScriptedServer(
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: X\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    )
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    assert.equal(await client.until('\r\n\r\n'), 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n')
    assert.match(await client.until('\r\n\r\nok'), /^HTTP\/1.1 200 /)
    client.socket.destroy()
    const old = await RawClient.connect(gateway.port)
    old.write('GET / HTTP/1.0\r\n\r\n')
    assert.match(await old.until('ok'), /^HTTP\/1.1 200 /)
    old.socket.destroy()
  })

  test('trailers of the backend follow the body, without what must not trail', async () => {
    await using backend = await startScriptedServer(
      'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 42\r\nSet-Cookie: evil=1\r\nWWW-Authenticate: Basic\r\n\r\n',
    )
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(GET)
    await client.until('\r\n\r\n')
    assert.equal(await client.until('42\r\n\r\n'), '2\r\nok\r\n0\r\nX-Sum: 42\r\n\r\n')
    client.socket.destroy()
  })

  test('trailers of a request do not reach the backend, where they could speak with the voice of the gateway', async () => {
    let seen = ''
    await using backend = await startScriptedServer(async (head, client) => {
      seen = head + (await client.until('0\r\n\r\n'))
      return 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    client.write(
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-User: admin\r\n\r\n',
    )
    await client.until('\r\n\r\nok')
    assert.match(seen, /\r\n2\r\nhi\r\n0\r\n\r\n$/)
    client.socket.destroy()
  })

  test('the length of a request body is kept, and one without stays chunked', async () => {
    const seen: string[] = []
    await using backend = await startScriptedServer(async (head, client) => {
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      const body = /transfer-encoding/i.test(head) ? client.until('0\r\n\r\n') : client.take(length)
      seen.push(head + (await body))
      return 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
    })
    await using gateway = await startForwardingGateway({ backend: { urls: [backend.url] } })
    const client = await RawClient.connect(gateway.port)
    const requests = [
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
      'DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc',
      'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    ]
    for (const request of requests) {
      client.write(request)
      await client.until('\r\n\r\nok')
    }
    assert.match(seen[0]!, /content-length: 3\r\n\r\nabc$/i)
    assert.match(seen[1]!, /transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/i)
    assert.match(seen[2]!, /content-length: 0\r\n\r\n$/i)
    assert.match(seen[3]!, /content-length: 3\r\n\r\nabc$/i)
    assert.doesNotMatch(seen[4]!, /content-length|transfer-encoding/i)
    client.socket.destroy()
  })
})
