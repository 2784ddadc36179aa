import { ownCopy } from '../kernel/own-copy.ts'
import { TextMemo } from '../kernel/text-memo.ts'

/** A DNS name has at most 253 characters; brackets and a port add seven. */
const MAX_HOST_BYTES = 260

/** Letters, digits, `-`, `.`, `_`, `~`: the unreserved characters of RFC 3986 §2.3. */
const NAME = /^[A-Za-z0-9._~-]+$/
/** The shape of an IPv6 address; whether it is one, the routes decide, which know it in one spelling. */
const IPV6 = /^\[[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:\.[0-9]{1,3}){0,3}\]$/
const PORT = /^[0-9]{1,5}$/

/**
 * Whether a Host value is a host with an optional port (RFC 9110 §7.2, RFC 3986 §3.2.2). Stricter than the grammar
 * where a host would have two spellings or be two hosts to someone: no percent-encoding, no comma or other sub-delimiter,
 * no zone id, no user information, no empty name (RFC 9110 §4.2.1), no empty port and none past 65535.
 */
export function isHost(text: string): boolean {
  if (KNOWN.get(text) === true) return true
  const holds = readsAsHost(text)
  // What is a host is ASCII.
  if (holds) KNOWN.set(ownCopy(text), true)
  return holds
}

/** Every request asks, of few hosts. Those that a stranger makes up take the places of others and never more. */
const KNOWN = new TextMemo<true>({ slots: 64, maxLength: MAX_HOST_BYTES })

function readsAsHost(text: string): boolean {
  if (text.length === 0 || text.length > MAX_HOST_BYTES) return false
  const bracket = text.lastIndexOf(']')
  const colon = text.indexOf(':', bracket + 1)
  const name = colon < 0 ? text : text.slice(0, colon)
  if (colon >= 0) {
    const port = text.slice(colon + 1)
    if (!PORT.test(port) || Number(port) > 65_535) return false
  }
  return bracket < 0 ? NAME.test(name) : IPV6.test(name)
}
