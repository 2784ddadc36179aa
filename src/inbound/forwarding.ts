import { canonicalHost, plainAddress, spellingOf, type AddressSet } from '../policy/index.ts'
import { FieldList } from '../http1/index.ts'
import { headerValues } from './fields/headers.ts'
import {
  addressOfNode,
  forwardedElement,
  hostParameter,
  parseForwarded,
  type ForwardedElement,
} from './forwarded-field.ts'
import type { InboundRequest, Peer } from './request.ts'

/**
 * The address of the client: the nearest that is no trusted peer, walking from this connection back through what
 * trusted peers say, or the farthest of them.
 */
export function clientAddress(request: InboundRequest, trusted: AddressSet): string {
  return forwardingOf(request, trusted).chain[0] ?? request.peer.address
}

/**
 * The fields, names and values in turn, that tell the backend where a request came from. They replace all that
 * `isForwardingField` names: what a trusted peer said is in them again, and what nobody vouches for is not.
 */
export function forwardingFields(request: InboundRequest, trusted: AddressSet): FieldList {
  const known = LAST_FIELDS.get(request.peer)
  if (known !== undefined && known.authority === request.authority && known.trusted === trusted)
    return known.fields
  const forwarding = forwardingOf(request, trusted)
  const fields = new FieldList(fieldsOf(forwarding))
  // What nobody vouches for is not looked at, so that of one connection only the Host can make a difference.
  if (!forwarding.believed) LAST_FIELDS.set(request.peer, { authority: request.authority, trusted, fields })
  return fields
}

/** What was made for a connection last; it goes with the connection. */
const LAST_FIELDS = new WeakMap<
  Peer,
  { readonly authority: string; readonly trusted: AddressSet; readonly fields: FieldList }
>()

function fieldsOf({ chain, proto, host }: Forwarding): readonly string[] {
  const quotable = isHost(host) ? host : ''
  const forwarded = chain.map((address, hop) =>
    forwardedElement(address, hop === 0 ? `${hostParameter(quotable)};proto=${proto}` : ''),
  )
  const fields = [
    'X-Forwarded-For',
    chain.join(', '),
    'X-Forwarded-Proto',
    proto,
    'Forwarded',
    forwarded.join(', '),
  ]
  if (quotable !== '') fields.push('X-Forwarded-Host', quotable)
  return fields
}

/**
 * Whether a field, by its lower-case name in any spelling, tells where a request came from or what it first asked
 * for. Frameworks believe these; a client must not write them, and a trusted peer's come back by `forwardingFields`.
 */
export function isForwardingField(lowerName: string): boolean {
  const first = lowerName.charCodeAt(0)
  // Nearly all other fields end here: none of these begins with another letter than c, f, t or x.
  if (first !== 0x78 && first !== 0x66 && first !== 0x63 && first !== 0x74) return false
  const spelling = spellingOf(lowerName)
  return spelling.startsWith('x-forwarded') || spelling.startsWith('x-original-') || NAMES.has(spelling)
}

/** Names of clients' addresses, and of the host and URL that some frameworks put above the request's own. */
const NAMES: ReadonlySet<string> = new Set([
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'client-ip',
  'fastly-client-ip',
  'forwarded',
  'forwarded-for',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-external-address',
  'x-host',
  'x-http-host-override',
  'x-originating-ip',
  'x-real-ip',
  'x-remote-addr',
  'x-remote-ip',
  'x-rewrite-url',
])

/** Where a request came from, as far as the gateway can vouch for it. */
interface Forwarding {
  readonly proto: 'http' | 'https'
  /** The host and port that the client asked for; empty where it named none. */
  readonly host: string
  /** Whether the peer is trusted, so that its fields had a say. */
  readonly believed: boolean
  /** From the client to the peer of this connection; every hop but the first is a trusted peer. */
  readonly chain: readonly string[]
}

/**
 * What the fields of a request say of its origin, believed as far as the chain of trusted peers reaches. Peers that
 * send both X-Forwarded-For and Forwarded are believed by the first.
 */
function forwardingOf(request: InboundRequest, trusted: AddressSet): Forwarding {
  const { peer, authority } = request
  const own = { proto: peer.tls ? 'https' : 'http', host: authority } as const
  const address = plainAddress(peer.address) ?? peer.address
  if (!trusted.has(address)) return { ...own, believed: false, chain: [address] }
  const said = saidByPeers(request)
  const chain = believedChain(address, said.addresses, trusted)
  const element = clientElement(said, chain)
  const proto = (onlyValue(request.headers, 'x-forwarded-proto') ?? element?.proto)?.toLowerCase()
  const host = onlyValue(request.headers, 'x-forwarded-host') ?? element?.host ?? ''
  return {
    proto: proto === 'http' || proto === 'https' ? proto : own.proto,
    host: isHost(host) ? host : own.host,
    believed: true,
    chain,
  }
}

/** Longer chains of one operator's own proxies do not exist; a stranger's list must not cost more than they. */
const MAX_HOPS = 32

interface Said {
  /** The nearest hops, from the client's side to the peer's; undefined for what is no address. */
  readonly addresses: readonly (string | undefined)[]
  /** What each hop said beside its address, where it said so in one field. */
  readonly elements: readonly ForwardedElement[]
}

const UNREADABLE: ForwardedElement = { address: undefined, host: undefined, proto: undefined }

function saidByPeers({ headers }: InboundRequest): Said {
  const lists = headerValues(headers, 'x-forwarded-for')
  if (lists.length > 0) {
    const nodes = lists.join(',').split(',').slice(-MAX_HOPS)
    return { addresses: nodes.map((node) => addressOfNode(node.trim())), elements: [] }
  }
  // A line that a stranger made unreadable ends the chain there, and does not spoil the lines added after it.
  const lines = headerValues(headers, 'forwarded').map((line) => parseForwarded(line) ?? [UNREADABLE])
  const elements = lines.flat().slice(-MAX_HOPS)
  return { addresses: elements.map(({ address }) => address), elements }
}

/** From the client to the peer; ends at the first hop that is not trusted, or before what is no address. */
function believedChain(peer: string, addresses: Said['addresses'], trusted: AddressSet): readonly string[] {
  const chain = [peer]
  for (let i = addresses.length - 1; i >= 0 && trusted.has(chain[0] ?? ''); i--) {
    const address = addresses[i]
    if (address === undefined) break
    chain.unshift(address)
  }
  return chain
}

/** The element of the trusted hop that is nearest to the client: it alone saw what the client asked for. */
function clientElement({ elements }: Said, chain: readonly string[]): ForwardedElement | undefined {
  return elements[elements.length - Math.max(1, chain.length - 1)]
}

/** The value of a field that stands once; a list of several says nothing for certain. */
function onlyValue(headers: readonly string[], lowerName: string): string | undefined {
  const values = headerValues(headers, lowerName)
  return values.length === 1 ? values[0] : undefined
}

function isHost(text: string): boolean {
  return text !== '' && canonicalHost(text).ok
}
