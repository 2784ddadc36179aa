import type { IncomingMessage } from 'node:http'
import { FieldList } from '../../http1/index.ts'
import type { Exchange } from '../../inbound/exchange.ts'
import type { UpstreamEvents } from '../upstream.ts'
import { codedError, protocolRefusal, refusalOf } from './failure.ts'
import { readFields, readResponseHead } from './response-head.ts'
import type { Target } from './target.ts'

/** Passes on an answer that came through node:http, as `Attempt` does with one that came through undici. */
export class MessageAnswer {
  readonly #target: Target
  readonly #message: IncomingMessage
  readonly #exchange: Exchange
  readonly #idleTimeoutMs: number
  readonly #events: UpstreamEvents

  constructor(
    target: Target,
    message: IncomingMessage,
    exchange: Exchange,
    idleTimeoutMs: number,
    events: UpstreamEvents,
  ) {
    this.#target = target
    this.#message = message
    this.#exchange = exchange
    this.#idleTimeoutMs = idleTimeoutMs
    this.#events = events
  }

  begin(): void {
    const message = this.#message
    const { response } = this.#exchange
    const status = message.statusCode ?? 0
    const head = readResponseHead(message.rawHeaders)
    if (status < 200 || status > 599 || !head.ok) {
      message.destroy()
      return this.#events.failed(protocolRefusal(this.#target, head.ok ? 'bad-status' : head.error))
    }
    // The one event that comes after every end, good or bad.
    let error: unknown = codedError('ECONNRESET')
    message.on('error', (cause) => (error = cause))
    message.on('close', () => {
      if (!message.complete) return this.#events.broken(refusalOf(error, this.#target))
      response.end(readFields(message.rawTrailers))
      this.#events.done()
    })
    message.setTimeout(this.#idleTimeoutMs, () => {
      // Where the client is the slow one, the engine's own clock watches it.
      if (!message.isPaused()) message.destroy(codedError('UND_ERR_BODY_TIMEOUT'))
    })
    response.onDrain = () => message.resume()
    response.head(status, new FieldList(head.value.headers), head.value.length)
    this.#events.answered(status)
    message.on('data', (piece: Buffer) => {
      if (!response.write(piece)) message.pause()
    })
  }
}
