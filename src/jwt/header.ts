import { decodeBase64Url, decodeUtf8 } from '../kernel/bytes.ts'
import { isJsonObject, parseJson, type JsonObject } from '../kernel/json.ts'
import { ownCopy } from '../kernel/own-copy.ts'
import { err, ok, type Ok, type Result } from '../kernel/result.ts'
import { TextMemo } from '../kernel/text-memo.ts'
import { isAlgorithm } from './algorithms.ts'
import { reject, type JwtRejection } from './rejection.ts'
import type { JwsHeader } from './types.ts'

/**
 * Reads a JOSE header from its base64url text (RFC 7515 §4, §5.2 steps 2–5). Key hints in it (`jku`, `jwk`, `x5u`,
 * `x5c`) are not looked at: a token never says where its own key comes from.
 */
export function readHeader(text: string, maxHeaderBytes: number): Result<JwsHeader, JwtRejection> {
  // Four characters carry three bytes; the check comes first so that nothing large is decoded.
  if (text.length > Math.ceil((maxHeaderBytes * 4) / 3)) return err(reject('header-too-large'))
  const known = KNOWN.get(text)
  if (known !== undefined) return known
  const header = readAnew(text)
  // What can be read is base64url, so ASCII.
  if (header.ok) KNOWN.set(ownCopy(text), header)
  return header
}

/**
 * All tokens that one key has signed have the same header, to the letter. Headers that are of use are kept, 64 of a few
 * hundred characters at most; those that a stranger makes up take the places of others and never more.
 */
const KNOWN = new TextMemo<Ok<JwsHeader>>({ slots: 64, maxLength: 512 })

function readAnew(text: string): Result<JwsHeader, JwtRejection> {
  const bytes = decodeBase64Url(text)
  if (bytes === undefined) return err(reject('header-base64'))
  const json = decodeUtf8(bytes)
  const header = json === undefined ? undefined : parseJson(json)
  if (header?.ok !== true || !isJsonObject(header.value)) return err(reject('header-json'))
  return readMembers(header.value)
}

function readMembers(header: JsonObject): Result<JwsHeader, JwtRejection> {
  const { alg, kid, crit, b64 } = header
  if (typeof alg !== 'string' || alg === '') return err(reject('alg-missing', { member: 'alg' }))
  if (alg.toLowerCase() === 'none') return err(reject('alg-none', { member: 'alg' }))
  if (!isAlgorithm(alg)) return err(reject('alg-unsupported', { member: 'alg' }))
  // RFC 7797 §3: false changes what is signed. Without `crit` a reader might ignore it, so any value but true is refused.
  if (b64 !== undefined && b64 !== true) return err(reject('b64-unsupported', { member: 'b64' }))
  // RFC 7515 §4.1.11: no extension is understood here, so each one listed is a reason to refuse; an empty list is malformed.
  if (crit !== undefined) return err(reject('crit-unsupported', { member: 'crit' }))
  if (kid !== undefined && typeof kid !== 'string') return err(reject('kid-not-text', { member: 'kid' }))
  return ok({ alg, kid: kid === '' ? undefined : kid })
}
