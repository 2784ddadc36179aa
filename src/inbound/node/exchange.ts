import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Exchange } from '../exchange.ts'
import type { InboundRequest } from '../request.ts'
import { NodeRequestBody, type DiscardOutcome } from './request-body.ts'
import type { RequestHead } from './request-head.ts'
import { NodeResponseSink, type ResponseSurroundings } from './response-sink.ts'
import type { NodeUpgradeOffer } from './upgrade-offer.ts'

/** What an exchange needs of its connection. */
export interface ExchangeConnection extends DiscardOutcome {
  /** Whether the connection takes no more requests. */
  readonly closing: boolean
  /** The response is about to end while the client may still be sending. */
  lingerAtClose(): void
}

/** One request of node:http and its answer in the neutral shape. */
export class NodeExchange implements Exchange, ResponseSurroundings {
  readonly request: InboundRequest
  readonly body: NodeRequestBody
  readonly response: NodeResponseSink
  readonly upgrade: NodeUpgradeOffer | undefined
  readonly #message: IncomingMessage
  readonly #serverResponse: ServerResponse
  readonly #connection: ExchangeConnection

  /** `waits` says that the client waits for 100 Continue before it sends the body. */
  constructor(
    head: RequestHead,
    message: IncomingMessage,
    response: ServerResponse,
    connection: ExchangeConnection,
    more: { readonly waits: boolean; readonly upgrade: NodeUpgradeOffer | undefined },
  ) {
    this.request = head.request
    this.#message = message
    this.#serverResponse = response
    this.#connection = connection
    this.body = new NodeRequestBody(message, head.bodyLength, more.waits ? response : undefined, connection)
    this.response = new NodeResponseSink(response, this)
    this.upgrade = more.upgrade
  }

  get method(): string {
    return this.request.method
  }

  get httpVersion(): string {
    return this.request.httpVersion
  }

  get lastResponse(): boolean {
    return this.#connection.closing || this.body.closes
  }

  /** Whether the connection may serve another request after this one. */
  get keepsAlive(): boolean {
    return this.#serverResponse.shouldKeepAlive && this.upgrade === undefined
  }

  /** Whether the parser has seen all of the request, so that what comes next is not part of it. */
  get received(): boolean {
    return this.#message.complete
  }

  settleBody(): void {
    if (this.body.complete) return
    this.#connection.lingerAtClose()
    this.body.discard()
  }
}
