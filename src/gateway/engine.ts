import { createNodeListener } from '../inbound/node/listener.ts'
import { createWireListener } from '../inbound/wire/listener.ts'
import { createHttpUpstream } from '../proxy/node/http-upstream.ts'
import { createWireUpstream } from '../proxy/wire/http-upstream.ts'

/** What turns bytes into exchanges and carries requests to backends; nothing above knows which one it is. */
export interface Engine {
  readonly createListener: typeof createNodeListener
  readonly createHttpUpstream: typeof createHttpUpstream
}

export type EngineName = 'claimgate' | 'node'

/** The project's own HTTP/1.1 on sockets, and that of Node with undici behind it. */
export const ENGINES: Readonly<Record<EngineName, Engine>> = {
  claimgate: { createListener: createWireListener, createHttpUpstream: createWireUpstream },
  node: { createListener: createNodeListener, createHttpUpstream },
}
