import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Peer } from '../request.ts'

/** Both ends of a socket. One that is closed already has no addresses any more: the texts are empty then. */
export function peerOf(socket: Socket): Peer {
  const tls = socket instanceof TLSSocket
  return {
    address: plainAddress(socket.remoteAddress ?? ''),
    tls,
    local: {
      address: plainAddress(socket.localAddress ?? ''),
      port: socket.localPort ?? 0,
      serverName: tls && typeof socket.servername === 'string' ? socket.servername.toLowerCase() : '',
      clientPrincipal: tls && socket.authorized ? principalIn(socket) : undefined,
    },
  }
}

const MAPPED = /^::ffff:(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})$/i

/** An IPv4 address that came over an IPv6 socket (RFC 4291 §2.5.5.2) in its IPv4 form, without a zone. */
export function plainAddress(address: string): string {
  const mapped = MAPPED.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const zone = address.indexOf('%')
  return zone < 0 ? address : address.slice(0, zone)
}

function principalIn(socket: TLSSocket): string | undefined {
  return principalOf(socket.getPeerX509Certificate()?.subjectAltName ?? '')
}

/** As the SPIFFE specification has it (§2): a trust domain, and a path of plain segments. */
const SPIFFE = /^URI:spiffe:\/\/([a-z0-9._-]{1,255}(?:\/[A-Za-z0-9._-]{1,255}){1,16})$/

/**
 * The one SPIFFE identity among the alternative names of a certificate, without `spiffe://`; undefined where there is
 * none, or more than one (X.509-SVID §2). Node quotes entries that hold anything unusual (CVE-2021-44532), which are none.
 */
export function principalOf(subjectAltName: string): string | undefined {
  const uris = subjectAltName.split(', ').filter((entry) => entry.startsWith('URI:'))
  const [only, ...more] = uris
  return only === undefined || more.length > 0 ? undefined : SPIFFE.exec(only)?.[1]
}
