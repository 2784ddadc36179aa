import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Peer } from '../request.ts'

/** The other end of a socket. A socket that is closed already has no address any more: the text is empty then. */
export function peerOf(socket: Socket): Peer {
  return { address: plainAddress(socket.remoteAddress ?? ''), tls: socket instanceof TLSSocket }
}

const MAPPED = /^::ffff:(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})$/i

/** An IPv4 address that came over an IPv6 socket (RFC 4291 §2.5.5.2) in its IPv4 form, without a zone. */
export function plainAddress(address: string): string {
  const mapped = MAPPED.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const zone = address.indexOf('%')
  return zone < 0 ? address : address.slice(0, zone)
}
