/** One protocol, with or without a version (RFC 9110 §7.8). */
const PROTOCOL = /^[\w!#$%&'*+.^`|~-]{1,64}(?:\/[\w!#$%&'*+.^`|~-]{1,16})?$/

/**
 * Other versions and wrappings of HTTP itself: requests inside them would pass the gateway unseen ("h2c smuggling").
 * The request is served as the HTTP/1.1 that it also is.
 */
const HTTP_IN_DISGUISE = /^(?:h2c?|h3|https?|tls)(?:$|[/-])/i

/** Whether a change to what an Upgrade field names may be offered to a backend; the same rule for every engine. */
export function mayBeOffered(protocol: string): boolean {
  return PROTOCOL.test(protocol) && !HTTP_IN_DISGUISE.test(protocol)
}
