import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { err, ok, type Result } from '../../kernel/result.ts'

/** A certificate with its chain and its key, PEM text. */
export interface CertificatePair {
  readonly certPem: string
  /** SECRET: never printed. */
  readonly keyPem: string
}

/** The certificates that clients show who they are with. */
export interface ClientCertificates {
  /** PEM text of the authorities that are believed. */
  readonly ca: string
  /** Whether a client has to show one. */
  readonly required: boolean
}

/** The certificates of a TLS listener, ready to be picked by the name that a client asks for (RFC 6066 §3). */
export interface Certificates {
  /** Which clients' certificates are believed; undefined where clients are not asked for any. */
  readonly clients: ClientCertificates | undefined
  /** For clients that name no host, or one that no certificate has. */
  readonly fallback: CertificatePair
  /** Undefined where the fallback serves. An exact name goes before a wildcard; among equals the first one listed. */
  pick(serverName: string): SecureContext | undefined
}

/**
 * Reads certificates and checks that each key belongs to its certificate. The first pair is the fallback. The error is
 * a message for people, without anything of the PEM texts.
 */
export function readCertificates(
  pairs: readonly CertificatePair[],
  clients?: ClientCertificates,
): Result<Certificates, string> {
  const [fallback] = pairs
  if (fallback === undefined) return err('a TLS listener needs at least one certificate')
  const byName = new Map<string, SecureContext>()
  for (const [index, pair] of pairs.entries()) {
    const read = readPair(pair, clients)
    if (!read.ok) return err(`certificate ${index + 1} of the listener: ${read.error}`)
    for (const name of read.value.names) {
      if (!byName.has(name)) byName.set(name, read.value.context)
    }
  }
  return ok({ clients, fallback, pick: (serverName) => pickByName(byName, serverName) })
}

interface ReadPair {
  readonly names: readonly string[]
  readonly context: SecureContext
}

function readPair(pair: CertificatePair, clients: ClientCertificates | undefined): Result<ReadPair, string> {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(pair.certPem)
  } catch {
    return err('the certificate is not PEM text of an X.509 certificate')
  }
  try {
    // Throws also where the key is another certificate's.
    const context = createSecureContext({ ...trusting(clients), cert: pair.certPem, key: pair.keyPem })
    return ok({ names: namesOf(certificate), context })
  } catch {
    return err('the key is not the unencrypted PEM text of the private key of this certificate')
  }
}

/**
 * The part of the options of a TLS server that says whose clients are believed. Without authorities of its own a context
 * has those of the system, and a listener that asked for certificates once asks until a restart: so it says nobody.
 */
export function trusting(clients: ClientCertificates | undefined): { readonly ca: string | string[] } {
  return { ca: clients?.ca ?? [] }
}

/** Exact DNS names and wildcards of one whole leftmost label (RFC 9525 §6.3), in lower case. */
const DNS_NAME = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/

function namesOf(certificate: X509Certificate): readonly string[] {
  const names: string[] = []
  // Node quotes entries that hold anything unusual (CVE-2021-44532); those do not match and are left out.
  for (const entry of (certificate.subjectAltName ?? '').split(', ')) {
    const name = entry.startsWith('DNS:') ? entry.slice(4).toLowerCase() : ''
    if (DNS_NAME.test(name)) names.push(name)
  }
  if (names.length > 0) return names
  // Certificates of old private authorities name their host in the common name alone.
  const commonName = /^CN=(.+)$/m.exec(certificate.subject)?.[1]?.toLowerCase()
  return commonName !== undefined && DNS_NAME.test(commonName) ? [commonName] : []
}

function pickByName(
  byName: ReadonlyMap<string, SecureContext>,
  serverName: string,
): SecureContext | undefined {
  const name = serverName.toLowerCase().replace(/\.$/, '')
  const exact = byName.get(name)
  if (exact !== undefined) return exact
  const dot = name.indexOf('.')
  return dot > 0 ? byName.get(`*${name.slice(dot)}`) : undefined
}
