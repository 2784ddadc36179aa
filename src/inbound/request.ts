/**
 * A request as every stage above the engines sees it: a small value, the same from node:http, HTTP/2 or the project's
 * own HTTP/1.1. INVARIANT: the engine has already refused what is not well-formed HTTP.
 */
export interface InboundRequest {
  readonly method: string
  /** The path and query as the client wrote them (origin-form, RFC 9112 §3.2.1), or `*`. */
  readonly target: string
  /** The authority of the request: the one Host field, or HTTP/2's `:authority`; empty where HTTP/1.0 has none. */
  readonly authority: string
  /** Field names and values in turn, as they came; values hold one character per byte (latin1). */
  readonly headers: readonly string[]
  /** Whether this very array came with an earlier request, so that what was made of it then is good again. */
  readonly repeated: boolean
  readonly httpVersion: '1.0' | '1.1' | '2.0'
  readonly peer: Peer
}

/** The other end of the connection, itself: never what a field claims. */
export interface Peer {
  /** IPv4 or IPv6 text; an IPv4 address that came over an IPv6 socket is in its IPv4 form. */
  readonly address: string
  readonly tls: boolean
  /** This end of it; absent where there is none, as of a request that only was described. */
  readonly local?: LocalEnd
}

/** Where a connection came in, and what its TLS handshake said. */
export interface LocalEnd {
  readonly address: string
  readonly port: number
  /** The name that a TLS client asked for; empty where it named none. */
  readonly serverName: string
  /** The URI of the client's verified certificate without `spiffe://`; undefined without one. */
  readonly clientPrincipal: string | undefined
}
