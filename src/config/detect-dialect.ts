import { err, ok, type Result } from '../kernel/result.ts'
import type { SourceNode } from '../dialects/source-node.ts'

export type Dialect = 'native' | 'function-compute' | 'gateway-auth' | 'istio'

/** Settings by which a dialect is known: none of the other dialects has them. */
const SIGNS: Readonly<Record<Exclude<Dialect, 'istio'>, readonly string[]>> = {
  'function-compute': [
    'resources',
    'resource',
    'triggerConfig',
    'domainName',
    'authType',
    'authConfig',
    'triggers',
    'customDomains',
    'customDomain',
  ],
  'gateway-auth': ['tokenPosition', 'tokenNamePrefix', 'isWhite', 'authResourceList', 'issuer', 'jwks'],
  native: [
    'version',
    'listeners',
    'backends',
    'authentications',
    'routes',
    'rules',
    'import',
    'trustedProxies',
  ],
}

/** Tells the dialect of a document by what is in it: never by the name of the file. */
export function detectDialect(
  root: SourceNode,
): Result<Dialect, { readonly message: string; readonly hint: string }> {
  const node = root.isList() ? (root.items()[0] ?? root) : root
  if (node.find('apiVersion') !== undefined && node.find('kind') !== undefined) return ok('istio')
  if (node.find('version') !== undefined && !root.isList()) return ok('native')
  for (const dialect of ['function-compute', 'gateway-auth', 'native'] as const) {
    if (SIGNS[dialect].some((name) => node.find(name) !== undefined)) return ok(dialect)
  }
  return err({
    message: 'the file is of no kind that can be read',
    hint: 'a native configuration starts with `version: 1`; triggers and domains of Function Compute, gateway authentication rules and policies of Istio are read as they are',
  })
}
