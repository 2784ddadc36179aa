import { isIPv4, isIPv6 } from 'node:net'
import type { EndpointSpec } from '../../keys/index.ts'
import { err, ok } from '../../kernel/result.ts'
import type { TextReading } from './quantity.ts'

export interface ListenAddress {
  /** Empty for every address of the machine. */
  readonly host: string
  readonly port: number
}

const EXPECTED = 'write `127.0.0.1:8080`, `[::1]:8080`, or `:8080` for every address of the machine'

/** Reads the address that a listener takes connections on: `host:port`, `[::1]:port` or `:port`. */
export function parseListenAddress(text: string): TextReading<ListenAddress> {
  const colon = text.lastIndexOf(':')
  const port = /^\d{1,5}$/.test(text.slice(colon + 1)) ? Number(text.slice(colon + 1)) : NaN
  if (colon < 0 || !(port <= 65_535))
    return err({ message: `\`${text}\` is not an address with a port`, hint: EXPECTED })
  const host = text.slice(0, colon)
  if (host === '' || isIPv4(host)) return ok({ host, port })
  if (host.startsWith('[') && host.endsWith(']') && isIPv6(host.slice(1, -1)))
    return ok({ host: host.slice(1, -1), port })
  // A name of digits and dots is a mistyped address, never a name (RFC 1123 §2.1).
  if (/^(?=.*[a-z])[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(host)) return ok({ host: host.toLowerCase(), port })
  return err({ message: `\`${text}\` is not an address with a port`, hint: EXPECTED })
}

/** Reads an address to connect to: an IP address with a port. A name would have to be resolved, which it stands instead of. */
export function parseConnectAddress(text: string): TextReading<EndpointSpec> {
  const parsed = parseListenAddress(text)
  const { host, port } = parsed.ok ? parsed.value : { host: '', port: 0 }
  if ((isIPv4(host) || isIPv6(host)) && port > 0) return ok({ address: host, port })
  return err({
    message: `\`${text}\` is not an IP address with a port`,
    hint: 'write `10.0.0.7:8443` or `[2001:db8::7]:8443`',
  })
}
