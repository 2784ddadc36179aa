import { clientAddress } from '../inbound/forwarding.ts'
import type { InboundRequest, Peer } from '../inbound/request.ts'
import type { AddressSet } from '../policy/index.ts'
import { Bucket, type BucketSize } from './bucket.ts'

/** A request, and whose word on where it came from is believed. */
export interface Client {
  readonly request: InboundRequest
  readonly trustedPeers: AddressSet
}

/** Where requests come from, as far as it can be told: an IPv4 address, or the /64 that one IPv6 customer has at least. */
export class Source {
  /** What its bad tokens may cost. */
  readonly #budget: Bucket
  #badAtMs = -Infinity
  #proven = false
  /** What signatures cost that are being checked: nobody knows yet whether in vain. */
  pendingUs = 0

  constructor(nowMs: number) {
    this.#budget = new Bucket(BUDGET, nowMs)
  }

  standing(nowMs: number): Standing {
    if (this.#budget.levelUs(nowMs) <= 0) return 'over'
    if (this.#proven) return 'proven'
    return nowMs - this.#badAtMs > FORGIVEN_MS ? 'clean' : 'within'
  }

  /** Whether what is being checked leaves it within its budget, even if all of it turns out bad. */
  hasRoom(nowMs: number): boolean {
    return this.#budget.levelUs(nowMs) - this.pendingUs > 0
  }

  spend(us: number, nowMs: number): void {
    this.#budget.spend(us, nowMs)
  }

  /** A token of it was bad, and to say so costs so much. */
  blame(us: number, nowMs: number): void {
    this.#budget.spend(us, nowMs)
    this.#badAtMs = nowMs
  }

  /** A token of it was good. */
  prove(): void {
    this.#proven = true
  }
}

/**
 * What is known of a source, the best first: it has sent a good token before; no bad one of late; a few bad ones; more
 * than its budget has room for.
 */
export type Standing = 'proven' | 'clean' | 'within' | 'over'

/** So long does one bad token tell a source from those that never sent one. */
const FORGIVEN_MS = 60_000

/**
 * A hundredth of a core: more than a hundred bad tokens in a second, after several hundred at once. A second after its
 * last one, a source is as any other again.
 */
const BUDGET: BucketSize = { capacityUs: 50_000, usPerSecond: 10_000, overdraftUs: 10_000 }

/** In each of two generations; a megabyte or two in all. */
const MAX_SOURCES = 8192

/**
 * The sources that were seen last. Two generations: when the young one is full it becomes the old one, and who comes
 * again is young again. Who comes from ever new addresses is forgotten, and bounded by what is spent in all.
 */
export class Sources {
  #young = new Map<string, Source>()
  #old = new Map<string, Source>()
  /** That of a connection whose peer speaks for itself; it goes with the connection. */
  readonly #ofPeer = new WeakMap<Peer, { readonly trusted: AddressSet; readonly source: Source }>()

  /** How many it holds, both generations together. */
  get size(): number {
    return this.#young.size + this.#old.size
  }

  of({ request, trustedPeers: trusted }: Client, nowMs: number): Source {
    const { peer } = request
    const last = this.#ofPeer.get(peer)
    if (last !== undefined && last.trusted === trusted) return last.source
    const source = this.#find(sourceName(clientAddress(request, trusted)), nowMs)
    if (!trusted.has(peer.address)) this.#ofPeer.set(peer, { trusted, source })
    return source
  }

  #find(name: string, nowMs: number): Source {
    const young = this.#young.get(name)
    if (young !== undefined) return young
    const source = this.#old.get(name) ?? new Source(nowMs)
    if (this.#young.size >= MAX_SOURCES) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(name, source)
    return source
  }
}

/** An address in its plain form (`plainAddress`) without what one customer can choose of it. */
export function sourceName(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  // `::` stands for as many zeros as are missing (RFC 4291 §2.2).
  if (tail !== undefined) {
    const rest = tail === '' ? [] : tail.split(':')
    while (groups.length + rest.length < IPV6_GROUPS) groups.push('0')
    groups.push(...rest)
  }
  return groups.slice(0, CUSTOMER_GROUPS).join(':')
}

const IPV6_GROUPS = 8
/** 64 bits of 16 each (RFC 6177: sites get a /64 or more). */
const CUSTOMER_GROUPS = 4
