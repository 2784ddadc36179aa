import {
  checkCostUs,
  checkSignature,
  checkSignatureLater,
  isSlow,
  readCostUs,
  type JwtRejection,
  type ParsedToken,
  type VerificationKey,
} from '../jwt/index.ts'
import { Wait } from '../kernel/wait.ts'
import type { Client } from './sources.ts'
import type { KnownToken } from './token-cache.ts'
import type { Turnstile } from './turnstile.ts'

/** How signatures are checked: what is known of a token is never asked again. */
export interface SignatureChecks {
  /**
   * What `key` says of the signature: undefined where it is right, a wait where that is being worked out. `client` is
   * who sent the token, and pays for it where it is wrong.
   */
  check(
    known: KnownToken,
    token: ParsedToken,
    key: VerificationKey,
    client: Client,
  ): JwtRejection | Wait | undefined
}

/** Every signature at once, on the thread that asks: for `explain`, where nobody else waits. */
export const CHECKS_AT_ONCE: SignatureChecks = {
  check: (known, token, key) =>
    known.wasCheckedBy(key) ? known.rejectionBy(key) : checkNow(known, token, key),
}

function checkNow(known: KnownToken, token: ParsedToken, key: VerificationKey): JwtRejection | undefined {
  const rejection = checkSignature(key, token)
  known.remember(key, rejection)
  return rejection
}

/**
 * Quick signatures at once; slow ones on the threads of the pool, so that they hold up nobody but their own request.
 * How many wait there is bounded by what the turnstile lets be pending.
 */
export class PooledChecks implements SignatureChecks {
  readonly #turnstile: Turnstile
  /** So many at once are no more than run at once, and leave a thread of the pool to files and names. */
  readonly #atOnce: number
  /** Those under way or in line: a token that comes twice in that time is checked once. */
  readonly #jobs = new Map<KnownToken, Job>()
  readonly #line: (() => void)[] = []
  /** What was spent on tokens that some keys have not signed: another key may still have. */
  readonly #spentUs = new WeakMap<KnownToken, number>()
  #running = 0

  constructor(turnstile: Turnstile, cores: number) {
    this.#turnstile = turnstile
    this.#atOnce = Math.max(1, Math.min(cores, POOL_THREADS - 1))
  }

  check(
    known: KnownToken,
    token: ParsedToken,
    key: VerificationKey,
    client: Client,
  ): JwtRejection | Wait | undefined {
    if (known.wasCheckedBy(key)) return known.rejectionBy(key)
    if (isSlow(key)) return this.#checkLater(known, token, key, client)
    const rejection = checkNow(known, token, key)
    this.#settle(known, key, rejection, client)
    return rejection
  }

  #checkLater(known: KnownToken, token: ParsedToken, key: VerificationKey, client: Client): Wait {
    const running = this.#jobs.get(known)
    if (running?.key === key) return running.wait
    const job = new Job(key)
    this.#jobs.set(known, job)
    const end = this.#turnstile.begin(client, checkCostUs(key))
    this.#line.push(() =>
      checkSignatureLater(key, token, (rejection) => {
        end()
        this.#settle(known, key, rejection, client)
        if (this.#jobs.get(known) === job) this.#jobs.delete(known)
        known.remember(key, rejection)
        this.#running--
        this.#startNext()
        job.end()
      }),
    )
    this.#startNext()
    return job.wait
  }

  #startNext(): void {
    if (this.#running >= this.#atOnce) return
    const start = this.#line.shift()
    if (start === undefined) return
    this.#running++
    start()
  }

  #settle(
    known: KnownToken,
    key: VerificationKey,
    rejection: JwtRejection | undefined,
    client: Client,
  ): void {
    const spentUs = this.#spentUs.get(known) ?? readCostUs(known.tokenLength)
    if (rejection === undefined) return this.#turnstile.proved(client, spentUs)
    // One of the wrong length has cost nothing.
    if (rejection.reason !== 'signature-mismatch') return
    const us = checkCostUs(key)
    this.#spentUs.set(known, spentUs + us)
    this.#turnstile.spend(client, us)
  }
}

/** As many as libuv starts where nobody says otherwise. */
const POOL_THREADS = 4

/** One signature that is being checked, and whoever waits for it. */
class Job {
  readonly key: VerificationKey
  readonly wait = new Wait('a signature to be checked', (done) => this.#add(done))
  #waiting: (() => void)[] | undefined = []

  constructor(key: VerificationKey) {
    this.key = key
  }

  end(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const done of waiting) done()
  }

  #add(done: () => void): void {
    if (this.#waiting === undefined) setImmediate(done)
    else this.#waiting.push(done)
  }
}
