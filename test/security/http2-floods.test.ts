import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { ENGINES } from '../../src/gateway/engine.ts'
import { startForwardingGateway, type ForwardingGateway } from '../support/forwarding-gateway.ts'
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  FrameClient,
  GET,
  headerBlock,
} from '../support/http2-frames.ts'
import { startScriptedServer, type RawServer } from '../support/raw-http.ts'
import { liveBytes } from '../support/resources.ts'
import { until } from '../support/wait.ts'

const NO_ERROR = 0
const PROTOCOL_ERROR = 1
const REFUSED_STREAM = 7
const CANCEL = 8
const ENHANCE_YOUR_CALM = 11

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

interface Place extends AsyncDisposable {
  readonly gateway: ForwardingGateway
  readonly backend: RawServer
  readonly asked: () => number
}

async function place(answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'): Promise<Place> {
  let asked = 0
  const backend = await startScriptedServer(() => {
    asked++
    return answer
  })
  const gateway = await startForwardingGateway(ENGINES.claimgate, {
    backend: { urls: [backend.url], maxConnections: 1000 },
    timeouts: { headMs: 1000, bodyIdleMs: 1000, keepAliveIdleMs: 1000 },
  })
  return {
    gateway,
    backend,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
    },
  }
}

/** Another client, on a connection of its own, is served meanwhile and afterwards. */
async function othersAreServed({ gateway }: Place): Promise<void> {
  const other = new FrameClient(gateway.port)
  other.request(1)
  await until(() => other.of(FRAME.data, 1).some(({ payload }) => payload.toString() === 'ok'))
  other.socket.destroy()
}

/** Sends pieces until the gateway has had enough; answers how many it took. */
async function flood(client: FrameClient, piece: (index: number) => Buffer, most: number): Promise<number> {
  for (let index = 0; index < most; index++) {
    if (client.closed || client.goneAwayWith !== undefined) return index
    client.send(piece(index))
    if (index % 8 === 0) await sleep(1)
  }
  return most
}

async function connected({ gateway }: Place): Promise<FrameClient> {
  const client = new FrameClient(gateway.port)
  await until(() => client.of(FRAME.settings).length > 0)
  return client
}

test('rapid reset: streams that are opened and reset at once end the connection (CVE-2023-44487)', async () => {
  await using here = await place()
  const client = await connected(here)
  const opened = await flood(
    client,
    (index) =>
      Buffer.concat(
        Array.from({ length: 20 }, (_, more) => {
          const stream = 1 + 2 * (20 * index + more)
          return Buffer.concat([
            frame(FRAME.headers, END_STREAM | END_HEADERS, stream, headerBlock(GET)),
            frame(FRAME.reset, 0, stream, uint32(CANCEL)),
          ])
        }),
      ),
    1000,
  )
  await until(() => client.closed || client.goneAwayWith !== undefined)
  assert.ok(opened < 200, `${opened * 20} streams were taken`)
  assert.ok(here.asked() <= 1000, `${here.asked()} of them came to the backend`)
  await othersAreServed(here)
})

test('streams that the gateway must reset for breaches are counted as well (CVE-2025-8671)', async () => {
  await using here = await place()
  const client = await connected(here)
  const taken = await flood(
    client,
    (index) => {
      const stream = 1 + 2 * index
      return Buffer.concat([
        frame(FRAME.headers, END_HEADERS, stream, headerBlock([...GET.slice(1), [':method', 'POST']])),
        // A window update of zero is a stream error (RFC 9113 §6.9).
        frame(FRAME.windowUpdate, 0, stream, uint32(0)),
      ])
    },
    20_000,
  )
  await until(() => client.closed || client.goneAwayWith !== undefined)
  assert.ok(taken < 2000, `${taken} streams were taken`)
  await othersAreServed(here)
})

const CHATTER: Readonly<Record<string, (index: number) => Buffer>> = {
  'PING (CVE-2019-9512)': () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)),
  'SETTINGS (CVE-2019-9515)': () => frame(FRAME.settings, 0, 0),
  'PRIORITY (CVE-2019-9513)': (index) =>
    frame(FRAME.priority, 0, 1 + 2 * (index % 1000), Buffer.concat([uint32(0), Buffer.from([1])])),
  'WINDOW_UPDATE of a connection': () => frame(FRAME.windowUpdate, 0, 0, uint32(1)),
  'frames of an unknown kind': () => frame(0xfa, 0, 0, Buffer.alloc(100)),
}

for (const [name, piece] of Object.entries(CHATTER)) {
  test(`a flood of ${name} ends the connection`, async () => {
    await using here = await place()
    const client = await connected(here)
    const one = piece(0).length
    const together = 512
    const taken = await flood(
      client,
      (index) => Buffer.concat(Array.from({ length: together }, (_, more) => piece(index * together + more))),
      4000,
    )
    await until(() => client.closed)
    assert.ok(taken < 4000, `${taken * together * one} bytes were taken`)
    await othersAreServed(here)
  })
}

