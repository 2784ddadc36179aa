import type { FieldList } from '../http1/index.ts'
import type { Exchange } from '../inbound/exchange.ts'
import type { Refusal } from '../errors/refusal.ts'

/** A request as the backend will get it, whole but for the body. */
export class UpstreamRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** The Host that the client asked for; empty where HTTP/1.0 named none. */
  readonly host: string
  /** End-to-end fields without Host, in order; framing and connection fields are the upstream's own. */
  readonly fields: readonly FieldList[]
  /** Set where the gateway has read (and perhaps changed) the form; otherwise the body streams from the exchange. */
  readonly body: Buffer | undefined

  constructor(parts: Pick<UpstreamRequest, 'method' | 'target' | 'host' | 'fields' | 'body'>) {
    this.method = parts.method
    this.target = parts.target
    this.host = parts.host
    this.fields = parts.fields
    this.body = parts.body
  }

  /** All fields, names and values in turn, Host before the others. */
  get headers(): readonly string[] {
    const others = this.fields.flatMap(({ pairs }) => pairs)
    return this.host === '' ? others : ['Host', this.host, ...others]
  }
}

/**
 * One backend, ready to take requests. `send` answers the exchange: it streams the backend's response, or calls
 * `failed` exactly once, before anything was written, with the refusal to give instead. When the response had begun
 * it aborts the exchange itself and reports through `broken`.
 */
export interface Upstream {
  readonly name: string
  send(request: UpstreamRequest, exchange: Exchange, events: UpstreamEvents): void
  /** Ends idle connections now and the others with their last response. */
  close(): Promise<void>
}

export interface UpstreamEvents {
  /** The head of the backend's answer was passed on. */
  answered(status: number): void
  /** The whole answer was passed on. */
  done(): void
  failed(refusal: Refusal): void
  /** The backend or the client broke off in the middle; the exchange is aborted already. */
  broken(refusal: Refusal): void
}
