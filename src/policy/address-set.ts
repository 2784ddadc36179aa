import { BlockList, isIP, isIPv6, SocketAddress } from 'node:net'
import { err, ok, type Result } from '../kernel/result.ts'

/** An address block (RFC 4632, RFC 4291 §2.3). */
export interface AddressBlock {
  readonly family: 'ipv4' | 'ipv6'
  readonly address: string
  /** Leading bits that count. */
  readonly prefix: number
}

/** The bits before the IPv4 address in an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2). */
const MAPPED_BITS = 96

/** Reads `10.0.0.0/8`, `192.0.2.1`, `2001:db8::/32`. Bits after the prefix do not count; IPv4-mapped blocks are IPv4. */
export function parseAddressBlock(text: string): Result<AddressBlock, string> {
  const slash = text.indexOf('/')
  const address = plainAddress(slash === -1 ? text : text.slice(0, slash))
  if (address === undefined || text.includes('%')) {
    return err(
      `\`${text}\` is not an address block; write one such as \`10.0.0.0/8\`, \`192.0.2.1\` or \`2001:db8::/32\``,
    )
  }
  const writtenAsV6 = text.includes(':')
  const isV6 = address.includes(':')
  const maxBits = writtenAsV6 ? 128 : 32
  const bits = slash === -1 ? maxBits : bitsOf(text.slice(slash + 1))
  if (bits > maxBits)
    return err(`\`${text}\` is not an address block: its prefix is a number from 0 to ${maxBits}`)
  if (isV6 || !writtenAsV6) return ok({ family: isV6 ? 'ipv6' : 'ipv4', address, prefix: bits })
  if (bits >= MAPPED_BITS) return ok({ family: 'ipv4', address, prefix: bits - MAPPED_BITS })
  return err(
    `\`${text}\` covers more than the IPv4-mapped addresses; write the IPv4 block itself, such as \`10.0.0.0/8\``,
  )
}

/**
 * An address in its shortest form (RFC 5952): lower-case, an IPv4-mapped one as IPv4, without the zone of a
 * link-local one. Undefined where `text` is no address.
 */
export function plainAddress(text: string): string | undefined {
  const zone = text.indexOf('%')
  const bare = zone === -1 ? text : text.slice(0, zone)
  if (!isIPv6(bare)) return isIP(bare) === 4 && zone === -1 ? bare : undefined
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' })
  const mapped = address.startsWith('::ffff:') ? address.slice(7) : ''
  return isIP(mapped) === 4 ? mapped : address
}

/** A set of addresses, given as blocks. */
export class AddressSet {
  /** Apart, because a BlockList takes `::/0` for all IPv4 addresses too. */
  readonly #blocks = { ipv4: new BlockList(), ipv6: new BlockList() }
  readonly #isEmpty: boolean

  /** Throws where an entry is no address block: configuration has refused those. */
  constructor(blocks: readonly string[]) {
    this.#isEmpty = blocks.length === 0
    for (const text of blocks) {
      const block = parseAddressBlock(text)
      if (!block.ok) throw new Error(block.error)
      const { family, address, prefix } = block.value
      this.#blocks[family].addSubnet(address, prefix, family)
    }
  }

  /** Whether an address is in one of the blocks; what is no address is in none. */
  has(address: string): boolean {
    if (this.#isEmpty) return false
    const plain = plainAddress(address)
    if (plain === undefined) return false
    const family = plain.includes(':') ? 'ipv6' : 'ipv4'
    return this.#blocks[family].check(plain, family)
  }
}

function bitsOf(text: string): number {
  return /^(?:0|[1-9]\d{0,2})$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY
}
