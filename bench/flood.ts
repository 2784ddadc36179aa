import { setTimeout as sleep } from 'node:timers/promises'
import type { Verdict } from './comparisons.ts'
import { startClaimgate } from './contestants/claimgate.ts'
import { DEFAULT_CONNECTIONS, type Contestant, type Task } from './contestants/contestant.ts'
import { startHaproxy } from './contestants/haproxy.ts'
import { applyLoad, type Load, type LoadResult } from './load.ts'
import { missing, type Program } from './requirements.ts'
import type { Progress } from './rounds.ts'
import { spread } from './statistics.ts'
import type { TokenFiles, Workbench } from './workbench.ts'

/** What good users saw in one round, without and with a flood of forged tokens beside them. */
export interface FloodRound {
  readonly alone: LoadResult
  readonly flooded: LoadResult
  readonly goodPerSecond: number
  readonly forgedPerSecond: number
}

export interface FloodResult {
  readonly name: string
  readonly what: string
  readonly rounds: readonly FloodRound[]
  readonly skipped?: string
}

/**
 * Good users: 16 connections that each rest 32 ms between requests, about 500 in a second, so that their latency is that
 * of the gateway and not of a queue that they make themselves.
 */
const GOOD = { path: '/x', connections: 16, pauseMs: 32 } as const
/** The flood: about 5,000 in a second, ten times as much, from connections of its own. */
const FLOOD = { path: '/x', connections: 80, pauseMs: 15 } as const
/** No forged token comes twice: more than can be sent while it lasts. */
const FORGED_PER_SECOND = 8000
/** The flood begins before the good users are measured and ends after them. */
const MARGIN_SECONDS = 1

/** Good users and a forged flood, in rounds, through one gateway after the other. */
export async function measureFlood(
  bench: Workbench,
  tokens: TokenFiles,
  progress: Progress,
): Promise<FloodResult[]> {
  const lanes = CONTESTANTS.map((contestant) => new Lane(bench, tokens, contestant))
  for (let round = 1; round <= bench.options.rounds; round += 1) {
    for (const lane of lanes) {
      progress(`round ${round} of ${bench.options.rounds}: ${lane.name}`)
      await lane.measure()
    }
  }
  return Promise.all(lanes.map((lane) => lane.end()))
}

/** The goal: what good users wait at the 99th percentile less than doubles. */
export function floodVerdicts(results: readonly FloodResult[]): Verdict[] {
  return results.flatMap(({ name, what, rounds }) => {
    if (rounds.length === 0) return []
    const measured = spread(rounds.map(({ alone, flooded }) => flooded.p99Us / alone.p99Us))
    const text = `${what}: p99 of good users during a forged flood, vs without`
    return [{ what: text, measured, ...(name === 'flood' ? { goal: { under: 2 } } : {}) }]
  })
}

interface FloodContestant {
  readonly name: string
  readonly what: string
  readonly needs: readonly Program[]
  readonly start: (bench: Workbench, task: Task) => Promise<Contestant>
}

const NEEDS: readonly Program[] = ['wrk', 'nginx', 'taskset', 'setpriv']
const CONTESTANTS: readonly FloodContestant[] = [
  { name: 'flood', what: 'Claimgate', needs: NEEDS, start: startClaimgate },
  {
    name: 'haproxy-flood',
    what: 'HAProxy with jwt_verify',
    needs: [...NEEDS, 'haproxy'],
    start: startHaproxy,
  },
]

/** One gateway on its way through the rounds. */
class Lane {
  readonly #bench: Workbench
  readonly #tokens: TokenFiles
  readonly #spec: FloodContestant
  readonly #rounds: FloodRound[] = []
  #contestant: Contestant | undefined
  #skipped: string | undefined

  constructor(bench: Workbench, tokens: TokenFiles, spec: FloodContestant) {
    this.#bench = bench
    this.#tokens = tokens
    this.#spec = spec
    this.#skipped = missing(spec.needs, bench.programs)
  }

  get name(): string {
    return this.#spec.name
  }

  async measure(): Promise<void> {
    if (this.#skipped !== undefined) return
    try {
      this.#contestant ??= await this.#start()
      this.#rounds.push(await oneRound(this.#bench, this.#contestant, this.#tokens))
    } catch (cause) {
      this.#skipped = cause instanceof Error ? cause.message : String(cause)
    }
  }

  async end(): Promise<FloodResult> {
    await this.#contestant?.process.stop()
    const { name, what } = this.#spec
    const skipped = this.#skipped === undefined ? {} : { skipped: this.#skipped }
    return { name, what, rounds: this.#rounds, ...skipped }
  }

  /** Starts the gateway and loads it with both kinds of requests, so that the code for both is compiled. */
  async #start(): Promise<Contestant> {
    const bench = this.#bench
    const { name, start } = this.#spec
    const backend = bench.backend.origin
    const task: Task = { name, guard: 'RS256', tls: false, backend, maxConnections: DEFAULT_CONNECTIONS }
    const contestant = await start(bench, task)
    const token = await this.#tokens.one('RS256')
    await applyLoad(bench, contestant.origin, { path: '/x', token }, bench.options.warmUpSeconds)
    const flood = await floodLoad(bench, this.#tokens)
    await applyLoad(bench, contestant.origin, flood, bench.options.warmUpSeconds)
    return contestant
  }
}

async function oneRound(bench: Workbench, { origin }: Contestant, tokens: TokenFiles): Promise<FloodRound> {
  const { measureSeconds } = bench.options
  const good: Load = { ...GOOD, token: await tokens.one('RS256') }
  const flood = await floodLoad(bench, tokens)
  const alone = await applyLoad(bench, origin, good, measureSeconds)
  const flooding = applyLoad(bench, origin, flood, measureSeconds + 2 * MARGIN_SECONDS)
  await sleep(MARGIN_SECONDS * 1000)
  const flooded = await applyLoad(bench, origin, good, measureSeconds)
  const sent = await flooding
  if (alone.refused + flooded.refused + alone.failed + flooded.failed > 0) {
    throw new Error('requests of good users were refused or failed')
  }
  return {
    alone,
    flooded,
    goodPerSecond: (flooded.requests * 1e6) / flooded.durationUs,
    forgedPerSecond: (sent.requests * 1e6) / sent.durationUs,
  }
}

async function floodLoad({ options }: Workbench, tokens: TokenFiles): Promise<Load> {
  const seconds = options.measureSeconds + 2 * MARGIN_SECONDS
  return { ...FLOOD, tokens: await tokens.forged('RS256', FORGED_PER_SECOND * seconds) }
}
