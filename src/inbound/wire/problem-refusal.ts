import type { ErrorCode } from '../../errors/catalog.ts'
import { refuse, type Refusal } from '../../errors/refusal.ts'
import type { HttpProblem, HttpProblemStatus } from '../../http1/index.ts'

/** The public code for each status of the codec. */
const CODES: Readonly<Record<HttpProblemStatus, ErrorCode>> = {
  400: 'GW_REQUEST_MALFORMED',
  413: 'GW_REQUEST_BODY_TOO_LARGE',
  414: 'GW_REQUEST_TARGET_TOO_LONG',
  431: 'GW_REQUEST_HEAD_TOO_LARGE',
  501: 'GW_REQUEST_UNSUPPORTED',
  505: 'GW_REQUEST_VERSION',
}

/** What the codec found wrong, as a refusal of the gateway. */
export function problemRefusal({ status, reason, detail }: HttpProblem): Refusal {
  return refuse(CODES[status], reason, { detail })
}

export const HEAD_TOO_SLOW = refuse('GW_REQUEST_TIMEOUT', 'head-timeout', {
  detail: 'the request head was not complete within `timeouts.head`',
})

export const BODY_TOO_SLOW = refuse('GW_REQUEST_TIMEOUT', 'body-idle', {
  detail: 'no piece of the request body came within `timeouts.body`',
})
