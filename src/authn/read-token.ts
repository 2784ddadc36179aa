import { parseToken, readCostUs, type TokenLimits } from '../jwt/index.ts'
import { Wait } from '../kernel/wait.ts'
import type { Client } from './sources.ts'
import { KnownToken, type TokenCache } from './token-cache.ts'
import { TokenWait, type AwaitedToken } from './token-wait.ts'
import type { Turnstile, TurnReason } from './turnstile.ts'

export interface ReadingInput extends Client {
  readonly limits: TokenLimits
  readonly tokens: TokenCache
  readonly turnstile: Turnstile
  /** What this request has waited for, which the cache may have let go of meanwhile. */
  readonly awaited: AwaitedToken | undefined
}

/** What is known of a token. Where nothing is, it is read, if its source may have that done now. */
export function readToken(
  { text, token }: { readonly text: string; readonly token: string },
  input: ReadingInput,
): KnownToken | TokenWait | TurnReason {
  const { tokens, limits, turnstile, awaited } = input
  const known = awaitedOf(awaited, text) ?? tokens.get(text)
  if (known !== undefined && known.tokenLength === token.length) return known
  // A request has one turn, whatever it waits for beside.
  const turn = awaited === undefined ? turnstile.enter(input) : undefined
  if (turn instanceof Wait) return new TokenWait(turn, { text, known: undefined })
  if (turn !== undefined) return turn
  const fresh = new KnownToken(token.length, parseToken(token, limits))
  turnstile.spend(input, readCostUs(token.length))
  tokens.offer(text, fresh)
  return fresh
}

/** A request with several tokens may have waited for several; each is worked out once. */
function awaitedOf(awaited: AwaitedToken | undefined, text: string): KnownToken | undefined {
  for (let each = awaited; each !== undefined; each = each.before)
    if (each.text === text && each.known !== undefined) return each.known
  return undefined
}
