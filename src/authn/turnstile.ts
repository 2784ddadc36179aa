import type { Peer } from '../inbound/request.ts'
import type { Clock } from '../kernel/clock.ts'
import { Wait } from '../kernel/wait.ts'
import { Bucket, type BucketSize } from './bucket.ts'
import { Sources, type Client, type Source, type Standing } from './sources.ts'

/** Why a token was not looked at: too many bad ones came from where it came from, or more wait than may. */
export type TurnReason = 'source-over-budget' | 'too-many-waiting'

/**
 * Who may have tokens looked at that nobody knows yet, and when. Good tokens cost nobody anything; what bad ones cost
 * is counted, for each source and in all. Where one of the two is spent, unknown tokens wait for their turn: sources of
 * the best standing come first, those over their own budget last, and all of one standing in turn. Of one that is over,
 * connections that brought no bad token come first. So a flood is shed first, and whoever shares an address with it is
 * still served. Tokens that are known never come here.
 */
export class Turnstile {
  readonly #clock: Clock
  readonly #all: Bucket
  readonly #sources = new Sources()
  /** Whoever waits, by source; the source that had the last turn is the last. */
  readonly #lines = new Map<Source, Turn[]>()
  readonly #waiting: Record<Kind, number> = { proven: 0, clean: 0, within: 0, over: 0, tainted: 0 }
  /** Connections that a bad token came over. */
  readonly #tainted = new WeakSet<Peer>()
  #pendingUs = 0
  #serving = false

  constructor(clock: Clock) {
    this.#clock = clock
    this.#all = new Bucket(IN_ALL, clock.now())
  }

