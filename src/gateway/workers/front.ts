import { createServer, type Server, type Socket } from 'node:net'
import type { ListenerSpec } from '../../config/index.ts'
import { Fault } from '../../errors/fault.ts'
import { listenFault } from '../../inbound/node/listen-fault.ts'
import { addressText } from '../address-text.ts'

/** A client that was accepted and is served by nobody yet. Nothing that it sent has been read. */
export interface Arrival {
  /** By its place in the configuration. */
  readonly listener: number
  readonly socket: Socket
}

/** Connections that may wait to be accepted, as after a restart all at once; the system cuts it to its own limit. */
const BACKLOG = 4096

/** As the engines have it; a worker gets the socket with these set. */
const SOCKET_OPTIONS = {
  pauseOnConnect: true,
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
}

/** The addresses of the gateway, in the one process that outlives its workers: a port is open whatever they do. */
export class Front {
  readonly #specs: readonly ListenerSpec[]
  readonly #servers: readonly Server[]

  constructor(specs: readonly ListenerSpec[], onArrival: (arrival: Arrival) => void) {
    this.#specs = specs
    this.#servers = specs.map((_, listener) =>
      createServer(SOCKET_OPTIONS, (socket) => {
        socket.on('error', ignore)
        onArrival({ listener, socket })
      }),
    )
  }

  /** Opens every address and gives them as text, or opens none and throws a Fault. */
  async open(): Promise<readonly string[]> {
    const addresses: string[] = []
    try {
      for (const [index, spec] of this.#specs.entries()) {
        const server = this.#servers[index]
        if (server !== undefined) addresses.push(addressText(spec, await listen(server, spec)))
      }
      return addresses
    } catch (cause) {
      this.close()
      throw cause
    }
  }

  close(): void {
    for (const server of this.#servers) server.close()
  }
}

function listen(
  server: Server,
  { host, port }: ListenerSpec,
): Promise<{ readonly address: string; readonly port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(listenFault(host, port, cause)))
    server.listen({ host, port, backlog: BACKLOG }, () => {
      const bound = server.address()
      if (bound === null || typeof bound === 'string')
        return reject(new Fault('the listener has no network address'))
      // Later errors are those of single connections that could not be taken; the next one may.
      server.on('error', ignore)
      resolve({ address: bound.address, port: bound.port })
    })
  })
}

function ignore(): void {}
