import { isIP } from 'node:net'
import type { KeyStore } from '../keys/index.ts'
import { PolicySet, type ConnectionFacts } from '../policy/istio/index.ts'
import type { CheckpointSpec, CheckpointsSpec, ExternalAuthorizerSpec } from './checkpoint-spec.ts'
import type { BackendSpec } from './spec.ts'
import { buildTokenRules, type TokenRule } from './token-rules.ts'

/** What a request has to pass at one workload, ready. */
export interface Checkpoint {
  readonly spec: CheckpointSpec
  readonly tokenRules: readonly TokenRule[]
  readonly policies: PolicySet
  /** Services that its CUSTOM policies ask, by name. */
  readonly authorizers: ReadonlyMap<string, ExternalAuthorizerSpec>
  /** What a backend sees of the gateway; undefined at the gateway, to which the client itself comes. */
  readonly behind: BehindGateway | undefined
  readonly trustedHops: number
}

/** A backend as the gateway asks it. */
export interface BehindGateway {
  readonly connection: ConnectionFacts
  /** The Host that it sees; undefined for the client's. */
  readonly host: string | undefined
  /** What stands before the path of each request; empty, or a path without a final slash. */
  readonly basePath: string
}

/** Gives the checkpoints that a request to a backend passes, in order; none where neither has rules. */
export function checkpointsOf(
  spec: CheckpointsSpec | undefined,
  backends: readonly BackendSpec[],
  keys: KeyStore,
): (backend: string) => readonly Checkpoint[] {
  if (spec === undefined) return () => NO_CHECKPOINTS
  const authorizers = new Map(spec.authorizers.map((each) => [each.name, each]))
  const principal = spec.places.find(({ backend }) => backend === undefined)?.workload.principal
  const built = spec.places
    .filter(({ tokenRules, policies }) => tokenRules.length > 0 || policies.length > 0)
    .map((place): Checkpoint => {
      const backend = backends.find(({ name }) => name === place.backend)
      return {
        spec: place,
        tokenRules: buildTokenRules(place.tokenRules, keys),
        policies: new PolicySet(place.policies),
        authorizers,
        behind: place.backend === undefined ? undefined : behindGateway(backend, principal),
        trustedHops: spec.trustedHops,
      }
    })
  const lists = new Map<string, readonly Checkpoint[]>()
  return (name) => {
    const known = lists.get(name)
    if (known !== undefined) return known
    const list = built.filter(({ spec: { backend } }) => backend === undefined || backend === name)
    lists.set(name, list)
    return list
  }
}

const NO_CHECKPOINTS: readonly Checkpoint[] = []

function behindGateway(backend: BackendSpec | undefined, principal: string | undefined): BehindGateway {
  // Of several URLs one stands for all.
  const url = backend?.kind === 'http' ? URL.parse(backend.urls[0] ?? '') : null
  const seesOwnHost = backend?.kind === 'http' && backend.hostHeader === 'backend'
  return {
    connection: connectionTo(url, principal),
    host: seesOwnHost ? url?.host : undefined,
    basePath: url?.pathname.replace(/\/+$/, '') ?? '',
  }
}

/**
 * What a backend sees of the connection from the gateway. Its source is the gateway, whose address there is not known:
 * no block holds it, so that a policy which lets addresses in lets nobody in by it.
 */
function connectionTo(url: URL | null, principal: string | undefined): ConnectionFacts {
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? ''
  return {
    address: '',
    localAddress: isIP(host) === 0 ? '' : host,
    localPort: portOf(url),
    serverName: '',
    principal,
  }
}

function portOf(url: URL | null): number {
  if (url === null) return 0
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : 80
}
