import assert from 'node:assert/strict'
import { RawClient, startRawServer, type RawServer } from './raw-http.ts'

/** A request on a connection of its own, half answered: what happens to others must not touch it. */
export interface Neighbour {
  /** Has the backend finish its answer, and checks that the client gets it whole on a connection that lives on. */
  finishes(): Promise<void>
}

/** A lying backend that is honest to neighbours: `misbehave` gets every connection whose first request is no neighbour's. */
export async function startBackendWithNeighbour(
  misbehave: (client: RawClient, head: string, index: number) => unknown,
): Promise<RawServer & { neighbour(gatewayPort: number): Promise<Neighbour> }> {
  let neighbourAtBackend: RawClient | undefined
  let others = 0
  const server = await startRawServer(async (client) => {
    let head: string
    try {
      head = await client.until('\r\n\r\n')
    } catch {
      return
    }
    if (!head.startsWith('GET /neighbour ')) {
      await misbehave(client, head, others++)
      return
    }
    neighbourAtBackend = client
    client.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst')
  })
  return {
    port: server.port,
    url: server.url,
    get accepted() {
      return server.accepted
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    async neighbour(gatewayPort) {
      const client = await RawClient.connect(gatewayPort)
      client.write('GET /neighbour HTTP/1.1\r\nHost: neighbour\r\n\r\n')
      await client.until('\r\n\r\nfirst')
      return {
        async finishes() {
          neighbourAtBackend?.write('secnd')
          assert.equal(await client.take(5), 'secnd')
          assert.equal(client.socket.destroyed, false)
          client.socket.destroy()
        },
      }
    },
  }
}
