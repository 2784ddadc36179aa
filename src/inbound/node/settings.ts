import type { Refusal } from '../../errors/refusal.ts'
import type { Peer } from '../request.ts'
import type { Certificates } from './certificates.ts'
import type { ConnectionBudget } from './connection-budget.ts'

/** What one listener needs to know. Every wait for a client has an end, so no timeout here is zero. */
export interface NodeListenerSettings {
  /** An IP address or a name, without brackets. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly tls: ListenerTls | undefined
  readonly limits: ListenerLimits
  readonly timeouts: ListenerTimeouts
}

export interface ListenerTls {
  readonly certificates: Certificates
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}

export interface ListenerLimits {
  /** Request line and header fields together. */
  readonly maxHeadBytes: number
  /** Header fields of one request. */
  readonly maxHeaders: number
  /** Requests of one connection, after which it is closed; undefined for no limit. */
  readonly maxRequestsPerConnection: number | undefined
  /** Shared by all listeners of the process. */
  readonly connections: ConnectionBudget
}

export interface ListenerTimeouts {
  /** From the first byte of a request (for a new connection: from its start) to the end of its head. */
  readonly headMs: number
  /** Between two pieces of a request's body, and between two pieces that the client takes of its response. */
  readonly bodyIdleMs: number
  /** Between two requests of one connection. */
  readonly keepAliveIdleMs: number
}

/** A whole response that the engine writes and then closes the connection. */
export interface ConnectionAnswer {
  readonly status: number
  /** Names and values in turn; framing and connection fields are the engine's own. */
  readonly headers: readonly string[]
  readonly body: Buffer
}

/**
 * Told of a request that never became an exchange because it is not well-formed, too large or too slow, and gives the
 * answer, so that one file of the gateway words all errors. Undefined closes the connection without an answer.
 */
export type OnConnectionProblem = (refusal: Refusal, peer: Peer) => ConnectionAnswer | undefined
