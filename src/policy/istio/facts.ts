import type { JsonObject } from '../../kernel/json.ts'

/** Everything that a policy may ask of one request. */
export interface Facts {
  /** What the client asked for, lower-case, with the port where it named one. */
  readonly host: string
  readonly method: string
  /** Normalised, without the query. */
  readonly path: string
  /** Names and values in turn, one character per byte. */
  readonly headers: readonly string[]
  /** Of the token that was verified; undefined for somebody without one. */
  readonly token: TokenFacts | undefined
  readonly connection: ConnectionFacts
  /** The address of the client as far as it can be vouched for. */
  readonly remoteAddress: string
}

export interface TokenFacts {
  readonly claims: JsonObject
  /** Claims at the top whose text is a list of words with one space between. */
  readonly spaceDelimited: ReadonlySet<string>
}

/** The connection on which the request came, itself: never what a field claims. */
export interface ConnectionFacts {
  readonly address: string
  /** The address and port that it came in at. */
  readonly localAddress: string
  readonly localPort: number
  /** The name that a TLS client asked for; empty where it named none. */
  readonly serverName: string
  /** The URI of the client's verified certificate without `spiffe://`; undefined without one. */
  readonly principal: string | undefined
}
