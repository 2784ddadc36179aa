import type { ListenerSpec } from '../../config/index.ts'
import type { DescribedRequest } from './read-request.ts'

/** What no listener would do as it is described: a request to a port where none is, or a certificate that none asks for. */
export function adviseListener(
  described: DescribedRequest,
  listeners: readonly ListenerSpec[],
): readonly string[] {
  const about = adviseCertificate(described, listeners)
  return about === undefined ? advisePort(described, listeners) : [about]
}

function adviseCertificate(
  { request, port }: DescribedRequest,
  listeners: readonly ListenerSpec[],
): string | undefined {
  if (request.peer.local?.clientPrincipal === undefined) return undefined
  const asking = listeners.filter(({ tls }) => tls?.clients !== undefined).map((each) => each.port)
  if (asking.length === 0)
    return 'no listener asks for client certificates, so that nobody has a principal: name their authority as `clientCa` in its `tls`'
  if (!isHere(request) || asking.includes(port) || asking.includes(0)) return undefined
  return `the gateway asks for no client certificates on port ${port}; it does on ${asking.join(', ')}`
}

/** A request to this machine on a port where the gateway does not listen goes past it. */
function advisePort(
  { request, port }: DescribedRequest,
  listeners: readonly ListenerSpec[],
): readonly string[] {
  const ports = listeners.map((listener) => listener.port)
  if (!isHere(request) || ports.includes(0)) return []
  const listener = listeners.find((each) => each.port === port)
  if (listener === undefined)
    return [`the gateway does not listen on port ${port} of this machine; it does on ${ports.join(', ')}`]
  const isTls = listener.tls !== undefined
  return isTls === request.peer.tls
    ? []
    : [`port ${port} speaks ${isTls ? 'https' : 'http'}, and the address has the other scheme`]
}

function isHere({ authority }: DescribedRequest['request']): boolean {
  return /^(?:127\.|localhost(?::|$)|\[::1\])/.test(authority)
}
