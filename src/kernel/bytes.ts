/** Character code → 6-bit value of base64url (RFC 4648 §5), 255 for every other code. */
const SEXTET = new Uint8Array(256).fill(255)
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
for (let i = 0; i < ALPHABET.length; i++) SEXTET[ALPHABET.charCodeAt(i)] = i

/**
 * Whether `text` is base64url as RFC 7515 §2 has it: no padding, no white space, no `+` or `/`, a length that
 * bytes can have, and unused low bits zero (RFC 4648 §3.5), so that each byte string has exactly one spelling.
 */
export function isBase64Url(text: string): boolean {
  const length = text.length
  const rest = length & 3
  if (rest === 1) return false
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 255 || SEXTET[code] === 255) return false
  }
  if (rest === 0) return true
  const last = SEXTET[text.charCodeAt(length - 1)] ?? 255
  return rest === 2 ? (last & 0x0f) === 0 : (last & 0x03) === 0
}

/** The bytes of strict base64url, or undefined where `text` is anything else. */
export function decodeBase64Url(text: string): Buffer | undefined {
  return isBase64Url(text) ? Buffer.from(text, 'base64url') : undefined
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of well-formed UTF-8, or undefined. A byte order mark is kept, for the reader to refuse. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}
