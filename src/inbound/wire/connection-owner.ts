import type { Socket } from 'node:net'
import type { Refusal } from '../../errors/refusal.ts'
import type { HttpLimits, RequestGrammar } from '../../http1/index.ts'
import type { Exchange } from '../exchange.ts'
import type { ConnectionAnswer, ListenerTimeouts } from '../node/settings.ts'
import type { Peer } from '../request.ts'

/** The listener, as its connections see it. */
export interface ConnectionOwner {
  readonly grammar: RequestGrammar
  readonly limits: HttpLimits
  readonly timeouts: ListenerTimeouts
  readonly maxRequestsPerConnection: number
  readonly draining: boolean
  /** For the Date field. */
  readonly dateText: string
  handle(exchange: Exchange): void
  /** Serves a client that speaks HTTP/2, from its preface on. */
  speakHttp2(socket: Socket): void
  problem(refusal: Refusal, peer: Peer): ConnectionAnswer | undefined
  exchangeOpened(): void
  exchangeClosed(): void
}
