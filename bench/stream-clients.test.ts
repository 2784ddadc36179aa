import assert from 'node:assert/strict'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { test } from 'node:test'
import { StreamClients } from './stream-clients.ts'

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n'
const WAIT_MS = 2000

/** A server that answers every connection with these bytes and leaves it open. */
async function serve(answer: string): Promise<{ port: number; sockets: Set<Socket>; server: Server }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => socket.write(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, sockets, server }
}

test('streams are open when each has had its first event, and later events are waited for', async () => {
  const { port, sockets, server } = await serve(`${HEAD}data: ~\n\n`)
  const clients = new StreamClients()
  await clients.open(port, 't', 200, WAIT_MS)
  assert.equal(clients.openMs.length, 200)
  const arrived = clients.nextEvents(WAIT_MS)
  for (const socket of sockets) socket.write('data: ~\n\n')
  await arrived
  clients.close()
  server.close()
})

test('a refused stream, one that ends and one without events are told of', async () => {
  const refused = await serve('HTTP/1.1 401 Unauthorized\r\n\r\n~')
  const silent = await serve(HEAD)
  const ending = await serve(`${HEAD}data: ~\n\n`)
  const clients = [new StreamClients(), new StreamClients(), new StreamClients()] as const
  await assert.rejects(clients[0].open(refused.port, 't', 1, WAIT_MS), /not answered with 200/)
  await assert.rejects(clients[1].open(silent.port, 't', 1, 100), /did not come in time/)
  await clients[2].open(ending.port, 't', 1, WAIT_MS)
  const arrived = clients[2].nextEvents(WAIT_MS)
  for (const socket of ending.sockets) socket.destroy()
  await assert.rejects(arrived, /a stream ended/)
  for (const one of clients) one.close()
  for (const { server } of [refused, silent, ending]) server.close()
})
