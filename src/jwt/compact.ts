import { decodeBase64Url, decodeUtf8 } from '../kernel/bytes.ts'
import { isJsonObject, parseJson } from '../kernel/json.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import { readHeader } from './header.ts'
import { reject, type JwtRejection } from './rejection.ts'
import type { JwsHeader, ParsedToken } from './types.ts'

export interface TokenLimits {
  /** The whole token as text, which is ASCII: characters are bytes. */
  readonly maxTokenBytes: number
  /** The header after base64url decoding. */
  readonly maxHeaderBytes: number
}

/**
 * 16 KiB is what common servers take for a whole request head; tokens beyond it do not travel. 4 KiB of header is
 * a dozen times what `alg`, `kid` and `typ` need, and no reason to read more before a key is known.
 */
export const DEFAULT_TOKEN_LIMITS: TokenLimits = { maxTokenBytes: 16_384, maxHeaderBytes: 4096 }

/** A compact JWS whose payload may be any bytes. */
export interface CompactJws {
  readonly header: JwsHeader
  readonly payload: Buffer
  readonly signingInput: string
  readonly signature: Buffer
}

/**
 * Reads a JWT in compact form (RFC 7519 §7.2) without believing anything in it. It is refused unless it has three
 * parts of strict base64url, a usable header, and a payload that is one JSON object without duplicate names.
 */
export function parseToken(
  token: string,
  limits: TokenLimits = DEFAULT_TOKEN_LIMITS,
): Result<ParsedToken, JwtRejection> {
  const jws = parseCompact(token, limits)
  if (!jws.ok) return jws
  const { header, payload, signingInput, signature } = jws.value
  const json = decodeUtf8(payload)
  const claims = json === undefined ? undefined : parseJson(json)
  if (claims?.ok !== true || !isJsonObject(claims.value)) return err(reject('payload-json'))
  return ok({ header, claims: claims.value, signingInput, signature })
}

/** Reads a compact JWS (RFC 7515 §7.1): size, three parts, header, base64url. Work is linear in the token. */
export function parseCompact(
  token: string,
  limits: TokenLimits = DEFAULT_TOKEN_LIMITS,
): Result<CompactJws, JwtRejection> {
  if (token.length > limits.maxTokenBytes) return err(reject('token-too-large'))
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  // Three searches, never a split: a token of nothing but dots costs no memory (CVE-2025-27144, CVE-2025-30204).
  if (first < 0 || second < 0 || token.includes('.', second + 1)) return err(reject('not-three-parts'))
  const header = readHeader(token.slice(0, first), limits.maxHeaderBytes)
  if (!header.ok) return header
  const payload = decodeBase64Url(token.slice(first + 1, second))
  if (payload === undefined) return err(reject('payload-base64'))
  const signature = decodeBase64Url(token.slice(second + 1))
  if (signature === undefined) return err(reject('signature-base64'))
  if (signature.length === 0) return err(reject('signature-length'))
  return ok({ header: header.value, payload, signingInput: token.slice(0, second), signature })
}
