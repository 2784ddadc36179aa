import {
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import type { Refusal } from '../../errors/refusal.ts'
import { CLIENT_GONE } from '../../inbound/client-gone.ts'
import type { Exchange, ResponseWatch, UpgradeOffer } from '../../inbound/exchange.ts'
import type { UpstreamEvents, UpstreamRequest } from '../upstream.ts'
import { MAX_INTERIM } from './attempt.ts'
import type { DeliveryOwner } from './delivery.ts'
import { protocolRefusal, refusalOf, codedError } from './failure.ts'
import { MessageAnswer } from './message-answer.ts'
import { backendHeaders } from './request-headers.ts'
import { readFields } from './response-head.ts'
import { splice, type SpliceEnd } from './splice.ts'
import { MAX_RESPONSE_HEAD_BYTES, type Target } from './target.ts'

/**
 * A request to leave HTTP (RFC 9110 §7.8) on its way to one backend. On 101 the two connections are joined; any other
 * answer is passed on as the ordinary response that it is. It has a connection of its own, which counts neither
 * against `maxConnections` nor in the end of the backend: each belongs to one connection of a client.
 */
export class UpgradeDelivery implements ResponseWatch {
  readonly #owner: DeliveryOwner
  readonly #request: UpstreamRequest
  readonly #exchange: Exchange
  readonly #offer: UpgradeOffer
  readonly #events: UpstreamEvents
  readonly #untried: Target[]
  #attempt: ClientRequest | undefined
  #timer: NodeJS.Timeout | undefined
  #answering = false
  #over = false

  constructor(
    owner: DeliveryOwner,
    order: readonly Target[],
    request: UpstreamRequest,
    exchange: Exchange,
    offer: UpgradeOffer,
    events: UpstreamEvents,
  ) {
    this.#owner = owner
    this.#untried = [...order]
    this.#request = request
    this.#exchange = exchange
    this.#offer = offer
    this.#events = events
  }

  begin(): void {
    this.#exchange.response.watch = this
    if (!this.#over) this.#next()
  }

  clientGone(): void {
    if (this.#end()) this.#events.broken(CLIENT_GONE)
    this.#attempt?.destroy()
  }

  #next(): void {
    const target = this.#untried.shift()
    if (target === undefined) return
    const { connectTimeoutMs, firstByteTimeoutMs } = this.#owner.spec
    const attempt = target.secure ? httpsRequest(this.#options(target)) : httpRequest(this.#options(target))
    this.#attempt = attempt
    let connected = false
    this.#limit(connectTimeoutMs, attempt, 'UND_ERR_CONNECT_TIMEOUT')
    attempt.on('socket', (socket) => {
      socket.once(target.secure ? 'secureConnect' : 'connect', () => {
        connected = true
        this.#limit(firstByteTimeoutMs, attempt, 'UND_ERR_HEADERS_TIMEOUT')
      })
    })
    let interims = 0
    attempt.on('information', ({ statusCode, rawHeaders }) => {
      if (++interims <= MAX_INTERIM) this.#exchange.response.interim(statusCode, readFields(rawHeaders))
    })
    attempt.on('upgrade', (answer, socket, firstBytes) => this.#switch(target, answer, socket, firstBytes))
    attempt.on('response', (answer) => this.#respond(target, answer))
    attempt.on('error', (error) => {
      // A message that broke off reports that itself.
      if (this.#over || this.#answering) return
      if (connected) return this.#failed(refusalOf(error, target))
      target.avoid()
      if (this.#untried.length === 0) this.#failed(refusalOf(error, target))
      else this.#next()
    })
    attempt.end()
  }

  #options(target: Target): RequestOptions {
    const { spec } = this.#owner
    const headers = backendHeaders(this.#request, target, spec.hostHeader, undefined)
    // INVARIANT: the protocol was checked by the engine to be one token; no other text of the client is in these two.
    headers.push('Connection', 'Upgrade', 'Upgrade', this.#offer.protocol)
    const tls = target.secure
      ? { servername: target.serverName ?? '', ALPNProtocols: ['http/1.1'], ca: spec.ca }
      : {}
    const options = {
      ...tls,
      host: target.hostname,
      port: target.port,
      method: 'GET',
      path: target.basePath + this.#request.target,
      headers,
      agent: false,
      setHost: false,
      insecureHTTPParser: false,
      maxHeaderSize: MAX_RESPONSE_HEAD_BYTES,
      // A side that has said all it has to say may still listen.
      allowHalfOpen: true,
    }
    return options
  }

  #switch(target: Target, answer: IncomingMessage, socket: Socket, firstBytes: Buffer): void {
    if (this.#over || !this.#isAgreed(answer)) {
      socket.destroy()
      return this.#failed(protocolRefusal(target, 'upgrade-not-as-asked'))
    }
    this.#end()
    const client = this.#offer.accept(readFields(answer.rawHeaders))
    this.#events.answered(101)
    if (firstBytes.length > 0) socket.unshift(firstBytes)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    splice(client, socket, this.#owner.spec.idleTimeoutMs, (end) => this.#spliceOver(target, end))
  }

  /** The one protocol that was asked for, and no other. */
  #isAgreed(answer: IncomingMessage): boolean {
    const protocol = answer.headers.upgrade
    return answer.statusCode === 101 && protocol?.toLowerCase() === this.#offer.protocol.toLowerCase()
  }

  #spliceOver(target: Target, end: SpliceEnd): void {
    const refusals: Readonly<Record<Exclude<SpliceEnd, 'ended'>, Refusal>> = {
      'client-broke': CLIENT_GONE,
      'backend-broke': refusalOf(codedError('ECONNRESET'), target),
      idle: refusalOf(codedError('UND_ERR_BODY_TIMEOUT'), target),
    }
    if (end === 'ended') this.#events.done()
    else this.#events.broken(refusals[end])
  }

  #respond(target: Target, answer: IncomingMessage): void {
    clearTimeout(this.#timer)
    if (this.#over) {
      answer.destroy()
      return
    }
    this.#answering = true
    new MessageAnswer(target, answer, this.#exchange, this.#owner.spec.idleTimeoutMs, {
      answered: (status) => this.#events.answered(status),
      done: () => {
        if (this.#end()) this.#events.done()
      },
      failed: (refusal) => this.#failed(refusal),
      broken: (refusal) => {
        if (!this.#end()) return
        this.#exchange.response.abort()
        this.#events.broken(refusal)
      },
    }).begin()
  }

  #limit(timeoutMs: number, attempt: ClientRequest, code: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => attempt.destroy(codedError(code)), timeoutMs)
  }

  #failed(refusal: Refusal): void {
    if (this.#end()) this.#events.failed(refusal)
  }

  /** False where it was over already. */
  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    clearTimeout(this.#timer)
    this.#exchange.response.watch = undefined
    this.#exchange.response.onDrain = undefined
    this.#owner.delivered()
    return true
  }
}