test('a flood of empty DATA frames ends the connection (CVE-2019-9518)', async () => {
  await using here = await place()
  const client = await connected(here)
  client.request(1, [...GET.slice(1), [':method', 'POST']], END_HEADERS)
  const empty = Buffer.concat(Array.from({ length: 512 }, () => frame(FRAME.data, 0, 1)))
  const taken = await flood(client, () => empty, 4000)
  await until(() => client.closed || client.goneAwayWith !== undefined)
  assert.ok(taken < 4000)
  await othersAreServed(here)
})

test('a head that goes on in CONTINUATION frames for ever ends the connection (CVE-2024-27316)', async () => {
  await using here = await place()
  const client = await connected(here)
  client.send(frame(FRAME.headers, END_STREAM, 1, headerBlock(GET)))
  const more = frame(FRAME.continuation, 0, 1, headerBlock([['x', 'y'.repeat(1000)]]))
  const taken = await flood(client, () => more, 2000)
  await until(() => client.closed || client.goneAwayWith !== undefined)
  assert.ok(taken < 200, `${taken} frames were taken`)
  assert.equal(here.asked(), 0)
  await othersAreServed(here)
})

test('a header list over the limits is answered with 431 or its stream is reset, and costs no memory', async () => {
  await using here = await place()
  const long = await connected(here)
  long.request(1, [...GET, ...Array.from({ length: 12 }, (_, n) => [`x-${n}`, 'y'.repeat(1200)] as const)])
  long.request(3, [...GET, ['x', 'y'.repeat(16_384)]])
  long.request(5, [...GET, ...Array.from({ length: 105 }, (_, n) => [`x-${n}`, ''] as const)])
  await until(() => [3, 5].every((stream) => long.ended(stream) || long.of(FRAME.data, stream).length > 0))
  for (const stream of [3, 5])
    assert.ok(!long.of(FRAME.data, stream).some(({ payload }) => payload.toString() === 'ok'))
  await othersAreServed(here)
})

test('an HPACK bomb, one long field named again and again, is not taken for a small head', async () => {
  await using here = await place()
  const client = await connected(here)
  // RFC 7541 §6.2.1: once with incremental indexing, and then by its index, 62, one byte each.
  const once = Buffer.concat([
    Buffer.from([0x40, 1]),
    Buffer.from('x'),
    Buffer.from([127, 0xa1, 0x1e]),
    Buffer.alloc(4000, 'y'),
  ])
  const bomb = Buffer.concat([headerBlock(GET), once, Buffer.alloc(4000, 0xbe)])
  client.send(frame(FRAME.headers, END_STREAM | END_HEADERS, 1, bomb))
  await until(() => client.ended(1) || client.of(FRAME.data, 1).length > 0)
  assert.equal(here.asked(), 0)
  await othersAreServed(here)
})

test('more streams at once than were offered are refused', async () => {
  await using here = await place('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun')
  const client = await connected(here)
  for (let stream = 1; stream < 301; stream += 2) client.request(stream)
  await until(() => client.of(FRAME.headers).length === 100)
  await sleep(100)
  assert.equal(here.asked(), 100)
  const refused = client.of(FRAME.reset).map(({ payload }) => payload.readUInt32BE(0))
  assert.ok(
    refused.length === 50 && refused.every((code) => code === REFUSED_STREAM || code === PROTOCOL_ERROR),
  )
})

test('a client with a tiny window that takes nothing is let go of, and holds little meanwhile (CVE-2019-9517)', async () => {
  const body = 'x'.repeat(1_000_000)
  await using here = await place(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  const before = liveBytes()
  const client = await connected(here)
  client.send(frame(FRAME.settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), uint32(1)])))
  for (let stream = 1; stream < 201; stream += 2) client.request(stream)
  await sleep(700)
  const each = (liveBytes() - before) / 100
  // What lies between two sockets, in this process on both sides of it.
  assert.ok(each < 1_500_000, `${Math.round(each)} bytes a stream`)
  await until(() => here.gateway.listener.exchanges === 0)
  client.socket.destroy()
})

test('a body that never comes is given up, and a connection without streams is closed', async () => {
  await using here = await place()
  const client = await connected(here)
  client.request(1, [...GET.slice(1), [':method', 'POST']], END_HEADERS)
  await until(() => here.gateway.listener.exchanges === 1)
  await until(() => here.gateway.listener.exchanges === 0)
  await until(() => client.closed)
  assert.ok([undefined, NO_ERROR].includes(client.goneAwayWith))
  assert.notEqual(client.goneAwayWith, ENHANCE_YOUR_CALM)
})
