import { parseToken, type JwtReason, type TokenLimits } from '../../jwt/index.ts'
import { decodeUtf8 } from '../../kernel/bytes.ts'
import { isJsonObject, parseJson, type JsonObject } from '../../kernel/json.ts'
import type { TokenLocation } from '../../plan/spec.ts'
import type { LocatedText } from './located-text.ts'

/** A token as a person sees it: read as far as it can be, and believed in nothing. */
export interface TokenView {
  readonly location: TokenLocation
  /** As it came, its prefix included. */
  readonly whole: string
  /** Without the configured prefix, where it has it. */
  readonly text: string
  readonly header: JsonObject | undefined
  readonly claims: JsonObject | undefined
  /** Why it is no token that could be verified; undefined where it is one. */
  readonly problem: JwtReason | 'prefix-mismatch' | undefined
}

/** Reads what can be read of a token. */
export function tokenView({ location, text: whole }: LocatedText, limits: TokenLimits): TokenView {
  const prefix = location.in === 'header' ? location.prefix : ''
  const hasPrefix = whole.startsWith(prefix)
  const text = hasPrefix ? whole.slice(prefix.length) : whole
  const parsed = parseToken(text, limits)
  const [head = '', payload = ''] = text.length > limits.maxTokenBytes ? [] : text.split('.', 3)
  return {
    location,
    whole,
    text,
    header: jsonPart(head),
    claims: jsonPart(payload),
    problem: !hasPrefix ? 'prefix-mismatch' : parsed.ok ? undefined : parsed.error.reason,
  }
}

/** Node reads base64 and base64url alike, with or without padding: here it is to read what it can. */
function jsonPart(part: string): JsonObject | undefined {
  const json = decodeUtf8(Buffer.from(part, 'base64url'))
  const value = json === undefined ? undefined : parseJson(json)
  return value?.ok === true && isJsonObject(value.value) ? value.value : undefined
}
