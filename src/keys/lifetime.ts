import type { IncomingHttpHeaders } from 'node:http'

/**
 * How long an answer may be used without asking again, in milliseconds (RFC 9111 §4.2): `max-age`, or `Expires` less
 * `Date`, both less `Age`; zero where it must not be stored or used unasked. Undefined where the server does not say.
 */
export function freshMsOf(headers: IncomingHttpHeaders, receivedAtMs: number): number | undefined {
  const control = headers['cache-control']?.toLowerCase() ?? ''
  const directives = control.split(',').map((each) => each.trim())
  if (directives.includes('no-store') || directives.includes('no-cache')) return 0
  const maxAge = directives.find((each) => each.startsWith('max-age='))?.slice('max-age='.length)
  const ageMs = secondsOf(headers.age ?? '0') * 1000
  if (maxAge !== undefined) return Math.max(0, secondsOf(maxAge.replaceAll('"', '')) * 1000 - ageMs)
  const { expires } = headers
  if (expires === undefined) return undefined
  // A date that cannot be read is one in the past (RFC 9111 §5.3).
  return Math.max(0, (untilMs(expires, headers, receivedAtMs) ?? 0) - ageMs)
}

/**
 * In how long a server wants to be asked again that cannot answer now, in milliseconds (RFC 9110 §10.2.3). Undefined
 * where it does not say, or says nonsense.
 */
export function retryAfterMsOf(headers: IncomingHttpHeaders, receivedAtMs: number): number | undefined {
  const said = headers['retry-after']?.trim() ?? ''
  const ms = /^\d+$/.test(said)
    ? Math.min(Number(said), 2 ** 31) * 1000
    : untilMs(said, headers, receivedAtMs)
  return ms === undefined || ms <= 0 ? undefined : ms
}

/**
 * How long after the answer a date is, by the clock of who sent it: an answer without `Date` is of the time at which it was
 * received (RFC 9110 §6.6.1).
 */
function untilMs(date: string, headers: IncomingHttpHeaders, receivedAtMs: number): number | undefined {
  const sentAtMs = Date.parse(headers.date ?? '')
  const ms = Date.parse(date) - (Number.isFinite(sentAtMs) ? sentAtMs : receivedAtMs)
  return Number.isFinite(ms) ? ms : undefined
}

/** Delta-seconds (RFC 9111 §1.2.2): what is not a number is stale, what is too large is large. */
function secondsOf(text: string): number {
  return /^\d{1,20}$/.test(text) ? Math.min(Number(text), 2 ** 31) : 0
}
