/** One public code: what a client may learn, and what docs/errors.md says of it. */
export interface CatalogEntry {
  readonly status: number
  /** For people; never holds anything of the request. */
  readonly title: string
  /** The `error` of the WWW-Authenticate challenge (RFC 6750 §3.1); absent where there is no challenge or no error in it. */
  readonly challenge?: 'invalid_token'
  /** Where the same request may soon do better (RFC 9110 §10.2.3, RFC 6585 §4). */
  readonly retryAfterSeconds?: number
}

/**
 * The public codes: stable, few, append-only. Everything that is wrong with a token beyond its age is one code,
 * so that a prober cannot tell a bad signature from a wrong audience; the operator sees the reason in the log.
 */
export const CATALOG = {
  GW_REQUEST_MALFORMED: { status: 400, title: 'the request is not well-formed HTTP' },
  GW_REQUEST_PATH: { status: 400, title: 'the request path has more than one meaning' },
  GW_REQUEST_TIMEOUT: { status: 408, title: 'the request did not arrive in time' },
  GW_REQUEST_BODY_TOO_LARGE: { status: 413, title: 'the form in the request body is too large' },
  GW_REQUEST_FORM: { status: 400, title: 'the form in the request body is not well-formed' },
  GW_REQUEST_TARGET_TOO_LONG: { status: 414, title: 'the request target is too long' },
  GW_REQUEST_HEAD_TOO_LARGE: { status: 431, title: 'the request head is too large' },
  GW_REQUEST_UNSUPPORTED: { status: 501, title: 'the gateway does not know this method or transfer coding' },
  GW_REQUEST_VERSION: { status: 505, title: 'the gateway speaks HTTP/1.1 and HTTP/1.0' },
  GW_ROUTE_NOT_FOUND: { status: 404, title: 'no route leads here' },
  GW_ROUTE_METHOD: { status: 405, title: 'the route does not take this method' },
  GW_TOKEN_MISSING: { status: 401, title: 'the jwt token is missing' },
  GW_TOKEN_INVALID: { status: 401, title: 'the jwt token is not valid', challenge: 'invalid_token' },
  GW_TOKEN_EXPIRED: { status: 401, title: 'the jwt token has expired', challenge: 'invalid_token' },
  GW_TOKEN_FLOOD: {
    status: 429,
    title: 'too many bad tokens came from this address',
    retryAfterSeconds: 1,
  },
  GW_TOKEN_BUSY: { status: 503, title: 'too many tokens wait to be verified', retryAfterSeconds: 1 },
  /** When to come again is known of each source, and said with the refusal. */
  GW_KEYS_UNAVAILABLE: { status: 503, title: 'the keys for the jwt token cannot be had now' },
  GW_POLICY_DENIED: { status: 403, title: 'the access is denied by policy' },
  GW_UPSTREAM_UNREACHABLE: { status: 502, title: 'the backend cannot be reached' },
  GW_UPSTREAM_PROTOCOL: { status: 502, title: 'the backend broke its answer off or broke the rules of HTTP' },
  GW_UPSTREAM_FUNCTION: { status: 502, title: 'the backend function failed' },
  GW_UPSTREAM_TIMEOUT: { status: 504, title: 'the backend did not answer in time' },
  GW_UPSTREAM_BUSY: { status: 503, title: 'the backend has too many requests waiting' },
  GW_INTERNAL: { status: 500, title: 'unexpected error' },
} as const satisfies Readonly<Record<string, CatalogEntry>>

export type ErrorCode = keyof typeof CATALOG

export function catalogEntry(code: ErrorCode): CatalogEntry {
  return CATALOG[code]
}
