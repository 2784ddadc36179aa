import type { Duplex } from 'node:stream'
import { Fault } from '../../errors/fault.ts'
import { serializeResponseHead, type RequestHead } from '../../http1/index.ts'
import type { UpgradeOffer } from '../exchange.ts'
import { mayBeOffered } from '../upgrade-protocol.ts'

/**
 * The protocol that a request asks to change to, or undefined where it asks for none that may be offered: one
 * protocol, by GET, without a body, since bytes after the head would have two meanings.
 */
export function offeredProtocol({ method, upgrade, framing }: RequestHead): string | undefined {
  if (upgrade === undefined || method !== 'GET') return undefined
  if (framing.kind !== 'none' && !(framing.kind === 'length' && framing.length === 0)) return undefined
  return mayBeOffered(upgrade) ? upgrade : undefined
}

export class WireUpgradeOffer implements UpgradeOffer {
  readonly protocol: string
  readonly #handOver: (head: string) => Duplex
  #accepted = false

  /** `handOver` sends the head and lets go of the socket. */
  constructor(protocol: string, handOver: (head: string) => Duplex) {
    this.protocol = protocol
    this.#handOver = handOver
  }

  accept(headers: readonly string[]): Duplex {
    if (this.#accepted) throw new Fault('an upgrade is accepted once')
    this.#accepted = true
    const fields = ['Connection', 'Upgrade', 'Upgrade', this.protocol, ...headers]
    const head = serializeResponseHead(101, 'Switching Protocols', fields)
    if (!head.ok) throw new Fault('the fields of an accepted upgrade cannot be sent', { cause: head.error })
    return this.#handOver(head.value)
  }
}
