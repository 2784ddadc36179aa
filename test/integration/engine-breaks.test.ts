import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ENGINES } from '../../src/gateway/engine.ts'
import { NO_FIELD_LIST } from '../../src/http1/index.ts'
import { eachEngine } from '../support/engines.ts'
import { startForwardingGateway } from '../support/forwarding-gateway.ts'
import { RawClient, startRawServer } from '../support/raw-http.ts'
import { openDescriptors } from '../support/resources.ts'
import { until } from '../support/wait.ts'

const SLOTS = 4

/** Requests whose every byte may be the last that the client sends. */
const REQUESTS: Readonly<Record<string, string>> = {
  'a body with a length': 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world',
  'a body in chunks':
    'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nX-T: u\r\n\r\n',
}

/** Answers whose every byte may be the last that the backend sends; `NONCE` is that of the request. */
const ANSWERS: Readonly<Record<string, string>> = {
  'a body with a length': 'HTTP/1.1 200 OK\r\nX-Nonce: NONCE\r\nContent-Length: 12\r\n\r\nhello, NONCE',
  'a body in chunks':
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nX-Nonce: NONCE\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nhello, \r\n5\r\nNONCE\r\n0\r\nX-T: u\r\n\r\n',
}

/** As long as the mark in the answers, so that each byte has its place. */
const nonceOf = (index: number): string => String(10_000 + index)

eachEngine(({ startForwardingGateway }) => {
  for (const [name, request] of Object.entries(REQUESTS)) {
    test(`a client may break off at every byte of ${name}, and nothing stays behind`, async () => {
      await using backend = await startRawServer(async (client) => {
        for (;;) {
          const head = await client.until('\r\n\r\n')
          if (head.includes('chunked')) await client.until('0\r\n\r\n')
          else await client.take(Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0))
          client.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        }
      })
      await using gateway = await startForwardingGateway({
        backend: { urls: [backend.url], maxConnections: SLOTS },
      })
      const before = openDescriptors()
      for (let end = 0; end < request.length; end++) {
        const client = await RawClient.connect(gateway.port)
        client.write(request.slice(0, end))
        if (end % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
        if (end % 2 === 0) client.socket.resetAndDestroy()
        else client.socket.destroy()
      }
      await until(() => gateway.listener.exchanges === 0 && gateway.listener.connections === 0)
      // Every slot is free.
      for (let i = 0; i < SLOTS + 1; i++) {
        const client = await RawClient.connect(gateway.port)
        client.write(request)
        await client.until('\r\n\r\nok')
        client.socket.destroy()
      }
      if (before !== undefined) await until(() => openDescriptors()! <= before + 2 * SLOTS)
    })
  }

  for (const [name, answer] of Object.entries(ANSWERS)) {
    test(`a backend may break off at every byte of ${name}, and nobody takes the part for the whole or for their own`, async () => {
      await using backend = await startRawServer(async (client) => {
        for (;;) {
          const [, nonce, end, how] = /^GET \/(\d+)\/(\d+)\/(\w+)/.exec(await client.until('\r\n\r\n'))!
          client.write(answer.replaceAll('NONCE', nonce!).slice(0, Number(end)))
          if (how === 'whole') continue
          // What was written is to arrive before the break does.
          await new Promise((resolve) => setTimeout(resolve, 1))
          if (how === 'resets') client.socket.resetAndDestroy()
          else client.socket.destroy()
          return
        }
      })
      await using gateway = await startForwardingGateway({
        backend: { urls: [backend.url], maxConnections: SLOTS },
      })
      const ask = async (index: number, how: 'resets' | 'closes' | 'whole'): Promise<string> => {
        const client = await RawClient.connect(gateway.port)
        const end = how === 'whole' ? answer.length : index
        client.write(`GET /${nonceOf(index)}/${end}/${how} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
        const text = await client.rest()
        client.socket.destroy()
        return text.replace(/^HTTP\/1.1 103 [^]*?\r\n\r\n/, '')
      }
      for (let end = 0; end < answer.length; end++) {
        const [broken, honest] = await Promise.all([
          ask(end, end % 2 === 0 ? 'resets' : 'closes'),
          ask(end + 1000, 'whole'),
        ])
        const isWhole = /\r\n\r\n(?:hello, \d{5}|7\r\nhello, \r\n5\r\n\d{5}\r\n0\r\n(?:X-T: u\r\n)?\r\n)$/
        assert.match(honest, isWhole)
        for (const [text, index] of [
          [broken, end],
          [honest, end + 1000],
        ] as const)
          for (const [nonce] of text.matchAll(/\b1\d{4}\b/g)) assert.equal(nonce, nonceOf(index))
        assert.doesNotMatch(broken, isWhole, `cut at ${end}`)
        if (!broken.startsWith('HTTP/1.1 200 ')) assert.match(broken, /^(?:HTTP\/1.1 502 |$)/)
      }
      await until(() => gateway.listener.exchanges === 0 && gateway.listener.connections === 0)
      for (let i = 0; i < SLOTS + 1; i++) assert.match(await ask(i, 'whole'), /^HTTP\/1.1 200 /)
    })
  }
})

// What node:http still has in its own buffer then, it keeps to itself.
test('what the engine claimgate has answered before it breaks off reaches the client', async () => {
  await using gateway = await startForwardingGateway(ENGINES.claimgate, {
    intercept: (exchange) => {
      exchange.response.head(200, NO_FIELD_LIST, 100)
      exchange.response.write(Buffer.from('so far'))
      exchange.response.abort()
      return true
    },
  })
  const client = await RawClient.connect(gateway.port)
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.match(await client.rest(), /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nso far$/)
})
