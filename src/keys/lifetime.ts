import type { IncomingHttpHeaders } from 'node:http'

/**
 * How long an answer may be used without asking again, in milliseconds (RFC 9111 §4.2): `max-age`, or `Expires` less
 * `Date`, both less `Age`; zero where it must not be stored or used unasked. Undefined where the server does not say.
 */
export function freshMsOf(headers: IncomingHttpHeaders): number | undefined {
  const control = headers['cache-control']?.toLowerCase() ?? ''
  const directives = control.split(',').map((each) => each.trim())
  if (directives.includes('no-store') || directives.includes('no-cache')) return 0
  const maxAge = directives.find((each) => each.startsWith('max-age='))?.slice('max-age='.length)
  const ageMs = secondsOf(headers.age ?? '0') * 1000
  if (maxAge !== undefined) return Math.max(0, secondsOf(maxAge.replaceAll('"', '')) * 1000 - ageMs)
  const { expires, date } = headers
  if (expires === undefined) return undefined
  // A date that cannot be read is one in the past (RFC 9111 §5.3).
  const untilMs = Date.parse(expires) - Date.parse(date ?? '')
  return Number.isFinite(untilMs) ? Math.max(0, untilMs - ageMs) : 0
}

/** Delta-seconds (RFC 9111 §1.2.2): what is not a number is stale, what is too large is large. */
function secondsOf(text: string): number {
  return /^\d{1,20}$/.test(text) ? Math.min(Number(text), 2 ** 31) : 0
}
