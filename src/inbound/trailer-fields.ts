/**
 * Fields that must not come after the body (RFC 9110 §6.5.1): framing, routing, authentication, request modifiers,
 * response control, and what says how the body is to be read. A recipient that merged them late would be deceived.
 */
const NEVER_TRAILING: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'expect',
  'expires',
  'host',
  'keep-alive',
  'location',
  'max-forwards',
  'pragma',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'retry-after',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'vary',
  'www-authenticate',
])

/** The trailer fields that may be passed on, as pairs, out of names and values in turn. */
export function allowedTrailers(trailers: readonly string[]): readonly (readonly [string, string])[] {
  const allowed: [string, string][] = []
  for (let i = 0; i + 1 < trailers.length; i += 2) {
    const name = trailers[i]
    const value = trailers[i + 1]
    if (name === undefined || value === undefined || NEVER_TRAILING.has(name.toLowerCase())) continue
    allowed.push([name, value])
  }
  return allowed
}
