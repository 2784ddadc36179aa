import type { RequestHead } from '../../http1/index.ts'
import type { InboundRequest, Peer } from '../request.ts'
import type { WireRequestBody } from './request-body.ts'
import type { WireResponse } from './response.ts'
import type { WireUpgradeOffer } from './upgrade-offer.ts'

/** The exchange that a connection is busy with. */
export interface Current {
  readonly head: RequestHead
  readonly body: WireRequestBody
  readonly response: WireResponse
  readonly upgrade: WireUpgradeOffer | undefined
}

export function requestOf(head: RequestHead, peer: Peer): InboundRequest {
  return {
    method: head.method,
    target: head.target,
    authority: head.host,
    headers: head.headers,
    repeated: head.repeated,
    httpVersion: head.minor === 1 ? '1.1' : '1.0',
    peer,
  }
}
