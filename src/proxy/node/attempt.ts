import type { Dispatcher } from 'undici'
import { FieldList } from '../../http1/index.ts'
import type { Exchange } from '../../inbound/exchange.ts'
import type { UpstreamEvents } from '../upstream.ts'
import { CarriedRefusal } from './carried-refusal.ts'
import { protocolRefusal } from './failure.ts'
import { readFields, readResponseHead } from './response-head.ts'
import type { Target } from './target.ts'

/** A backend that sends interim answers without end would hold the request for ever, since each restarts the clock. */
export const MAX_INTERIM = 16

/** Who made the attempt. */
export interface AttemptOwner {
  readonly exchange: Exchange
  readonly events: UpstreamEvents
  /** Whether the answer is not wanted any more. */
  readonly over: boolean
  succeeded(attempt: Attempt): void
  attemptFailed(attempt: Attempt, error: unknown): void
}

/** One try to get one request answered by one URL: passes the answer on piece by piece, as undici reports it. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly target: Target
  /** Whether anything was written to the backend. */
  sent = false
  /** Whether anything was read from it. */
  heard = false
  /** Whether the head of the answer was passed on. */
  answered = false
  readonly #owner: AttemptOwner
  #controller: Dispatcher.DispatchController | undefined
  #interims = 0

  constructor(owner: AttemptOwner, target: Target) {
    this.#owner = owner
    this.target = target
  }

  /** Stops the attempt; where it is not sent yet, it stops when its turn comes. */
  cancel(reason: CarriedRefusal): void {
    this.#controller?.abort(reason)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#owner.over)
      return controller.abort(new CarriedRefusal(protocolRefusal(this.target, 'cancelled')))
    this.sent = true
  }

  onResponseStarted(): void {
    this.heard = true
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const raw = rawFields(controller.rawHeaders)
    const { exchange, events } = this.#owner
    if (status < 200) {
      if (++this.#interims > MAX_INTERIM) return this.#breach(controller, 'too-many-interim-answers')
      return exchange.response.interim(status, readFields(raw))
    }
    if (status > 599) return this.#breach(controller, 'bad-status')
    const head = readResponseHead(raw)
    if (!head.ok) return this.#breach(controller, head.error)
    this.answered = true
    exchange.response.onDrain = () => controller.resume()
    exchange.response.head(status, new FieldList(head.value.headers), head.value.length)
    events.answered(status)
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    if (!this.#owner.exchange.response.write(piece)) controller.pause()
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const trailers = readFields(rawFields(controller.rawTrailers))
    this.#owner.exchange.response.end(trailers)
    this.#owner.succeeded(this)
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#owner.attemptFailed(this, error)
  }

  #breach(controller: Dispatcher.DispatchController, reason: string): void {
    controller.abort(new CarriedRefusal(protocolRefusal(this.target, reason)))
  }
}

const NONE: readonly Buffer[] = []

function rawFields(raw: Dispatcher.DispatchController['rawHeaders']): readonly (Buffer | string)[] {
  return Array.isArray(raw) ? raw : NONE
}
