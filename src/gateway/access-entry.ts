import type { Refusal } from '../errors/refusal.ts'
import { clientAddress } from '../inbound/forwarding.ts'
import type { InboundRequest } from '../inbound/request.ts'
import type { Route } from '../plan/plan.ts'
import type { AddressSet, Step } from '../policy/index.ts'
import type { Observation } from '../policy/istio/index.ts'
import type { AccessEntry } from '../telemetry/access-log.ts'
import type { Forwarded } from './decide.ts'
import type { Examined } from './examine.ts'

/** What is known of a request when it ends, however far it came. */
export interface Ended {
  readonly request: InboundRequest
  readonly trustedPeers: AddressSet
  readonly examined: Examined | undefined
  readonly forwarded: Forwarded | undefined
  /** Also of a request that was refused right after its route was known. */
  readonly route: Route | undefined
  readonly requestId: string
  readonly startedMs: number
  readonly endedMs: number
  readonly outcome: AccessEntry['outcome']
  readonly status: number
  readonly refusal: Refusal | undefined
  /** What policies without a say would have said, whatever became of the request. */
  readonly observations: readonly Observation[]
  readonly steps: readonly Step[] | undefined
}

/** The request's line in the access log. The path stands without its query, where a token might be. */
export function accessEntry(ended: Ended): AccessEntry {
  const { request, refusal } = ended
  return {
    time: ended.startedMs,
    requestId: ended.requestId,
    method: request.method,
    ...placeOf(ended),
    route: ended.route?.spec.name,
    protocol: `HTTP/${request.httpVersion}`,
    peer: request.peer.address,
    client: clientAddress(request, ended.trustedPeers),
    outcome: ended.outcome,
    status: ended.status,
    durationMs: ended.endedMs - ended.startedMs,
    ...callerOf(ended),
    ...observedOf(ended),
    code: refusal?.code,
    reason: refusal?.reason,
    detail: refusal?.detail,
    steps: ended.steps,
  }
}

/** Canonical where they came to be, and otherwise as the client wrote them. */
function placeOf({ request, examined }: Ended): Pick<AccessEntry, 'host' | 'path'> {
  if (examined === undefined) return { host: request.authority, path: rawPath(request.target) }
  return { host: examined.host, path: examined.path }
}

function callerOf({ forwarded, refusal }: Ended): Pick<AccessEntry, 'backend' | 'by' | 'key'> {
  if (forwarded === undefined) return { backend: undefined, by: refusal?.by, key: undefined }
  const { principal, route } = forwarded.permit
  const { bearer } = forwarded.permit.passed
  return {
    backend: route.backend,
    by: principal?.authentication.spec.name ?? bearer?.rule.spec.name ?? refusal?.by,
    key: principal?.key.label ?? bearer?.key.label,
  }
}

function observedOf({ observations }: Ended): Pick<AccessEntry, 'policies'> {
  if (observations.length === 0) return {}
  return {
    policies: observations.map(({ policy, would }) =>
      would === 'audit' ? `AUDIT ${policy.name}` : `would ${would.toUpperCase()} ${policy.name}`,
    ),
  }
}

/** Enough of a path that was refused to find the client that sent it. */
const MAX_PATH_CHARS = 512

function rawPath(target: string): string {
  const mark = target.indexOf('?')
  return target.slice(0, mark === -1 ? MAX_PATH_CHARS : Math.min(mark, MAX_PATH_CHARS))
}
