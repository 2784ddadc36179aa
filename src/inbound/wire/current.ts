import type { RequestHead } from '../../http1/index.ts'
import type { InboundRequest, Peer } from '../request.ts'
import type { WireRequestBody } from './request-body.ts'
import type { WireResponse } from './response.ts'
import type { WireUpgradeOffer } from './upgrade-offer.ts'

/** What its answer must know of a request: its method, its version HTTP/1.`minor`, and whether the client would stay. */
export type Asked = Pick<RequestHead, 'method' | 'minor' | 'keepAlive'>

/** The exchange that a connection is busy with. It does not keep the head, which whoever handles it may let go. */
export interface Current extends Asked {
  readonly body: WireRequestBody
  readonly response: WireResponse
  readonly upgrade: WireUpgradeOffer | undefined
}

export function currentOf(
  { method, minor, keepAlive }: Asked,
  body: WireRequestBody,
  response: WireResponse,
  upgrade: WireUpgradeOffer | undefined,
): Current {
  return { method, minor, keepAlive, body, response, upgrade }
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
