import { AddressSet, plainAddress } from '../policy/index.ts'

/**
 * Addresses that no key server of the public has (RFC 6890 and its registries). A name, a redirect or a metadata document
 * that leads there would have the gateway ask services of its own network on behalf of somebody else.
 */
const KINDS: readonly (readonly [kind: string, blocks: AddressSet])[] = (
  [
    ['a loopback', ['127.0.0.0/8', '::1/128']],
    ['a link-local', ['169.254.0.0/16', 'fe80::/10']],
    [
      'a private',
      ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fec0::/10'],
    ],
    [
      'an unusable',
      ['0.0.0.0/8', '192.0.0.0/24', '192.88.99.0/24', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
    ],
    ['an unusable', ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20']],
    ['an unusable', ['ff00::/8', '100::/64', '100:0:0:1::/64', '2001::/23', '5f00::/16']],
    // Those that hold an IPv4 address, which may be any of the above.
    ['an unusable', ['::/96', '::ffff:0:0:0/96', '64:ff9b:1::/48', '2002::/16']],
  ] as const
).map(([kind, blocks]) => [kind, new AddressSet(blocks)])

/** What keeps an address from being connected to, such as `a private`; undefined where nothing does. */
export function blockedKind(address: string, allowed: AddressSet): string | undefined {
  const plain = plainAddress(address)
  if (plain === undefined) return 'an unusable'
  if (allowed.has(plain)) return undefined
  const embedded = embeddedIPv4(plain)
  if (embedded !== undefined) return blockedKind(embedded, allowed)
  return KINDS.find(([, blocks]) => blocks.has(plain))?.[0]
}

/**
 * Where clouds give the credentials of a machine to whoever asks from it: all that is link-local, and two beside it. No
 * key server is there, and whoever leads there is to be doubted, so nobody is told how to allow it.
 */
const METADATA_SERVICES = new AddressSet(['169.254.0.0/16', 'fe80::/10', '100.100.100.200', 'fd00:ec2::254'])

/** What to do about an address that is not connected to; `otherwise` where it may be the operator's own. */
export function blockedHint(address: string, otherwise: string): string {
  const plain = plainAddress(address) ?? ''
  return METADATA_SERVICES.has(embeddedIPv4(plain) ?? plain) ? REFUSED : otherwise
}

const REFUSED =
  'link-local addresses and those of metadata services are refused: no key server is there, and clouds give credentials away there'

/** The IPv4 address behind one of NAT64 (RFC 6052 §2.1), as networks without IPv4 give for every name that has no other. */
function embeddedIPv4(address: string): string | undefined {
  const found = /^64:ff9b::(?:(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4}))?$/.exec(address)
  if (found === null) return undefined
  const [, high = '0', low = '0'] = found
  const [a, b] = [parseInt(high, 16), parseInt(low, 16)]
  return [a >> 8, a & 255, b >> 8, b & 255].join('.')
}
