import type { Exchange, ResponseWatch } from '../../inbound/exchange.ts'
import { CLIENT_GONE } from '../../inbound/client-gone.ts'
import type { Refusal } from '../../errors/refusal.ts'
import type { HttpBackendSpec } from '../../plan/spec.ts'
import type { UpstreamEvents, UpstreamRequest } from '../upstream.ts'
import { Attempt, type AttemptOwner } from './attempt.ts'
import { CarriedRefusal } from './carried-refusal.ts'
import { busyRefusal, isReset, isUnsendable, refusalOf, wasReused } from './failure.ts'
import { backendHeaders } from './request-headers.ts'
import { RequestStream } from './request-stream.ts'
import type { Target } from './target.ts'
import type { Guest } from './waiting-room.ts'

/** Where a delivery comes from. */
export interface DeliveryOwner {
  readonly spec: HttpBackendSpec
  /** Called once, when the delivery has come to its end. */
  delivered(): void
}

/** Methods that may be sent twice (RFC 9110 §9.2.2); TRACE is left out, which nobody retries. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/**
 * One request on its way to one backend: it waits for a connection where all are in use, goes to another URL where
 * one cannot be connected to, and is sent again once where a kept-alive connection turned out to be closed.
 * INVARIANT: exactly one of `done`, `failed` and `broken` is reported, and each slot that was taken is given back.
 */
export class Delivery implements AttemptOwner, ResponseWatch, Guest {
  readonly exchange: Exchange
  readonly events: UpstreamEvents
  over = false
  readonly #owner: DeliveryOwner
  readonly #request: UpstreamRequest
  /** URLs that were not tried yet, in their order. */
  readonly #untried: Target[]
  readonly #hasBody: boolean
  #attempt: Attempt | undefined
  #waitingAt: Target | undefined
  #waitTimer: NodeJS.Timeout | undefined
  #retried = false

  constructor(
    owner: DeliveryOwner,
    order: readonly Target[],
    request: UpstreamRequest,
    exchange: Exchange,
    events: UpstreamEvents,
  ) {
    this.#owner = owner
    this.#untried = [...order]
    this.#request = request
    this.exchange = exchange
    this.events = events
    this.#hasBody = request.body === undefined ? exchange.body.length !== 0 : request.body.length > 0
  }

  begin(): void {
    this.exchange.response.watch = this
    if (!this.over) this.#next()
  }

  admitted(): void {
    const target = this.#waitingAt
    clearTimeout(this.#waitTimer)
    this.#waitingAt = undefined
    if (target !== undefined) this.#dispatch(target)
  }

  succeeded({ target }: Attempt): void {
    target.room.leave()
    if (!this.over) this.#end(() => this.events.done())
  }

  attemptFailed(attempt: Attempt, error: unknown): void {
    const { target } = attempt
    target.room.leave()
    if (this.over) return
    if (attempt.answered) return this.#broken(refusalOf(error, target))
    if (this.#maySendAgain(attempt, error)) {
      this.#retried = true
      this.#untried.unshift(target)
      return this.#next()
    }
    if (attempt.sent || isUnsendable(error)) return this.#failed(refusalOf(error, target))
    target.avoid()
    if (this.#untried.length > 0) this.#next()
    else this.#failed(refusalOf(error, target))
  }

  #next(): void {
    const target = this.#untried.find((candidate) => candidate.room.enter())
    if (target !== undefined) return this.#dispatch(target)
    const [first] = this.#untried
    if (first === undefined) return
    if (!first.room.wait(this)) return this.#failed(busyRefusal(first, 'queue-full'))
    this.#waitingAt = first
    // Getting a connection takes no longer than connecting may.
    this.#waitTimer = setTimeout(() => this.#waitedTooLong(first), this.#owner.spec.connectTimeoutMs)
  }

  #waitedTooLong(target: Target): void {
    target.room.giveUp(this)
    this.#waitingAt = undefined
    this.#failed(busyRefusal(target, 'queue-timeout'))
  }

  #dispatch(target: Target): void {
    this.#untried.splice(this.#untried.indexOf(target), 1)
    const attempt = new Attempt(this, target)
    this.#attempt = attempt
    const { method, target: pathAndQuery } = this.#request
    const options = {
      method,
      path: target.basePath + pathAndQuery,
      headers: backendHeaders(this.#request, target, this.#owner.spec.hostHeader, this.#knownLength()),
      body: this.#body(),
      // Constant, or undici would close the connection whenever the Host field of a request differs from the last.
      servername: target.hostname,
    }
    target.pool.dispatch(options, attempt)
  }

  /** A new stream for each attempt: there is another one only where the last was never read. */
  #body(): Buffer | RequestStream | null {
    if (!this.#hasBody) return null
    return this.#request.body ?? new RequestStream(this.exchange.body)
  }

  #knownLength(): number | undefined {
    if (!this.#hasBody || this.#request.body !== undefined) return undefined
    return this.exchange.body.length
  }

  /**
   * A connection that was kept alive and is closed the moment it is used: nothing was answered, and what was asked may
   * be asked twice. Also where not a byte was written, whatever the method.
   */
  #maySendAgain(attempt: Attempt, error: unknown): boolean {
    if (this.#retried || attempt.heard || !isReset(error)) return false
    if (!attempt.sent) return true
    return !this.#hasBody && IDEMPOTENT.has(this.#request.method) && wasReused(error)
  }

  clientGone(): void {
    if (this.over) return
    clearTimeout(this.#waitTimer)
    this.#waitingAt?.room.giveUp(this)
    this.#end(() => this.events.broken(CLIENT_GONE))
    this.#attempt?.cancel(new CarriedRefusal(CLIENT_GONE))
  }

  #failed(refusal: Refusal): void {
    // A body that broke off because its client went away leaves nobody to answer.
    if (refusal === CLIENT_GONE) this.#broken(refusal)
    else this.#end(() => this.events.failed(refusal))
  }

  #broken(refusal: Refusal): void {
    this.#end(() => {
      this.exchange.response.abort()
      this.events.broken(refusal)
    })
  }

  #end(report: () => void): void {
    this.over = true
    this.exchange.response.watch = undefined
    this.exchange.response.onDrain = undefined
    this.#owner.delivered()
    report()
  }
}
