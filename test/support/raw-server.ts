import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export interface RawServer {
  readonly url: string
  readonly sockets: ReadonlySet<Socket>
}

/** A server that writes these bytes to whoever sends something, and then does what it is told. */
export async function startRaw(
  t: TestContext,
  bytes: string | Buffer,
  then: (socket: Socket) => void = () => {},
): Promise<RawServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    socket.once('data', () => socket.write(bytes, () => then(socket)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/keys`, sockets }
}
