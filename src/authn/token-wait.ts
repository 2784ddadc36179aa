import { waitForAll, type Wait } from '../kernel/wait.ts'
import type { AwaitedKeys } from './newer-keys.ts'
import type { KnownToken } from './token-cache.ts'

/** What a request waits for, and what is known of the token concerned, with its whole text. */
export interface AwaitedToken {
  readonly text: string
  /** Undefined where the request has only waited for its turn. */
  readonly known: KnownToken | undefined
  /** The keys that it has waited for; undefined where it was something else. */
  readonly keys?: AwaitedKeys
  /** What the same request has waited for before that. */
  readonly before?: AwaitedToken | undefined
}

/** Whether the token is good is not known yet: the same is asked again after the wait, with `awaited`. */
export class TokenWait {
  readonly wait: Wait
  readonly awaited: AwaitedToken

  constructor(wait: Wait, awaited: AwaitedToken) {
    this.wait = wait
    this.awaited = awaited
  }

  /** Waits for another as well. */
  and({ wait, awaited }: TokenWait): TokenWait {
    return new TokenWait(waitForAll([this.wait, wait]) ?? wait, { ...awaited, before: this.awaited })
  }
}
