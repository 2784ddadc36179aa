import type { PortableConfiguration } from '../../config/index.ts'
import type { KeyNews, KeyUse } from '../../keys/index.ts'
import type { MetricsSnapshot } from '../../telemetry/metrics/index.ts'
import type { Place } from './share.ts'

/**
 * What the primary process and its workers say to each other, all of it. `Worker.receive` handles the one union,
 * `WorkerProcess` the other, each in one switch: a message that is added here does not compile before it is handled.
 * They pass by structured clone, so a message is plain data. SECRET as far as a configuration is in it.
 */
export type ToWorker =
  /** The first message: serve this. Answered by `ready` or `failed`. */
  | { readonly kind: 'start'; readonly configuration: PortableConfiguration; readonly place: Place }
  /** Answered by `prepared` or `refused`; `commit` or `abandon` follows. */
  | { readonly kind: 'prepare'; readonly configuration: PortableConfiguration }
  /** Answered by `committed`: from then on no request is decided by the plan before. */
  | { readonly kind: 'commit' }
  | { readonly kind: 'abandon' }
  /** Its socket comes with it, unless the client is gone by now. Answered by `taken`. */
  | { readonly kind: 'connection'; readonly id: number; readonly listener: number }
  /** Answered by `pong`, as long as the event loop goes round. */
  | { readonly kind: 'ping' }
  /** What is known of the keys of a source, from now on. */
  | { readonly kind: 'keys'; readonly news: KeyNews }
  /** Answered by `measured`. */
  | { readonly kind: 'measure' }
  /** Let requests finish, then end. */
  | { readonly kind: 'drain' }
  /** End now. */
  | { readonly kind: 'kill' }

export type ToPrimary =
  | { readonly kind: 'ready' }
  /** It cannot start, and another one could not either: a function that does not load, say. */
  | { readonly kind: 'failed'; readonly trouble: Trouble }
  | { readonly kind: 'prepared' }
  | { readonly kind: 'refused'; readonly trouble: Trouble }
  | { readonly kind: 'committed' }
  /** With how many client connections it has open by now. */
  | { readonly kind: 'taken'; readonly id: number; readonly open: number }
  /** With which keys have verified tokens since the last one. */
  | { readonly kind: 'pong'; readonly open: number; readonly uses: readonly KeyUse[] }
  /** A token was met that other keys of this source might verify. Answered by `keys`, unless newer ones are under way. */
  | { readonly kind: 'ask-keys'; readonly source: string; readonly serial: number }
  | { readonly kind: 'measured'; readonly snapshot: MetricsSnapshot }

/** A Fault, as data. */
export interface Trouble {
  readonly message: string
  readonly hint: string | undefined
}

const KINDS: Readonly<Record<ToPrimary['kind'], true>> = {
  ready: true,
  failed: true,
  prepared: true,
  refused: true,
  committed: true,
  taken: true,
  pong: true,
  'ask-keys': true,
  measured: true,
}

/** Functions share the channel of their worker, and some libraries send `ready` on whatever channel they find. */
export function isToPrimary(message: unknown): message is ToPrimary {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return false
  if (typeof message.kind !== 'string' || !Object.hasOwn(KINDS, message.kind)) return false
  return message.kind !== 'pong' || ('uses' in message && Array.isArray(message.uses))
}
