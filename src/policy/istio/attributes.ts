import { AddressSet } from '../address-set.ts'
import { matchClaim } from './claim-match.ts'
import type { Facts } from './facts.ts'
import { isPathTemplate, matchTemplate } from './path-template.ts'
import { matchNamespace, matchPeer, matchServiceAccount, matchTrustDomain } from './peer-match.ts'
import { matchRequestPrincipal } from './request-principal.ts'
import type { Attribute, AttributeSpec } from './spec.ts'
import { matchAny, matchAnyOrEmpty, type TextMatch } from './string-match.ts'

/** Whether something of a request matches one of the values of a test. */
export type FactsMatch = (facts: Facts) => boolean

type Reader = (values: readonly string[]) => FactsMatch

/** What a value means for each attribute. Values are compiled once; a request costs set look-ups and comparisons. */
const READERS: Readonly<Record<Exclude<Attribute, 'header' | 'claim'>, Reader>> = {
  host: (values) => {
    const match = matchAnyOrEmpty(values.map((value) => value.toLowerCase()))
    return ({ host }) => match(host)
  },
  method: (values) => {
    const match = matchAnyOrEmpty(values)
    return ({ method }) => match(method)
  },
  path: (values) => {
    const match = matchPath(values)
    return ({ path }) => match(path)
  },
  port: (values) => {
    const ports = new Set(values.map(Number))
    return ({ connection }) => ports.has(connection.localPort)
  },
  audience: (values) => {
    const match = matchClaim(['aud'], values)
    return ({ token }) => match(token)
  },
  presenter: (values) => {
    const match = matchClaim(['azp'], values)
    return ({ token }) => match(token)
  },
  'request-principal': (values) => {
    const match = matchRequestPrincipal(values)
    return ({ token }) => match(token)
  },
  principal: (values) => ofPeer(matchPeer(values)),
  namespace: (values) => ofPeer(matchNamespace(values)),
  'service-account': (values) => ofPeer(matchServiceAccount(values)),
  'trust-domain': (values) => ofPeer(matchTrustDomain(values)),
  'source-ip': (values) => {
    const addresses = new AddressSet(values)
    return ({ connection }) => addresses.has(connection.address)
  },
  'remote-ip': (values) => {
    const addresses = new AddressSet(values)
    return ({ remoteAddress }) => addresses.has(remoteAddress)
  },
  'destination-ip': (values) => {
    const addresses = new AddressSet(values)
    return ({ connection }) => addresses.has(connection.localAddress)
  },
  sni: (values) => {
    const match = matchAny(values)
    return ({ connection }) => match(connection.serverName)
  },
}

export function matchAttribute(attribute: AttributeSpec, values: readonly string[]): FactsMatch {
  switch (attribute.of) {
    case 'header':
      return matchHeader(attribute.name, values)
    case 'claim': {
      const match = matchClaim(attribute.path, values)
      return ({ token }) => match(token)
    }
    default:
      return READERS[attribute.of](values)
  }
}

function ofPeer(match: (principal: string | undefined) => boolean): FactsMatch {
  return ({ connection }) => match(connection.principal)
}

function matchPath(values: readonly string[]): TextMatch {
  const plain = matchAny(values.filter((value) => !isPathTemplate(value)))
  const templates = values.filter((value) => isPathTemplate(value)).map((value) => matchTemplate(value))
  if (templates.length === 0) return plain
  if (templates.length === values.length) return (path) => templates.some((match) => match(path))
  return (path) => plain(path) || templates.some((match) => match(path))
}

/** Every line of a field by itself, as Envoy does from 1.38 on: a second line must not hide the first. */
function matchHeader(name: string, values: readonly string[]): FactsMatch {
  if (name === 'host' || name === ':authority') return READERS.host(values)
  if (name === ':method') return READERS.method(values)
  // Fields hold one character per byte, and a configuration holds text.
  const match = matchAnyOrEmpty(values.map((value) => Buffer.from(value, 'utf8').toString('latin1')))
  return ({ headers }) => {
    for (let i = 0; i < headers.length; i += 2) {
      if (isNamed(headers[i] ?? '', name) && match(headers[i + 1] ?? '')) return true
    }
    return false
  }
}

function isNamed(written: string, lowerName: string): boolean {
  return written.length === lowerName.length && (written === lowerName || written.toLowerCase() === lowerName)
}
