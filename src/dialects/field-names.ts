import { err, ok, type Result } from '../kernel/result.ts'

/** RFC 9110 §5.6.2: what header, cookie and method names are made of. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/

/**
 * Header fields that HTTP or the gateway itself writes. A claim there would let the text of a token steer framing,
 * routing or the forwarding facts (RFC 9110 §7.6.1, RFC 7239).
 */
const OWNED: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'upgrade',
  'te',
  'trailer',
  'keep-alive',
  'expect',
  'forwarded',
  'via',
  'x-request-id',
  'x-real-ip',
])
const OWNED_FAMILIES = ['proxy-', 'x-forwarded-', 'x-original-']

export type FieldPlace = 'header' | 'query' | 'form' | 'cookie'

/** Checks a name under which a token is looked for. */
export function checkFieldName(place: FieldPlace, name: string): Result<string, string> {
  if (place === 'header' || place === 'cookie') {
    if (TOKEN.test(name)) return ok(name)
    return err(`\`${name}\` is not a ${place} name; use letters, digits and \`-\``)
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (name !== '' && name.length <= 128 && !/[\u0000-\u001f\u007f]/.test(name)) return ok(name)
  return err(`\`${name}\` is not a name of a ${place} parameter`)
}

/** Checks a name under which a claim is forwarded. */
export function checkTargetName(place: FieldPlace, name: string): Result<string, string> {
  const named = checkFieldName(place, name)
  if (!named.ok || place !== 'header') return named
  const lower = name.toLowerCase().replaceAll('_', '-')
  if (lower === 'cookie') return err(`\`${name}\` is made of cookies; forward the claim as a cookie instead`)
  if (OWNED.has(lower) || OWNED_FAMILIES.some((family) => lower.startsWith(family))) {
    return err(`\`${name}\` belongs to HTTP or to the gateway; choose another, such as X-User`)
  }
  return named
}

export function isToken(text: string): boolean {
  return TOKEN.test(text)
}
