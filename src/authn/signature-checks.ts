import {
  checkSignature,
  checkSignatureLater,
  isSlow,
  type JwtRejection,
  type ParsedToken,
  type VerificationKey,
} from '../jwt/index.ts'
import { Wait } from '../kernel/wait.ts'
import type { KnownToken } from './token-cache.ts'

/** How signatures are checked: what is known of a token is never asked again. */
export interface SignatureChecks {
  /** What `key` says of the signature: undefined where it is right, a wait where that is being worked out. */
  check(known: KnownToken, token: ParsedToken, key: VerificationKey): JwtRejection | Wait | undefined
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

/** Quick signatures at once; slow ones on the threads of the pool, so that they hold up nobody but their own request. */
export class PooledChecks implements SignatureChecks {
  /** Those under way: a token that comes twice in that time is checked once. */
  readonly #jobs = new Map<KnownToken, Job>()

  check(known: KnownToken, token: ParsedToken, key: VerificationKey): JwtRejection | Wait | undefined {
    if (known.wasCheckedBy(key)) return known.rejectionBy(key)
    if (!isSlow(key)) return checkNow(known, token, key)
    const running = this.#jobs.get(known)
    if (running?.key === key) return running.wait
    const job = new Job(key)
    this.#jobs.set(known, job)
    checkSignatureLater(key, token, (rejection) => {
      if (this.#jobs.get(known) === job) this.#jobs.delete(known)
      known.remember(key, rejection)
      job.end()
    })
    return job.wait
  }
}

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
