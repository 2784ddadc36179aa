/**
 * The bytes of base64url as RFC 7515 §2 has it, or undefined where `text` is anything else: no padding, no white space,
 * no `+` or `/`, a length that bytes can have, and unused low bits zero (RFC 4648 §3.5). Each byte string has exactly
 * one spelling, so whatever is not what its own bytes are written as is refused: two native passes take less than half
 * the time of a look at each character (Node 24).
 */
export function decodeBase64Url(text: string): Buffer | undefined {
  // Node itself lets through all that is refused here, and ends at the first `=`.
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
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
