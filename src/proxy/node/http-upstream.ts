import { refuse } from '../../errors/refusal.ts'
import type { Exchange } from '../../inbound/exchange.ts'
import type { HttpBackendSpec } from '../../plan/spec.ts'
import type { Upstream, UpstreamEvents, UpstreamRequest } from '../upstream.ts'
import { Delivery, type DeliveryOwner } from './delivery.ts'
import { Rotation } from './rotation.ts'
import { Target } from './target.ts'
import { UpgradeDelivery } from './upgrade.ts'

/** Makes the backend of one or several URLs. Nothing is connected before the first request. */
export function createHttpUpstream(spec: HttpBackendSpec): Upstream {
  return new HttpUpstream(spec)
}

class HttpUpstream implements Upstream, DeliveryOwner {
  readonly name: string
  readonly spec: HttpBackendSpec
  readonly #rotation: Rotation<Target>
  #underWay = 0
  #closing = false
  #whenIdle: (() => void)[] = []

  constructor(spec: HttpBackendSpec) {
    this.name = spec.name
    this.spec = spec
    this.#rotation = new Rotation(spec.urls.map((url) => new Target(spec, url)))
  }

  send(request: UpstreamRequest, exchange: Exchange, events: UpstreamEvents): void {
    if (!request.target.startsWith('/')) {
      const detail =
        'a request for the server as a whole (`OPTIONS *`) has no path by which it could be passed on'
      return events.failed(refuse('GW_ROUTE_NOT_FOUND', 'asterisk-form', { by: this.name, detail }))
    }
    this.#underWay++
    const order = this.#rotation.order()
    if (exchange.upgrade !== undefined && request.method === 'GET') {
      new UpgradeDelivery(this, order, request, exchange, exchange.upgrade, events).begin()
    } else {
      new Delivery(this, order, request, exchange, events).begin()
    }
  }

  /** A request that was decided under an older plan may still come; its connection is closed after it. */
  async close(): Promise<void> {
    this.#closing = true
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve))
    await this.#closeTargets()
  }

  delivered(): void {
    this.#underWay--
    if (!this.#closing || this.#underWay > 0) return
    void this.#closeTargets()
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  async #closeTargets(): Promise<void> {
    await Promise.all(this.#rotation.targets.map((target) => target.close()))
  }
}
