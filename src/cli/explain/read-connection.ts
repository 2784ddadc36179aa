import { isIP } from 'node:net'
import { plainAddress, principalOf } from '../../inbound/node/peer.ts'
import type { Peer } from '../../inbound/request.ts'
import { err, ok, type Result } from '../../kernel/result.ts'
import type { Complaint } from '../terminal.ts'

/** A connection as it is described on the command line, beside the request. */
export interface ConnectionOptions {
  /** Address that the request comes from. */
  readonly peer: string
  /** The SPIFFE name in the client's certificate, as if one had been verified; with `spiffe://` in front or without. */
  readonly principal?: string
  /** The name that the client asks for in its TLS handshake; empty for none. */
  readonly serverName?: string
}

/** Where the request is sent to. */
export interface Destination {
  /** `http` or `https`; undefined where the address does not say. */
  readonly scheme: 'http' | 'https' | undefined
  /** Host and port. */
  readonly authority: string
  /** The host that a client would ask for in its handshake. */
  readonly named: string
}

/** Both ends of the connection that a request would come on. What only a TLS handshake can say makes it one of TLS. */
export function readConnection(
  options: ConnectionOptions,
  { scheme, authority, named }: Destination,
): Result<DescribedPeer, Complaint> {
  const { peer, principal, serverName } = options
  const clientPrincipal = principal === undefined ? undefined : spiffeName(principal)
  const complaint = complaintOf(options, clientPrincipal, scheme)
  if (complaint !== undefined) return err(complaint)
  const tls = scheme === 'https' || saysHandshake(options)
  const local = {
    address: '',
    port: Number(/:(\d{1,5})$/.exec(authority)?.[1] ?? (tls ? 443 : 80)),
    serverName: tls ? (serverName ?? nameIn(named)).toLowerCase() : '',
    clientPrincipal,
  }
  return ok({ address: plainAddress(peer), tls, local })
}

type DescribedPeer = Peer & { readonly local: NonNullable<Peer['local']> }

function saysHandshake({ principal, serverName }: ConnectionOptions): boolean {
  return principal !== undefined || serverName !== undefined
}

function spiffeName(text: string): string | undefined {
  return principalOf(`URI:spiffe://${text.replace(/^spiffe:\/\//, '')}`)
}

function complaintOf(
  options: ConnectionOptions,
  clientPrincipal: string | undefined,
  scheme: Destination['scheme'],
): Complaint | undefined {
  const { peer, principal, serverName } = options
  if (scheme === 'http' && saysHandshake(options))
    return {
      message: '`--principal` and `--server-name` are of a TLS handshake, and the address is one of http',
      hint: 'write it with `https://`',
    }
  if (isIP(peer) === 0)
    return { message: '`--peer` is not an IP address', hint: 'write one such as 10.0.0.7' }
  if (principal !== undefined && clientPrincipal === undefined)
    return {
      message: '`--principal` is not a SPIFFE name',
      hint: 'write the one in the certificate, such as cluster.local/ns/foo/sa/sleep',
    }
  if (serverName !== undefined && !SERVER_NAME.test(serverName))
    return {
      message: '`--server-name` is not the name of a host',
      hint: 'write one such as api.example.com, without a port; an address is no name',
    }
  return undefined
}

/** As in a handshake (RFC 6066 §3): no address, no port, no dot at the end. Empty for a client that names nothing. */
const SERVER_NAME = /^(?!(?:[\d.]+)$)(?:[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,126})?$/i

function nameIn(authority: string): string {
  const host = URL.parse(`https://${authority}`)?.hostname ?? ''
  return isIP(host.replace(/^\[|\]$/g, '')) === 0 ? host.replace(/\.$/, '') : ''
}
