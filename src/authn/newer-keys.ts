import type { JwtReason } from '../jwt/index.ts'
import { LONGEST_WAIT_MS, type LiveKeys } from '../keys/index.ts'
import type { Wait } from '../kernel/wait.ts'
import type { TokenRejection } from './reasons.ts'
import type { AwaitedToken } from './token-wait.ts'

/** Which keys a request has asked for, and when first. */
export interface AwaitedKeys {
  readonly of: LiveKeys
  readonly askedAtMs: number
}

/** No honest token needs more: one fetch that was under way, one that began after it was asked for, and those of a few sources. */
const MAX_FETCHES_AWAITED = 8

/** A key that is not there, or that another took the place of, under the same kid too. */
const PERHAPS_NEWER: ReadonlySet<JwtReason> = new Set([
  'no-keys',
  'kid-unknown',
  'kid-missing',
  'alg-not-of-key',
  'signature-length',
  'signature-mismatch',
])

const NO_KEY: ReadonlySet<JwtReason> = new Set(['no-keys', 'kid-unknown', 'kid-missing'])

/**
 * What to do about a token that the keys of now do not verify: wait for newer ones, say that they cannot be had, or
 * (undefined) leave it at that.
 */
export function newerKeys(
  keys: LiveKeys,
  reason: JwtReason,
  { nowMs, awaited }: { readonly nowMs: number; readonly awaited: AwaitedToken | undefined },
): { readonly wait: Wait; readonly keys: AwaitedKeys } | { readonly rejection: TokenRejection } | undefined {
  if (!PERHAPS_NEWER.has(reason)) return undefined
  let fetches = 0
  let askedAtMs: number | undefined
  for (let each = awaited; each !== undefined; each = each.before) {
    if (each.keys?.of !== keys) continue
    fetches++
    askedAtMs = each.keys.askedAtMs
  }
  const wait = keys.refresh(nowMs, askedAtMs)
  const waitedMs = askedAtMs === undefined ? 0 : nowMs - askedAtMs
  if (typeof wait === 'object' && fetches < MAX_FETCHES_AWAITED && waitedMs < LONGEST_WAIT_MS)
    return { wait, keys: { of: keys, askedAtMs: askedAtMs ?? nowMs } }
  if (!NO_KEY.has(reason)) return undefined
  // Where newer keys may still come, or could not be had, nobody knows whether there is one of that name.
  if (keys.isIncomplete || typeof wait === 'object') return refused('keys-unavailable', keys, nowMs)
  return wait === 'later' ? refused('keys-asked-too-often', keys, nowMs) : undefined
}

/** Whoever comes again when the source may be fetched waits for that fetch; not sooner than in a second. */
function refused(
  reason: 'keys-unavailable' | 'keys-asked-too-often',
  keys: LiveKeys,
  nowMs: number,
): { readonly rejection: TokenRejection } {
  const retryAfterSeconds = Math.max(1, Math.ceil(keys.untilFetchMs(nowMs) / 1000))
  return { rejection: { reason, retryAfterSeconds } }
}
