import { refuse } from '../../errors/refusal.ts'
import { DEFAULT_HTTP_LIMITS, ResponseGrammar } from '../../http1/index.ts'
import type { Exchange } from '../../inbound/exchange.ts'
import { tickMs } from '../../inbound/wire/phase-clock.ts'
import type { HttpBackendSpec } from '../../plan/spec.ts'
import { Rotation } from '../node/rotation.ts'
import { MAX_RESPONSE_HEAD_BYTES } from '../node/target.ts'
import { UpgradeDelivery } from '../node/upgrade.ts'
import type { Upstream, UpstreamEvents, UpstreamRequest } from '../upstream.ts'
import { WireDelivery, type DeliveryOwner } from './delivery.ts'
import { Origin } from './origin.ts'

/** Makes the backend of one or several URLs on the project's own HTTP/1.1. Nothing is connected before the first request. */
export function createWireUpstream(spec: HttpBackendSpec): Upstream {
  return new WireUpstream(spec)
}

class WireUpstream implements Upstream, DeliveryOwner {
  readonly name: string
  readonly spec: HttpBackendSpec
  readonly #rotation: Rotation<Origin>
  readonly #tickMs: number
  /** Runs from the first request on, and again for one that comes after `close`. */
  #ticker: NodeJS.Timeout | undefined
  #underWay = 0
  #closing = false
  #whenIdle: (() => void)[] = []

  constructor(spec: HttpBackendSpec) {
    this.name = spec.name
    this.spec = spec
    const grammar = new ResponseGrammar({ ...DEFAULT_HTTP_LIMITS, maxHeadBytes: MAX_RESPONSE_HEAD_BYTES })
    this.#rotation = new Rotation(spec.urls.map((url) => new Origin(spec, url, grammar)))
    this.#tickMs = tickMs([spec.connectTimeoutMs, spec.firstByteTimeoutMs, spec.idleTimeoutMs])
  }

  send(request: UpstreamRequest, exchange: Exchange, events: UpstreamEvents): void {
    if (!request.target.startsWith('/')) {
      const detail =
        'a request for the server as a whole (`OPTIONS *`) has no path by which it could be passed on'
      return events.failed(refuse('GW_ROUTE_NOT_FOUND', 'asterisk-form', { by: this.name, detail }))
    }
    this.#underWay++
    this.#ticker ??= setInterval(this.#tick, this.#tickMs).unref()
    const order = this.#rotation.order()
    if (exchange.upgrade !== undefined && request.method === 'GET') {
      new UpgradeDelivery(this, order, request, exchange, exchange.upgrade, events).begin()
    } else {
      new WireDelivery(this, order, request, exchange, events).begin()
    }
  }

  /** A request that was decided under an older plan may still come; its connection is closed after it. */
  async close(): Promise<void> {
    this.#closing = true
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve))
    this.#closeOrigins()
  }

  delivered(): void {
    this.#underWay--
    if (!this.#closing || this.#underWay > 0) return
    this.#closeOrigins()
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  #closeOrigins(): void {
    clearInterval(this.#ticker)
    this.#ticker = undefined
    for (const origin of this.#rotation.targets) origin.closeIdle()
  }

  readonly #tick = (): void => {
    // Not the time of day, which may be set back or forth.
    const nowMs = performance.now()
    for (const origin of this.#rotation.targets) origin.sweep(nowMs)
  }
}
