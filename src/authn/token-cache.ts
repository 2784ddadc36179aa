import type { JwtRejection, ParsedToken, VerificationKey } from '../jwt/index.ts'
import { ownCopy } from '../kernel/own-copy.ts'
import type { Result } from '../kernel/result.ts'
import type { Principal } from './principal.ts'

/**
 * What is known of one token text whatever the time and the keys of today are: whether it parses, and which keys have
 * signed it. Claims are never part of it, so that nothing outlives `exp`; nor is which key may verify it, so that
 * nothing outlives a key.
 */
export class KnownToken {
  /** How many characters of the text are the token; before them stands the prefix of its location. */
  readonly tokenLength: number
  readonly parsed: Result<ParsedToken, JwtRejection>
  /** Whoever was let in by this token last: the same object for the same guard and place. */
  principal: Principal | undefined
  /** The key that was asked last and what it said; others beside it, where there are any. */
  #key: VerificationKey | undefined
  #rejection: JwtRejection | undefined
  #others: Map<VerificationKey, JwtRejection | undefined> | undefined

  constructor(tokenLength: number, parsed: Result<ParsedToken, JwtRejection>) {
    this.tokenLength = tokenLength
    this.parsed = parsed
  }

  /** Whether this very key was asked. A key that is read anew is another key. */
  wasCheckedBy(key: VerificationKey): boolean {
    return this.#key === key || this.#others?.has(key) === true
  }

  /** What the key said of the signature: undefined where it is right. INVARIANT: the key was asked. */
  rejectionBy(key: VerificationKey): JwtRejection | undefined {
    return this.#key === key ? this.#rejection : this.#others?.get(key)
  }

  remember(key: VerificationKey, rejection: JwtRejection | undefined): void {
    if (this.#key !== undefined && this.#key !== key) {
      // A token that a thousand rules are asked about is not worth a thousand entries.
      if (this.#others === undefined || this.#others.size >= MAX_OTHER_KEYS) this.#others = new Map()
      this.#others.set(this.#key, this.#rejection)
    }
    this.#key = key
    this.#rejection = rejection
  }
}

const MAX_OTHER_KEYS = 32

/** How often a token was known, and how often not. It outlives the caches that count in it, one of each plan. */
export class TokenLookups {
  hits = 0
  misses = 0
}

/** Enough for tens of thousands of tokens. */
const MAX_BYTES = 32 * 1024 * 1024
/** The decoded claims and the objects around them, beside the text itself: measured, and rounded up. */
const ENTRY_BYTES = 2048

/**
 * Tokens that were looked at before, good and bad, by their whole text. It belongs to one plan and goes with it.
 * Two generations: when the young one is full it becomes the old one, and what is asked for again is young again. A
 * token is kept when it comes for the second time: those that never come again, a flood of forged ones above all, cost
 * no memory and put nobody out.
 */
export class TokenCache {
  readonly lookups: TokenLookups
  #young = new Generation()
  #old = new Generation()
  /** Hashes of texts that came once, each until another takes its slot. */
  readonly #metOnce = new Int32Array(MET_ONCE_SLOTS)

  constructor(lookups: TokenLookups = new TokenLookups()) {
    this.lookups = lookups
  }

  /** How many it holds; one that is in both generations counts twice. */
  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** What it holds at most, both generations together; the estimate that its bound is about. */
  get bytes(): number {
    return this.#young.bytes + this.#old.bytes
  }

  get(text: string): KnownToken | undefined {
    const hash = hashOf(text)
    const known = this.#young.get(text, hash) ?? this.#renewed(text, hash)
    if (known === undefined) this.lookups.misses++
    else this.lookups.hits++
    return known
  }

  #renewed(text: string, hash: number): KnownToken | undefined {
    const old = this.#old.get(text, hash)
    if (old !== undefined) this.#put(text, hash, old)
    return old
  }

  /** Offers what was found out about a text that is not known yet. */
  offer(text: string, known: KnownToken): void {
    const hash = hashOf(text)
    if (this.#isNew(hash)) return
    const copy = ownCopy(text)
    // A query or form can hold letters beyond latin1, which would come out as others: as those of somebody's token.
    if (copy === text) this.#put(copy, hash, known)
  }

  /** Whether the text comes for the first time in a while; rarely wrong, and then a token is kept too early. */
  #isNew(hash: number): boolean {
    const slot = hash & (MET_ONCE_SLOTS - 1)
    if (this.#metOnce[slot] === hash) return false
    this.#metOnce[slot] = hash
    return true
  }

  #put(text: string, hash: number, known: KnownToken): void {
    if (this.#young.bytes + bytesOf(text) > MAX_BYTES / 2) {
      this.#old = this.#young
      this.#young = new Generation()
    }
    this.#young.put(text, hash, known)
  }
}

/** The tokens of one generation, by their whole text. */
class Generation {
  bytes = 0
  readonly #known = new Map<string, KnownToken>()
  /** Where something is, by hash: a map alone would have V8 hash the whole of each text, and most are met once. */
  readonly #marks = new Uint8Array(MARKS)

  get size(): number {
    return this.#known.size
  }

  get(text: string, hash: number): KnownToken | undefined {
    return this.#marks[hash & (MARKS - 1)] === 0 ? undefined : this.#known.get(text)
  }

  put(text: string, hash: number, known: KnownToken): void {
    this.bytes += bytesOf(text)
    this.#marks[hash & (MARKS - 1)] = 1
    this.#known.set(text, known)
  }
}

function bytesOf(text: string): number {
  return 2 * text.length + ENTRY_BYTES
}

/** Ten times the tokens of one generation. A power of two. */
const MARKS = 65_536
/** 64 KiB: a token that comes again within some ten thousand others is kept. A power of two. */
const MET_ONCE_SLOTS = 16_384
/** A token ends in its signature; 96 bits of it tell it from all others. */
const HASHED_CHARS = 16

/** FNV-1a over the length and the end of a text, never 0, which stands for an empty slot. */
function hashOf(text: string): number {
  let hash = Math.imul(0x81_1c_9d_c5 ^ text.length, 0x01_00_01_93)
  for (let i = Math.max(0, text.length - HASHED_CHARS); i < text.length; i++)
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01_00_01_93)
  return hash === 0 ? 1 : hash
}
