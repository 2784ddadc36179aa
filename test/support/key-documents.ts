import { createPublicKey, X509Certificate, type JsonWebKey } from 'node:crypto'
import type { JsonObject } from '../../src/kernel/json.ts'
import { certificateOf } from './authority.ts'
import { mint, type Signer } from './signer.ts'

/** The public halves of these signers as a JWKS (RFC 7517, 5). */
export function jwksOf(...signers: readonly Signer[]): { readonly keys: readonly JsonObject[] } {
  return { keys: signers.map(({ jwk }) => jwk) }
}

/** The public key in PEM: SubjectPublicKeyInfo (RFC 7468, 13). */
export function pemOf(signer: Signer): string {
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- a JsonObject is wider than Node's type of it
  const key = createPublicKey({ key: signer.jwk as JsonWebKey, format: 'jwk' })
  return key.export({ format: 'pem', type: 'spki' }).toString()
}

/** `{"kid": "-----BEGIN PUBLIC KEY-----…"}`, as some providers publish. */
export function pemMapOf(...signers: readonly Signer[]): Readonly<Record<string, string>> {
  return Object.fromEntries(signers.map((signer) => [signer.kid ?? '', pemOf(signer)]))
}

/** `{"kid": "-----BEGIN CERTIFICATE-----…"}`, as others publish. */
export function certificateMapOf(...signers: readonly Signer[]): Readonly<Record<string, string>> {
  return Object.fromEntries(signers.map((signer) => [signer.kid ?? '', certificateOf(signer)]))
}

/** Metadata of an issuer (OpenID Connect Discovery 1.0, 3), cut down to what tells of keys. */
export function discoveryOf(issuer: string, jwksUri: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    jwks_uri: jwksUri,
    response_types_supported: ['code'],
    id_token_signing_alg_values_supported: ['ES256'],
  }
}

/** A token that is good for ten minutes. */
export function tokenOf(
  signer: Signer,
  claims: JsonObject = {},
  header: Readonly<Record<string, unknown>> = {},
): string {
  const now = Math.floor(Date.now() / 1000)
  return mint(signer, { sub: 'user-1', iat: now, exp: now + 600, ...claims }, header)
}

/** Whether a certificate is of the key of this signer. */
export function certifies(certificatePem: string, signer: Signer): boolean {
  const key = new X509Certificate(certificatePem).publicKey
  return key.export({ format: 'pem', type: 'spki' }).toString() === pemOf(signer)
}
