import type { ParsedToken, VerificationKey } from '../jwt/index.ts'
import { isJsonObject, type JsonValue } from '../kernel/json.ts'
import type { TokenRule } from '../plan/token-rules.ts'
import type { TokenFacts } from '../policy/istio/index.ts'
import { claimAt, claimText, headerBytes } from './claim-text.ts'

/** Somebody whose token met a rule. INVARIANT: only `verifyByRules` makes one. */
export interface Bearer {
  readonly rule: TokenRule
  readonly key: VerificationKey
  readonly facts: TokenFacts
  /** The headers in which the token is handed on, names and values in turn; undefined where a claim cannot be carried unchanged. */
  readonly outputs: readonly string[] | undefined
}

/** A token that comes again is worked out once; it goes with what is known of the token. */
const KNOWN = new WeakMap<ParsedToken, Bearer>()

export function bearerOf(token: ParsedToken, rule: TokenRule, key: VerificationKey): Bearer {
  const known = KNOWN.get(token)
  if (known !== undefined && known.rule === rule && known.key === key) return known
  const facts = { claims: token.claims, spaceDelimited: rule.spaceDelimited }
  const bearer = { rule, key, facts, outputs: outputsOf(token, rule) }
  KNOWN.set(token, bearer)
  return bearer
}

function outputsOf(token: ParsedToken, { spec }: TokenRule): readonly string[] | undefined {
  const pairs: string[] = []
  if (spec.payloadHeader !== undefined)
    pairs.push(spec.payloadHeader, token.signingInput.slice(token.signingInput.indexOf('.') + 1))
  for (const { claim, header } of spec.claimHeaders) {
    const text = outputText(claimAt(token.claims, claim))
    if (text === undefined || text === '') continue
    const bytes = headerBytes(text)
    if (bytes === undefined) return undefined
    pairs.push(header, bytes)
  }
  return pairs
}

/** A text as it is, a list or an object as the base64 of its JSON, all else as JSON. */
function outputText(value: JsonValue | undefined): string | undefined {
  const text = claimText(value)
  const isJson = Array.isArray(value) || isJsonObject(value)
  return isJson && text !== undefined ? Buffer.from(text, 'utf8').toString('base64') : text
}
