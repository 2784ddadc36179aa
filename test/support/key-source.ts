import { KEY_SOURCE_DEFAULTS, type KeySourceSpec } from '../../src/keys/index.ts'

/** A source of keys as one that says nothing but its URL has it, with what a test adds. */
export function keySource(spec: Partial<KeySourceSpec> = {}): KeySourceSpec {
  return {
    ...KEY_SOURCE_DEFAULTS,
    name: 'main',
    url: 'https://idp.example/keys',
    issuer: undefined,
    kid: undefined,
    alg: undefined,
    redirectHosts: [],
    allowedAddresses: [],
    endpoints: [],
    tls: undefined,
    keepAmbiguous: false,
    ...spec,
  }
}
