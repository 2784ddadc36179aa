import type { KeyProblem, VerificationKey } from '../jwt/index.ts'
import { fingerprintOf, identityOf } from './fingerprint.ts'

/** A key with what the gateway remembers of it. */
export interface HeldKey {
  readonly key: VerificationKey
  readonly firstSeenMs: number
}

/** The keys that the last good document held. */
export interface HeldKeys {
  readonly keys: readonly HeldKey[]
  readonly skipped: readonly KeyProblem[]
  readonly fetchedAtMs: number
  /** Until when they need not be fetched again. */
  readonly freshUntilMs: number
}

/** What one document changed. Keys by what people call them. */
export interface KeyChanges {
  readonly added: readonly VerificationKey[]
  readonly removed: readonly VerificationKey[]
  /** Another key under a kid that was there before. */
  readonly replaced: readonly VerificationKey[]
}

export function changesBetween(
  before: readonly VerificationKey[],
  after: readonly VerificationKey[],
): KeyChanges {
  const came = without(after, before)
  const went = without(before, after)
  const [kidsThatCame, kidsThatWent] = [kidsOf(came), kidsOf(went)]
  return {
    added: came.filter(({ kid }) => !kidsThatWent.has(kid)),
    removed: went.filter(({ kid }) => !kidsThatCame.has(kid)),
    replaced: came.filter(({ kid }) => kidsThatWent.has(kid)),
  }
}

function without(
  keys: readonly VerificationKey[],
  others: readonly VerificationKey[],
): readonly VerificationKey[] {
  const identities = new Set(others.map((key) => identityOf(key)))
  return keys.filter((key) => !identities.has(identityOf(key)))
}

function kidsOf(keys: readonly VerificationKey[]): ReadonlySet<string | undefined> {
  return new Set(keys.map(({ kid }) => kid))
}

export function isUnchanged({ added, removed, replaced }: KeyChanges): boolean {
  return added.length + removed.length + replaced.length === 0
}

/** Gives each key the time at which it was seen first; `seenMs` is what is known of that, by fingerprint. */
export function hold(
  keys: readonly VerificationKey[],
  nowMs: number,
  seenMs: ReadonlyMap<string, number>,
): readonly HeldKey[] {
  return keys.map((key) => ({ key, firstSeenMs: seenMs.get(fingerprintOf(key)) ?? nowMs }))
}

export function seenOf(held: readonly HeldKey[]): ReadonlyMap<string, number> {
  return new Map(held.map(({ key, firstSeenMs }) => [fingerprintOf(key), firstSeenMs]))
}
