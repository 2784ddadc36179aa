import type { OnConnectionProblem } from '../inbound/node/settings.ts'
import { randomUuid } from '../kernel/uuid.ts'
import type { PipelineContext } from './pipeline.ts'
import { errorResponse } from './respond.ts'

/**
 * Words the answer to what never became a request (bytes that are no HTTP, a head too large or too slow) and writes
 * its line into the access log.
 */
export function connectionRefuser({ clock, accessLog, metrics }: PipelineContext): OnConnectionProblem {
  return (refusal, peer) => {
    const requestId = randomUuid()
    const { status, headers, body } = errorResponse({ refusal, style: 'problem', requestId, headers: [] })
    metrics?.notRequested(status, refusal)
    accessLog?.write({
      time: clock.now(),
      requestId,
      method: '',
      host: '',
      path: '',
      protocol: '',
      peer: peer.address,
      client: peer.address,
      outcome: 'refuse',
      status,
      durationMs: 0,
      route: undefined,
      backend: undefined,
      by: undefined,
      key: undefined,
      code: refusal.code,
      reason: refusal.reason,
      detail: refusal.detail,
      steps: undefined,
    })
    return { status, headers, body: Buffer.from(body, 'utf8') }
  }
}
