import { connect as connectTcp, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import {
  FieldList,
  NO_FIELD_LIST,
  NO_FIELDS,
  type ResponseGrammar,
  type ResponseHead,
  type WireFields,
} from '../../http1/index.ts'
import type { HttpBackendSpec } from '../../plan/spec.ts'
import { endToEnd } from '../hop-by-hop.ts'
import { Target } from '../node/target.ts'
import { UpstreamConnection } from './upstream-connection.ts'

/** One URL of a backend with its kept-alive connections. */
export class Origin extends Target {
  readonly #spec: HttpBackendSpec
  readonly #grammar: ResponseGrammar
  /** Those that serve nobody now; the last one is the one that was used last, and the likeliest to be alive. */
  readonly #idle: UpstreamConnection[] = []
  readonly #open = new Set<UpstreamConnection>()
  #closing = false
  /** Whether the backend closes connections right after an answer without saying so, as far as is known. */
  #closesEarly = false
  /** How many answers came over connections that had given one before, since then. */
  #reuses = 0
  #lastHeaders: WireFields = NO_FIELDS
  #lastFields: FieldList = NO_FIELD_LIST

  constructor(spec: HttpBackendSpec, url: string, grammar: ResponseGrammar) {
    super(spec, url)
    this.#spec = spec
    this.#grammar = grammar
  }

  /**
   * A connection that has served before, or undefined. Where it may be closed this moment, what must not be asked twice
   * gets none: it could not be sent again.
   */
  takeIdle(mayBeAskedTwice: boolean): UpstreamConnection | undefined {
    if (this.#closesEarly && !mayBeAskedTwice) return undefined
    for (;;) {
      const connection = this.#idle.pop()
      if (connection === undefined || connection.usable) return connection
    }
  }

  connect(): UpstreamConnection {
    const connection = new UpstreamConnection((onread) => this.#dial(onread), this.secure, this.#grammar)
    this.#open.add(connection)
    connection.onGone = () => this.#forget(connection)
    connection.expectWithin(this.#spec.connectTimeoutMs, 'UND_ERR_CONNECT_TIMEOUT')
    return connection
  }

  /** Takes back a connection that may serve again. */
  keep(connection: UpstreamConnection): void {
    if (connection.answers > 1 && ++this.#reuses >= PROVEN_REUSES) this.#closesEarly = false
    const enough = this.#closesEarly && this.#idle.length >= KEPT_TO_LEARN
    if (this.#closing || enough) connection.destroy()
    else this.#idle.push(connection)
  }

  /** The end-to-end fields of an answer. A backend repeats them often, so the last ones are remembered. */
  passedOn({ headers }: ResponseHead): FieldList {
    if (headers !== this.#lastHeaders) {
      this.#lastHeaders = headers
      this.#lastFields = new FieldList(endToEnd(headers))
    }
    return this.#lastFields
  }

  sweep(nowMs: number): void {
    for (const connection of this.#open) if (connection.sweep(nowMs)) this.#closesEarly = false
  }

  closeIdle(): void {
    this.#closing = true
    for (const connection of this.#idle.splice(0)) connection.destroy()
  }

  #forget(connection: UpstreamConnection): void {
    this.#open.delete(connection)
    if (connection.closedEarly) this.#suspect()
    const index = this.#idle.indexOf(connection)
    if (index >= 0) this.#idle.splice(index, 1)
  }

  #suspect(): void {
    this.#closesEarly = true
    this.#reuses = 0
  }

  #dial(onread: OnReadOpts | undefined): Socket {
    const place = {
      host: this.hostname,
      port: this.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
    }
    if (!this.secure) return connectTcp(onread === undefined ? place : { ...place, onread })
    const { ca } = this.#spec
    return connectTls({
      ...place,
      ALPNProtocols: ['http/1.1'],
      ...(this.serverName === undefined ? {} : { servername: this.serverName }),
      ...(ca === undefined ? {} : { ca }),
    })
  }
}

/** After so many answers over connections that were used again, the one that was closed is taken for an exception. */
const PROVEN_REUSES = 16
/** So many connections of a backend that closes early are kept, to see whether it still does. */
const KEPT_TO_LEARN = 8
