import type { RequestHead } from '../../http1/index.ts'
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
