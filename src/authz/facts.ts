import type { InboundRequest } from '../inbound/request.ts'
import { clientAddress, forwardingFields } from '../inbound/forwarding.ts'
import { headerValues, isField } from '../inbound/fields/headers.ts'
import type { Checkpoint } from '../plan/checkpoint.ts'
import type { Plan } from '../plan/plan.ts'
import { canonicalHost, plainAddress } from '../policy/index.ts'
import type { ConnectionFacts, Facts, TokenFacts } from '../policy/istio/index.ts'
import { pairsWhere, type Asked, type RequestView } from './request-view.ts'

export interface FactSources {
  readonly request: InboundRequest
  readonly view: RequestView
  readonly token: TokenFacts | undefined
  readonly checkpoint: Checkpoint
  readonly plan: Plan
}

/** What the policies of a checkpoint may ask of a request; what costs something is worked out for who asks. */
export class RequestFacts implements Facts {
  readonly method: string
  readonly path: string
  readonly token: TokenFacts | undefined
  readonly connection: ConnectionFacts
  readonly #sources: FactSources
  #host: string | undefined
  #headers: readonly string[] | undefined
  #remoteAddress: string | undefined

  constructor(sources: FactSources) {
    const { request, view, token, checkpoint } = sources
    this.method = request.method
    this.path = view.asked.path
    this.token = token
    this.connection = checkpoint.behind?.connection ?? ownConnection(request)
    this.#sources = sources
  }

  get host(): string {
    return (this.#host ??= hostOf(this.#sources.view.asked))
  }

  get headers(): readonly string[] {
    return (this.#headers ??= headersOf(this.#sources))
  }

  get remoteAddress(): string {
    return (this.#remoteAddress ??= remoteAddressOf(this.#sources))
  }
}

/** In the one form in which the request is routed too, yet with its port. */
function hostOf({ authority }: Asked): string {
  const host = canonicalHost(authority)
  if (!host.ok) return authority.toLowerCase()
  return host.value.port === undefined ? host.value.host : `${host.value.host}:${host.value.port}`
}

/**
 * Of where a request came from the gateway itself says what Envoy does, before any policy: a client that wrote it could
 * let itself in. Proxies that are counted have said it before.
 */
function headersOf({ request, view, checkpoint, plan }: FactSources): readonly string[] {
  const { headers } = view
  if (checkpoint.behind !== undefined || checkpoint.trustedHops > 0) return headers
  const said = forwardingFields(request, plan.trustedPeers).pairs
  return [...pairsWhere(headers, (name) => !isOrigin(name)), ...pairsWhere(said, (name) => isOrigin(name))]
}

function isOrigin(name: string): boolean {
  return isField(name, 'x-forwarded-for') || isField(name, 'x-forwarded-proto')
}

const LAST = new WeakMap<InboundRequest['peer'], ConnectionFacts>()

/** The same object for all requests of a connection. */
function ownConnection({ peer }: InboundRequest): ConnectionFacts {
  const known = LAST.get(peer)
  if (known !== undefined) return known
  const { local } = peer
  const facts = {
    address: peer.address,
    localAddress: local?.address ?? '',
    localPort: local?.port ?? 0,
    serverName: local?.serverName ?? '',
    principal: local?.clientPrincipal,
  }
  LAST.set(peer, facts)
  return facts
}

/** That which the last of so many proxies saw, or that of the connection where not so many have added theirs. */
function remoteAddressOf({ request, checkpoint, plan }: FactSources): string {
  const { trustedHops } = checkpoint
  if (trustedHops === 0) return clientAddress(request, plan.trustedPeers)
  const hops = headerValues(request.headers, 'x-forwarded-for').flatMap((line) => line.split(','))
  const hop = hops.at(-trustedHops)?.trim()
  return (hop === undefined ? undefined : plainAddress(hop)) ?? request.peer.address
}