  /** How many requests wait, and how many sources are remembered: both are bounded. */
  get size(): { readonly waiting: number; readonly sources: number } {
    const waiting = Object.values(this.#waiting).reduce((sum, count) => sum + count)
    return { waiting, sources: this.#sources.size }
  }

  /** Undefined where the token may be looked at now; after the wait it may be, whatever comes in between. */
  enter(client: Client): Wait | TurnReason | undefined {
    const nowMs = this.#clock.now()
    const source = this.#sources.of(client, nowMs)
    const line = this.#lines.get(source)
    if (line === undefined && this.#mayPass(source, nowMs)) return undefined
    const kind = this.#kindOf(client, source, nowMs)
    const { ofSource, inAll } = RULES[kind]
    const alike = line?.filter((turn) => turn.kind === kind).length ?? 0
    if (alike >= ofSource || this.#waiting[kind] >= inAll) {
      return kind === 'over' || kind === 'tainted' ? 'source-over-budget' : 'too-many-waiting'
    }
    return new Wait('its turn to be verified', (done) => this.#queue(source, { kind, done }))
  }

  /** Work was done for a token that nobody knows to be good. */
  spend(client: Client, us: number): void {
    const nowMs = this.#clock.now()
    this.#sources.of(client, nowMs).spend(us, nowMs)
    this.#all.spend(us, nowMs)
  }

  /** The token is good, which gives back all that was spent on it. */
  proved(client: Client, us: number): void {
    const nowMs = this.#clock.now()
    const source = this.#sources.of(client, nowMs)
    source.spend(-us, nowMs)
    source.prove()
    this.#all.spend(-us, nowMs)
  }

  /**
   * A token is refused, known or not. Answers whether its source is over its budget, so that the answer can wait; for what
   * the gateway is too busy for, nobody is to blame.
   */
  refused(client: Client, reason: string): boolean {
    if (reason === 'too-many-waiting') return false
    const nowMs = this.#clock.now()
    const source = this.#sources.of(client, nowMs)
    source.blame(ANSWER_US, nowMs)
    // What comes from a trusted peer is many people's, and one of them speaks for no other.
    const { peer } = client.request
    if (reason !== 'source-over-budget' && !client.trustedPeers.has(peer.address)) this.#tainted.add(peer)
    return source.standing(nowMs) === 'over'
  }

  /** A signature is checked elsewhere from now on; the answer ends that. */
  begin(client: Client, us: number): () => void {
    const source = this.#sources.of(client, this.#clock.now())
    source.pendingUs += us
    this.#pendingUs += us
    return () => {
      source.pendingUs -= us
      this.#pendingUs -= us
    }
  }

  #mayPass(source: Source, nowMs: number): boolean {
    const leftUs = this.#all.levelUs(nowMs) - this.#pendingUs
    const standing = source.standing(nowMs)
    if (leftUs <= RULES[standing].leftUs) return false
    return standing === 'over' ? source.pendingUs === 0 : source.hasRoom(nowMs)
  }

  #kindOf({ request }: Client, source: Source, nowMs: number): Kind {
    const standing = source.standing(nowMs)
    return standing === 'over' && this.#tainted.has(request.peer) ? 'tainted' : standing
  }

  #queue(source: Source, turn: Turn): void {
    const line = this.#lines.get(source) ?? []
    const firstTainted = turn.kind === 'tainted' ? -1 : line.findIndex(({ kind }) => kind === 'tainted')
    line.splice(firstTainted === -1 ? line.length : firstTainted, 0, turn)
    this.#lines.set(source, line)
    this.#waiting[turn.kind]++
    this.#serveSoon()
  }

  #serveSoon(): void {
    if (!this.#serving) setTimeout(this.#serve, TURN_MS).unref()
    this.#serving = true
  }

  /** Gives turns, one source after the other, until what may be spent now is spent. */
  readonly #serve = (): void => {
    let left = MAX_TURNS
    for (const standing of STANDINGS) {
      for (let served = -1; left > 0 && served !== 0; left -= served)
        served = this.#serveRound(standing, left)
    }
    this.#serving = false
    if (this.#lines.size > 0) this.#serveSoon()
  }

  /** A turn for each source of one standing; answers how many there were. */
  #serveRound(standing: Standing, turns: number): number {
    const nowMs = this.#clock.now()
    let served = 0
    // A source that has had its turn goes to the end, and has the next in the next round.
    let rest = this.#lines.size
    for (const source of this.#lines.keys()) {
      if (rest-- === 0 || served === turns) break
      if (source.standing(nowMs) !== standing || !this.#mayPass(source, nowMs)) continue
      served++
      this.#serveNext(source)
    }
    return served
  }

  #serveNext(source: Source): void {
    const line = this.#lines.get(source)
    const turn = line?.shift()
    if (line === undefined || turn === undefined) return
    this.#lines.delete(source)
    if (line.length > 0) this.#lines.set(source, line)
    this.#waiting[turn.kind]--
    turn.done()
  }
}

/** The standing of a source and, where it is over its budget, whether its connection brought a bad token itself. */
type Kind = Standing | 'tainted'

interface Turn {
  readonly kind: Kind
  readonly done: () => void
}

/** A twentieth of a core for all bad tokens together, and what two seconds of that are at once. */
const IN_ALL: BucketSize = { capacityUs: 100_000, usPerSecond: 50_000, overdraftUs: 100_000 }
/**
 * How much must be left in all for a turn, and how many may wait, some kilobytes each. A flood stops where enough is left
 * for strangers, and one from everywhere where something is left for those who are known.
 */
const RULES: Readonly<Record<Kind, Rule>> = {
  proven: { leftUs: -50_000, ofSource: 1024, inAll: 1024 },
  clean: { leftUs: -25_000, ofSource: 1024, inAll: 1024 },
  within: { leftUs: 0, ofSource: 64, inAll: 512 },
  over: { leftUs: 50_000, ofSource: 64, inAll: 512 },
  tainted: { leftUs: 50_000, ofSource: 64, inAll: 512 },
}
const STANDINGS = ['proven', 'clean', 'within', 'over'] as const satisfies readonly Standing[]

interface Rule {
  readonly leftUs: number
  readonly ofSource: number
  readonly inAll: number
}

/** How often turns are given, and how many at a time, so that nobody else is held up by them for long. */
const TURN_MS = 5
const MAX_TURNS = 16
/** Reading a request and answering it, without its token. */
const ANSWER_US = 40
